package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// nagleDelayedAckStall finds small writes that Nagle's algorithm held back
// until the peer's delayed ACK. They are gathered per connection and sender.
func nagleDelayedAckStall() *analysis.Rule {
	return &analysis.Rule{
		Name:     "tcp/nagle-delayed-ack-stall",
		Severity: analysis.Warning,
		Needs:    analysis.BothDirections | analysis.NoGapBefore | analysis.Clock | analysis.FineClock,
		Params: []analysis.Param{
			{Name: "min_stall_ms", Unit: "ms", Default: 5,
				Source: "timers tick at 1 to 10 ms; a shorter hold is within one tick"},
		},
		Causes: []timeline.Cause{timeline.NagleDelayedAck, timeline.NagleWait},
		Start:  startNagleDelayedAckStall,
	}
}

func startNagleDelayedAckStall(p *analysis.Pass) analysis.Run {
	connections, pairs := analysis.PerConnection[holds](p), analysis.PerPair[[2]int](p)
	least := int64(p.Param("min_stall_ms") * 1e6)
	tell := func(c *timeline.Connection) {
		h := connections.Peek(c.Slot())
		if len(c.Stalls) > 0 {
			h = connections.Connection(c)
			h.addBehind(c, least)
		}
		if h == nil {
			return
		}
		for side := range h {
			o := h[side]
			o.sort(c)
			if o.timer.n > 0 && c.Nagle[side].Proved() {
				among := pairs.Pair(c.Pair)
				among[side] += o.timer.n
				p.Report(o.stalled(c, reassembly.Side(side), among[side], p.Param("min_stall_ms")))
				h[side].tell(&h[side].timer)
			}
		}
	}
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			if holdsAny(x) {
				connections.Connection(c).add(c, x, least)
			}
		},
		SoFar: tell,
		Close: tell,
	}
}

// stalled makes the finding. Without the algorithm each write would have left
// at once: the whole hold is saved.
func (o *sideHolds) stalled(c *timeline.Connection, side reassembly.Side, among int, threshold float64) *analysis.Finding {
	w := &o.timer
	f := o.finding(c, side, w, among)
	n := int64(w.n)
	f.Message = fmt.Sprintf("Nagle's algorithm held back %s of the %s, %s, until the %s's delayed ACK came; TCP_NODELAY, or one write, cures that",
		count(w.n, "small write"), o.product.of(side), perEvent(w.n, w.wait), side.Peer())
	if o.warmed && w.n > 1 {
		f.Message += "; the first exchange was fast, for a young connection's ACKs are not delayed"
	}
	if late := w.late / n; late < c.RTT()/10 {
		doubt(f, 0.6, "the ACKs came later by less than a tenth of the round trip: the path may vary by as much")
	}
	f.Measures = []analysis.Measure{
		{Name: "stall", Value: float64(w.wait/n) / 1e6, Threshold: threshold, Unit: "ms"},
		{Name: "ack_delay", Value: float64(w.late/n) / 1e6, Unit: "ms"},
	}
	return f
}
