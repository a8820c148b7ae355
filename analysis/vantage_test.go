package analysis_test

import (
	"cmp"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"connlint/analysis"
	"connlint/capture"
)

// TestVantage holds verdicts on time against the place of the capture: taken
// half-way along the path, near its other end, behind hardware that coalesces
// segments, or with a server that wakes up late, the same connections show the
// same faults at the same price.
func TestVantage(t *testing.T) {
	lab := os.Getenv("CONNLINT_LAB")
	if lab == "" {
		t.Skip("CONNLINT_LAB is not set: there are no captures to move")
	}
	for _, group := range []string{"01-*", "03-*", "04-*", "13-*"} {
		files, _ := filepath.Glob(filepath.Join(lab, group, "client.pcap*"))
		for _, path := range files {
			t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
				was := priced(t, path, nil)
				for name, c := range map[string]struct {
					change  func([]capture.Segment) []capture.Segment
					percent int64 // by which prices may differ
				}{
					"half-way":  {func(s []capture.Segment) []capture.Segment { return moved(s, 0.5) }, 15},
					"far along": {func(s []capture.Segment) []capture.Segment { return moved(s, 0.8) }, 15},
					"coalesced": {coalesced, 15},
					"late":      {late, 35}, // it makes the transfers themselves longer
				} {
					agree(t, name, was, priced(t, path, c.change), c.percent)
				}
			})
		}
	}
}

// priced is what findings of the rules about time cost, by rule, ns. What is
// held for less than 30 ms in all is near the thresholds.
func priced(t *testing.T, path string, change func([]capture.Segment) []capture.Segment) map[string]int64 {
	t.Helper()
	var wrap func(capture.Source) capture.Source
	if change != nil {
		wrap = func(src capture.Source) capture.Source {
			return &player{left: change(drainSource(t, src))}
		}
	}
	costs := map[string]int64{}
	for _, f := range run(t, path, analysis.Limits{}, wrap).Findings {
		if strings.HasPrefix(f.Rule.Name, "tcp/") {
			costs[f.Rule.Name] += f.Lost.Time
		}
	}
	maps.DeleteFunc(costs, func(_ string, ns int64) bool { return ns < 30e6 })
	return costs
}

func agree(t *testing.T, name string, was, is map[string]int64, percent int64) {
	t.Helper()
	for rule := range was {
		if _, ok := is[rule]; !ok {
			t.Errorf("%s: no %s", name, rule)
		}
	}
	for rule, cost := range is {
		if before, ok := was[rule]; !ok {
			t.Errorf("%s: %s costs %.1f ms, and nothing before", name, rule, float64(cost)/1e6)
		} else if d := max(cost, before) - min(cost, before); d > max(before*percent/100, 5e6) {
			t.Errorf("%s: %s costs %.1f ms, and %.1f ms before", name, rule, float64(cost)/1e6, float64(before)/1e6)
		}
	}
}

// drainSource takes a source to its end; the payloads are copies.
func drainSource(t *testing.T, src capture.Source) []capture.Segment {
	t.Helper()
	var all []capture.Segment
	for {
		p, err := src.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.Kind == capture.TCP {
			s := p.Segment
			s.Payload = slices.Clone(s.Payload)
			all = append(all, s)
		}
	}
}

// moved is the capture as it would have been taken further from the client by
// a part of the path: what the client sends comes later, what it gets has
// passed earlier. All of the path is too much: no sample of the round trip is
// so exact that answers would not come before questions.
func moved(segments []capture.Segment, part float64) []capture.Segment {
	clients, rtt := map[capture.Endpoint]int64{}, int64(0)
	for _, s := range segments {
		switch s.Flags & (capture.SYN | capture.ACK) {
		case capture.SYN:
			clients[s.Src] = s.Time
		case capture.SYN | capture.ACK:
			if d := s.Time - clients[s.Dst]; rtt == 0 || d < rtt {
				rtt = d
			}
		}
	}
	d := int64(part * float64(rtt) / 2)
	for i := range segments {
		if s := &segments[i]; clients[s.Src] != 0 {
			s.Time += d
		} else {
			s.Time -= d
		}
	}
	slices.SortStableFunc(segments, func(a, b capture.Segment) int { return cmp.Compare(a.Time, b.Time) })
	return segments
}

// late lets the server react late, by 1 ms on average: all that follows a
// silence which the server ended comes later by as much.
func late(segments []capture.Segment) []capture.Segment {
	random := rand.New(rand.NewPCG(1, 1))
	clients := map[capture.Endpoint]bool{}
	var behind, last int64
	for i := range segments {
		s := &segments[i]
		if s.Flags&(capture.SYN|capture.ACK) == capture.SYN {
			clients[s.Src] = true
		}
		if !clients[s.Src] && s.Time-last > 500e3 {
			behind += int64(1e6 * random.ExpFloat64())
		}
		last = s.Time
		s.Time += behind
	}
	return segments
}

// coalesced joins segments as hosts with offloads do: what follows in order
// within 100 µs, up to 64 kB, in one.
func coalesced(segments []capture.Segment) []capture.Segment {
	var out []capture.Segment
	latest := map[[2]capture.Endpoint]int{}
	for _, s := range segments {
		flow := [2]capture.Endpoint{s.Src, s.Dst}
		if i, ok := latest[flow]; ok && s.Len > 0 {
			o := &out[i]
			plain := (s.Flags|o.Flags)&(capture.SYN|capture.FIN|capture.RST) == 0 && o.Flags&capture.PSH == 0
			if plain && o.Len > 0 && o.End() == s.Seq && o.Ack == s.Ack && s.Time-o.Time < 100e3 && o.Len+s.Len < 64000 {
				o.Payload = append(o.Payload, s.Payload...)
				o.Len += s.Len
				o.Flags |= s.Flags
				continue
			}
		}
		latest[flow] = len(out)
		out = append(out, s)
	}
	return out
}
