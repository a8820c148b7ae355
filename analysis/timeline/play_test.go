package timeline

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"connlint/capture"
	"connlint/capture/trace"
	"connlint/reassembly"
)

// recorder writes down what a tracker reports, one line each.
type recorder struct {
	lines []string
	sums  []string // what is wrong with an account
	idle  []time.Duration
}

func (r *recorder) Transaction(c *Connection, x *Transaction) {
	var spans []string
	at := x.Start.Time
	for _, s := range x.Spans {
		if s.From != at || s.To <= s.From {
			r.sums = append(r.sums, fmt.Sprintf("span %v does not follow %d", s, at))
		}
		at = s.To
		spans = append(spans, fmt.Sprintf("%s %v", s.Cause, time.Duration(s.To-s.From)))
	}
	if at != x.End.Time || x.Time.Total() != x.Duration() {
		r.sums = append(r.sums, fmt.Sprintf("transaction %d does not add up", x.Index))
	}
	what := "turn"
	if !x.Opaque() {
		what = "?"
		if m := x.HTTP.Request; m != nil {
			what = string(m.Start.Method) + " " + string(m.Start.Target)
		}
		if m := x.HTTP.Response; m != nil {
			what += fmt.Sprintf(" %d", m.Start.Status)
		}
	}
	r.lines = append(r.lines, fmt.Sprintf("%d %s: %s", x.Index, what, strings.Join(spans, ", ")))
}

func (r *recorder) Close(c *Connection) {
	line := fmt.Sprintf("%s %d of %d", c.Why, c.Complete, c.Transactions)
	r.idle = append(r.idle, time.Duration(c.Idle))
	if c.Traits != 0 {
		line += " " + strings.Join(c.Traits.Names(), ",")
	}
	if c.Refusal != NotRefused {
		line += "; " + c.Refusal.String()
	}
	r.lines = append(r.lines, line)
}

func (r *recorder) Pair(p *Pair) {
	if p.Busy != 0 {
		r.sums = append(r.sums, fmt.Sprintf("pair %s has %d busy connections at its end", p.Server, p.Busy))
	}
	r.lines = append(r.lines, fmt.Sprintf("pair %d %d peak %d", p.Connections, p.Transactions, p.PeakBusy))
}

// play runs a trace through the real decoder and tracker.
func play(t *testing.T, text string) *recorder {
	t.Helper()
	return playWithin(t, Config{}, text)
}

// playWithin is play under limits.
func playWithin(t *testing.T, cfg Config, text string) *recorder {
	t.Helper()
	rec := &recorder{}
	follow(cfg, rec, parse(t, text))
	return rec
}

// parse is the segments of a trace.
func parse(t *testing.T, text string) []capture.Segment {
	t.Helper()
	tr, err := trace.Parse(t.Name(), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := tr.Encode(&b); err != nil {
		t.Fatal(err)
	}
	r, err := capture.NewReader(&b, t.Name())
	if err != nil {
		t.Fatal(err)
	}
	return drain(t, capture.NewFile(r, t.Name(), 0))
}

// follow tells a handler what segments come to.
func follow(cfg Config, h Handler, segments []capture.Segment) {
	facts := New(cfg, h)
	conns := reassembly.New(reassembly.Config{Sniff: Sniff}, facts)
	for i := range segments {
		conns.Segment(&segments[i])
	}
	conns.Finish()
	facts.Finish()
}
