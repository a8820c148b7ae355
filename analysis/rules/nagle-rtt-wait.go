package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// nagleRTTWait finds small writes that Nagle's algorithm held back for a round
// trip although the peer acknowledged at once.
func nagleRTTWait() *analysis.Rule {
	return &analysis.Rule{
		Name:     "tcp/nagle-rtt-wait",
		Severity: analysis.Warning,
		Needs:    analysis.BothDirections | analysis.NoGapBefore | analysis.Clock | analysis.FineClock,
		Params: []analysis.Param{
			{Name: "min_wait_ms", Unit: "ms", Default: 5,
				Source: "on a shorter path a host's own reaction takes as long as the round trip"},
		},
		Causes: []timeline.Cause{timeline.NagleWait, timeline.NagleDelayedAck},
		Start:  startNagleRTTWait,
	}
}

func startNagleRTTWait(p *analysis.Pass) analysis.Run {
	connections, pairs := analysis.PerConnection[holds](p), analysis.PerPair[[2]int](p)
	least := int64(p.Param("min_wait_ms") * 1e6)
	tell := func(c *timeline.Connection) {
		h := connections.Peek(c.Slot())
		if h == nil {
			return
		}
		for side := range h {
			o := h[side]
			o.sort(c)
			if p.Interim() && o.prompt.n < telling {
				continue
			}
			if o.waits(c, least) && c.Nagle[side].Proved() {
				among := pairs.Pair(c.Pair)
				among[side] += o.prompt.n
				p.Report(o.waited(c, reassembly.Side(side), among[side], p.Param("min_wait_ms")))
				h[side].tell(&h[side].prompt)
			}
		}
	}
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			if holdsAny(x) {
				connections.Connection(c).add(c, x, 0)
			}
		},
		SoFar: tell,
		Close: tell,
	}
}

// telling is how many prompt holds it takes to tell a habit from the start of a
// connection while it goes on: Linux acknowledges up to 16 segments at once
// before it delays any (TCP_MAX_QUICKACKS, include/net/tcp.h).
const telling = 16

// waits reports whether the prompt holds are a matter of their own: long
// enough to be worth a word, a round trip as they should be, and not the few
// fast exchanges of a sender that mostly waits for delayed ACKs.
func (o *sideHolds) waits(c *timeline.Connection, least int64) bool {
	w := &o.prompt
	return w.n > o.timer.n && w.wait/int64(w.n) >= max(least, c.RTT()/2)
}

// waited makes the finding. Without the algorithm the write would have gone
// with the one before it.
func (o *sideHolds) waited(c *timeline.Connection, side reassembly.Side, among int, threshold float64) *analysis.Finding {
	w := &o.prompt
	f := o.finding(c, side, w, among)
	f.Lost.RoundTrips, f.Saved.RoundTrips = w.n, w.n
	f.Message = fmt.Sprintf("Nagle's algorithm held back %s of the %s for a round trip, %s; the %s acknowledged at once; TCP_NODELAY, or one write, cures that",
		count(w.n, "small write"), o.product.of(side), perEvent(w.n, w.wait), side.Peer())
	if o.varied {
		doubt(f, 0.6, "some ACKs came later than at once: the path varies, or a timer kept them back")
	}
	f.Measures = []analysis.Measure{
		{Name: "wait", Value: float64(w.wait/int64(w.n)) / 1e6, Threshold: threshold, Unit: "ms"},
		{Name: "round_trip", Value: float64(c.RTT()) / 1e6, Unit: "ms"},
	}
	return f
}
