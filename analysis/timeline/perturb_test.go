package timeline

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"connlint/capture"
	"connlint/reassembly/http1"
)

// contents writes down what was exchanged, without times and packet numbers.
type contents struct{ lines []string }

func (r *contents) Transaction(c *Connection, x *Transaction) {
	line := fmt.Sprintf("%s %d", c.Client(), x.Index)
	if !x.Opaque() {
		line += fmt.Sprintf(" %s %s end %v doubt %v", message(x.HTTP.Request), message(x.HTTP.Response), x.HTTP.End, x.HTTP.Doubt)
	}
	r.lines = append(r.lines, fmt.Sprintf("%s complete %v", line, x.Complete))
}

func message(m *http1.Message) string {
	if m == nil {
		return "-"
	}
	return fmt.Sprintf("%s %s %d fields %d %v declared %v body %v missing %d end %v flaws %v", m.Start.Method, m.Start.Target,
		m.Start.Status, m.Header.Len(), m.Framing, m.Declared, m.Body, m.Missing, m.End, m.Flaws)
}

func (r *contents) Close(c *Connection) {
	line := fmt.Sprintf("%s closed %v", c.Client(), c.Why)
	for _, s := range c.Surplus {
		line += fmt.Sprintf(" surplus %d of %d", s.Bytes, s.Index)
	}
	r.lines = append(r.lines, line)
}

func (r *contents) Pair(*Pair) {}

// exchanged is what segments come to, sorted: connections may end in another
// order.
func exchanged(segments []capture.Segment) []string {
	r := &contents{}
	follow(Config{}, r, segments)
	slices.Sort(r.lines)
	return r.lines
}

// TestPerturbed cuts, doubles and reorders the segments of captures, none of
// which changes what was exchanged.
func TestPerturbed(t *testing.T) {
	files, _ := filepath.Glob("../../testdata/lab/*/client.pcap*")
	if lab := os.Getenv("CONNLINT_LAB"); lab != "" {
		for _, group := range []string{"01-*", "02-*", "04-slow-start-iw*", "04-warm*", "06-*", "08-p*"} {
			more, _ := filepath.Glob(filepath.Join(lab, group, "*.pcap*"))
			files = append(files, more...)
		}
	}
	if len(files) == 0 {
		t.Fatal("no captures")
	}
	for _, file := range files {
		segments := load(t, file)
		want, changed := exchanged(segments), false
		for seed := range uint64(4) {
			rng := rand.New(rand.NewPCG(seed, 1))
			for name, perturb := range map[string]func(*rand.Rand, []capture.Segment) []capture.Segment{
				"cut": cutUp, "doubled": doubled, "reordered": reordered,
				"all at once": func(rng *rand.Rand, in []capture.Segment) []capture.Segment {
					return doubled(rng, reordered(rng, cutUp(rng, in)))
				},
			} {
				other := perturb(rng, segments)
				changed = changed || !slices.EqualFunc(other, segments, func(a, b capture.Segment) bool { return a.Seq == b.Seq && a.Len == b.Len })
				if got := exchanged(other); !slices.Equal(got, want) {
					t.Errorf("%s %s, seed %d: %s", file, name, seed, firstDifference(got, want))
				}
			}
		}
		if !changed || len(want) < 2 {
			t.Errorf("%s: nothing was perturbed, or there is nothing in it: %d lines", file, len(want))
		}
	}
}

func firstDifference(got, want []string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return "got\n" + got[i] + "\nwant\n" + want[i]
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(got), len(want))
}

// load is a capture's segments with payloads of their own.
func load(t *testing.T, path string) []capture.Segment {
	t.Helper()
	r, err := capture.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return drain(t, capture.NewFile(r, path, 0))
}

// drain takes a source to its end.
func drain(t *testing.T, src capture.Source) []capture.Segment {
	t.Helper()
	defer src.Close()
	var all []capture.Segment
	for {
		p, err := src.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		s := p.Segment
		s.Payload = []byte(strings.Clone(string(s.Payload)))
		all = append(all, s)
	}
}

// cutUp cuts payload into pieces, as a path with a smaller MTU would.
func cutUp(rng *rand.Rand, in []capture.Segment) (out []capture.Segment) {
	for _, s := range in {
		for s.Len > 1 && len(s.Payload) == s.Len && s.Flags&capture.SYN == 0 && rng.IntN(2) == 0 {
			n := 1 + rng.IntN(s.Len-1)
			first := s
			first.Payload, first.Len = s.Payload[:n], n
			first.Flags &^= capture.FIN | capture.PSH
			out = append(out, first)
			s.Payload, s.Len, s.Seq = s.Payload[n:], s.Len-n, s.Seq.Add(n)
			s.IPID += 7919 // a packet of its own
		}
		out = append(out, s)
	}
	return out
}

// doubled sends some segments a second time, at once or after the next one.
func doubled(rng *rand.Rand, in []capture.Segment) (out []capture.Segment) {
	var late []capture.Segment
	for _, s := range in {
		out = append(out, s)
		out = append(out, late...)
		late = late[:0]
		switch rng.IntN(6) {
		case 0:
			out = append(out, s)
		case 1:
			late = append(late, s)
		}
	}
	return append(out, late...)
}

// reordered shuffles runs of data that one side sent without a word from the
// other: those are in flight together.
func reordered(rng *rand.Rand, in []capture.Segment) []capture.Segment {
	out := slices.Clone(in)
	for i := 0; i < len(out); {
		j := i
		for j < len(out) && out[j].Src == out[i].Src && out[j].Dst == out[i].Dst && out[j].Len > 0 &&
			out[j].Flags&(capture.SYN|capture.FIN|capture.RST) == 0 {
			j++
		}
		if run := out[i:j]; len(run) > 1 {
			times := make([]int64, len(run))
			for k := range run {
				times[k] = run[k].Time
			}
			rng.Shuffle(len(run), func(a, b int) { run[a], run[b] = run[b], run[a] })
			for k := range run {
				run[k].Time = times[k] // the clock of the capture goes on
			}
		}
		i = max(j, i+1)
	}
	return out
}
