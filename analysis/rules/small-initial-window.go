package rules

import (
	"fmt"
	"math/bits"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// smallInitialWindow finds senders whose congestion window begins below what
// today's standard allows.
func smallInitialWindow() *analysis.Rule {
	return &analysis.Rule{
		Name:     "tcp/small-initial-window",
		Severity: analysis.Note,
		Needs:    analysis.BothDirections | analysis.Handshake | analysis.NoGapBefore | analysis.Clock | analysis.FineClock,
		Params: []analysis.Param{
			{Name: "initial_window", Unit: "count", Default: standardWindow,
				Source: "RFC 6928 §2: ten segments, and of segments larger than 1,460 bytes two or 14,600 bytes"},
		},
		Start: startSmallInitialWindow,
	}
}

// smallWindows are the small initial windows of a pair, by sender.
type smallWindows [2]struct {
	habit
	least, allowed int // segments, of the smallest
}

func startSmallInitialWindow(p *analysis.Pass) analysis.Run {
	pairs, known := analysis.PerPair[smallWindows](p), analysis.PerConnection[[2]bool](p)
	standard := p.CountParam("initial_window")
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			for i := range x.Ramps {
				r := &x.Ramps[i]
				if allowed := allowedWindow(r, standard); beganSmall(c, r, allowed) && !known.Connection(c)[r.Side] {
					known.Connection(c)[r.Side] = true
					pairs.Pair(c.Pair).add(c, r, allowed)
				}
			}
		},
		Pair: func(pair *timeline.Pair) {
			if w := pairs.Peek(pair.Slot()); w != nil {
				for side := range w {
					if w[side].n > 0 {
						p.Report(w.finding(reassembly.Side(side)))
					}
				}
			}
		},
	}
}

// allowedWindow is how many segments of the ramp's sender an initial window may
// have: standard ones of the usual size, or as many bytes, but two at least
// (RFC 6928 §2).
func allowedWindow(r *timeline.Ramp, standard int) int {
	if r.SegmentSize == 0 {
		return 0
	}
	return min(standard, max(2, standard*1460/r.SegmentSize))
}

// beganSmall reports whether the window that a connection began with ended the
// first flight of a message at half of what is allowed, or less. What came
// before must have been smaller: a window that idle time or loss has cut, by a
// lost SYN to one segment, is no initial one.
func beganSmall(c *timeline.Connection, r *timeline.Ramp, allowed int) bool {
	f, h := &r.Flight, &c.Handshake
	return f.Limited && 2*f.Segments <= allowed && !r.AfterIdle && r.Before < r.First &&
		h.SYNs == 1 && h.SYNACKs == 1 && c.Flow[r.Side].Retransmissions == 0
}

func (w *smallWindows) add(c *timeline.Connection, r *timeline.Ramp, allowed int) {
	g := &w[r.Side]
	if g.n == 0 {
		g.subject = analysis.Pair(c.Pair)
	}
	g.n++
	g.subject.Gather(c)
	g.evidence.Cite(r.From, "start of the first flight")
	g.evidence.Cite(r.Flight.Last, "its end")
	g.evidence.Cite(r.Flight.Next, "what the first ACK let go")
	if g.least == 0 || r.Flight.Segments < g.least {
		g.least, g.allowed = r.Flight.Segments, allowed
	}
}

// finding makes no promise of time: tcp/slow-start-ramp counts what each ramp
// took.
func (w *smallWindows) finding(side reassembly.Side) *analysis.Finding {
	g := &w[side]
	trips := bits.Len(uint(g.allowed/g.least)) - 1 // doublings up to what is allowed
	f := &analysis.Finding{
		Subject: g.subject, Culprit: role(side), Count: g.n, Evidence: g.evidence,
		Message: fmt.Sprintf("the %s began %s with a congestion window of %s where %s may be sent: a large message takes about %s more",
			side, count(g.n, "connection"), count(g.least, "segment"), grouped(uint64(g.allowed)), count(trips, "round trip")),
		Measures: []analysis.Measure{
			{Name: "initial_window", Value: float64(g.least), Threshold: float64(g.allowed), Unit: "count"},
			{Name: "round_trips", Value: float64(trips), Unit: "count"},
		},
	}
	if g.n == 1 {
		doubt(f, 0.9, "a single connection shows it")
	}
	return f
}
