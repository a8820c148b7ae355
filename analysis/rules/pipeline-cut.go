package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// pipelineCut finds connections that ended while pipelined requests waited for
// their answers.
func pipelineCut() *analysis.Rule {
	return &analysis.Rule{
		Name:     "concurrency/pipeline-cut",
		Severity: analysis.Warning,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.ConnectionEnd | analysis.Handshake,
		Start: func(p *analysis.Pass) analysis.Run {
			conns := analysis.PerConnection[pipeline](p)
			return analysis.Run{
				Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
					if c.Traits.Is(timeline.Pipelining) {
						conns.Connection(c).add(c, x)
					}
				},
				Close: func(c *timeline.Connection) {
					if l := conns.Peek(c.Slot()); l != nil && l.cut() {
						if side, f, ok := c.Teardown.First(); ok {
							p.Report(l.finding(c, side, f))
						}
					}
				},
			}
		},
	}
}

// pipeline is what is remembered of the latest pipeline of a connection.
type pipeline struct {
	left      [8]capture.Frame // requests without an answer, the first of them
	asks      [8]uint64        // what they ask, as askFor says it
	n         int              // how many there are
	answered  int              // before them
	begun     bool             // a request of it followed another
	announced bool             // the last answer said that the connection closes
	risky     int              // of the unanswered, those that may not be repeated
}

// outstandingAtEnd reports whether the connection ended before any byte of the
// response.
func outstandingAtEnd(x *timeline.Transaction) bool {
	h := x.HTTP
	return h.Request != nil && h.Response == nil && h.Request.End == http1.Complete &&
		(h.End == http1.CutByClose || h.End == http1.CutByReset)
}

func (l *pipeline) add(c *timeline.Connection, x *timeline.Transaction) {
	switch {
	case !x.Pipelined:
		*l = pipeline{} // perhaps the head of one
	case !l.begun:
		if l.begun = true; l.n == 0 {
			l.answered = 1 // its head was
		}
	}
	if !outstandingAtEnd(x) {
		if x.Pipelined {
			l.answered++
		}
		l.announced = c.Refusal != timeline.NotRefused
		return
	}
	if l.n < len(l.left) {
		l.left[l.n], l.asks[l.n] = x.Request, askFor(x.HTTP.Request)
	}
	l.n++
	if onceOnly(x.HTTP.Request) {
		l.risky++
	}
}

// cut reports whether a pipeline was cut: a single request that met a close is
// none.
func (l *pipeline) cut() bool { return l.n > 0 && l.begun }

// blame sets who cut it. A client that closes its half goes on reading (RFC
// 9112 §9.6), unless it resets what comes.
func (l *pipeline) blame(f *analysis.Finding, c *timeline.Connection, side reassembly.Side) reassembly.Side {
	t := &c.Teardown
	if side == reassembly.Client && t.RST.IsZero() && !t.FIN[reassembly.Server].IsZero() {
		f.Confidence = 0.6
		f.Reasons = append(f.Reasons, "the client had closed its half: whether it still listened cannot be seen")
		side = reassembly.Server
	}
	f.Culprit = role(side)
	return side
}

func (l *pipeline) finding(c *timeline.Connection, side reassembly.Side, closing capture.Frame) *analysis.Finding {
	f := &analysis.Finding{
		Subject: analysis.Connection(c),
		Count:   l.n,
		Lost:    analysis.Cost{Connections: 1},
		Measures: []analysis.Measure{
			{Name: "unanswered", Value: float64(l.n), Threshold: 1, Unit: "count"},
			{Name: "answered", Value: float64(l.answered), Unit: "count"},
			{Name: "not_repeatable", Value: float64(l.risky), Unit: "count"},
		},
	}
	if by := l.blame(f, c, side); by != side {
		side, closing = by, c.Teardown.FIN[by]
	}
	f.Message = fmt.Sprintf("the %s %s after %d of %s in a pipeline were answered%s",
		side, how(c, closing), l.answered, count(l.answered+l.n, "request"), l.comment())
	f.Subject.From, f.Subject.To = min(l.left[0].Time, closing.Time), max(closing.Time, l.left[0].Time)
	f.Evidence.Cite(closing, "close")
	for _, r := range l.left[:min(l.n, len(l.left))] {
		f.Evidence.Cite(r, "request without an answer")
	}
	f.Evidence.Omitted += max(0, l.n-len(l.left))
	return f
}

// comment says what the client can make of it.
func (l *pipeline) comment() string {
	s := ""
	if l.announced {
		s = "; the last answer announced the close"
	}
	if l.risky > 0 {
		s += fmt.Sprintf("; %s must not be repeated blindly", grouped(uint64(l.risky)))
	}
	return s
}

// askFor is a hash of what a request asks: method, host and target.
func askFor(q *http1.Message) uint64 {
	return digest(q.Start.Method, q.Header.Get("host"), q.Start.Target)
}

// digest is a hash of some strings (FNV-1a), to know them again without
// keeping them.
func digest(parts ...[]byte) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for _, part := range parts {
		for _, b := range part {
			h = (h ^ uint64(b)) * prime
		}
		h = (h ^ 0xff) * prime
	}
	return h
}
