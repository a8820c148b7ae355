package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// receiverWindowLimited finds transfers that waited again and again at the
// edge of the window which the receiver offered.
func receiverWindowLimited() *analysis.Rule {
	return &analysis.Rule{
		Name:     "tcp/receiver-window-limited",
		Severity: analysis.Warning,
		Needs:    analysis.BothDirections | analysis.Handshake | analysis.NoGapBefore | analysis.Clock | analysis.FineClock,
		Params: []analysis.Param{
			{Name: "min_wait_share", Unit: "ratio", Default: 0.1,
				Source: "a tenth of the transfer is what people would notice"},
			{Name: "min_wait_ms", Unit: "ms", Default: 20,
				Source: "machines hold programs up for less now and then"},
			{Name: "min_stalls", Unit: "count", Default: 3,
				Source: "a receive buffer that is still growing is met once or twice"},
		},
		Causes: []timeline.Cause{timeline.ReceiveWindow},
		Start: func(p *analysis.Pass) analysis.Run {
			share, least, stalls := p.Param("min_wait_share"), int64(p.Param("min_wait_ms")*1e6), p.CountParam("min_stalls")
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				for _, side := range [2]reassembly.Side{reassembly.Client, reassembly.Server} {
					b := blockedBy(x, timeline.ReceiveWindow, side)
					if b.n >= stalls && b.wait >= least && float64(b.wait) >= share*float64(messageTime(x, side)) {
						p.Report(narrow(c, x, side, &b, share))
					}
				}
			}}
		},
	}
}

func narrow(c *timeline.Connection, x *timeline.Transaction, side reassembly.Side, b *blocked, share float64) *analysis.Finding {
	receiver := side.Peer()
	window := c.Flow[receiver].Window
	part := float64(b.wait) / float64(max(messageTime(x, side), 1))
	f := &analysis.Finding{
		Subject: analysis.Transaction(c, x),
		Culprit: role(receiver),
		Lost:    analysis.Cost{Time: b.wait},
		Saved:   analysis.Cost{Time: b.wait},
		Message: fmt.Sprintf("the %s waited %s at the edge of the %s's receive window, %s in all, %.0f %% of the transfer; the window was last %s bytes on a path of %s",
			side, times(b.n), receiver, ms(b.wait), 100*part, grouped(uint64(window)), ms(c.RTT())),
		Measures: []analysis.Measure{
			{Name: "share", Value: part, Threshold: share, Unit: "ratio"},
			{Name: "wait", Value: float64(b.wait) / 1e6, Unit: "ms"},
			{Name: "stalls", Value: float64(b.n), Unit: "count"},
			{Name: "window", Value: float64(window), Unit: "bytes"},
		},
	}
	b.cite(&f.Evidence, "last data that the window allowed")
	return f
}
