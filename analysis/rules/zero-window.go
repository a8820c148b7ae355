package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// zeroWindow finds transfers that stood still because the receiver had shut
// its window.
func zeroWindow() *analysis.Rule {
	return &analysis.Rule{
		Name:     "tcp/zero-window",
		Severity: analysis.Warning,
		Needs:    analysis.BothDirections | analysis.Clock | analysis.FineClock,
		Params: []analysis.Param{
			{Name: "min_stall_ms", Unit: "ms", Default: 20,
				Source: "machines hold programs up for less now and then"},
		},
		Causes: []timeline.Cause{timeline.ZeroWindow},
		Start: func(p *analysis.Pass) analysis.Run {
			least := int64(p.Param("min_stall_ms") * 1e6)
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				for _, side := range [2]reassembly.Side{reassembly.Client, reassembly.Server} {
					if b := blockedBy(x, timeline.ZeroWindow, side); b.n > 0 && b.wait >= least {
						p.Report(shut(c, x, side, &b, p.Param("min_stall_ms")))
					}
				}
			}}
		},
	}
}

func shut(c *timeline.Connection, x *timeline.Transaction, side reassembly.Side, b *blocked, threshold float64) *analysis.Finding {
	f := &analysis.Finding{
		Subject: analysis.Transaction(c, x),
		Culprit: role(side.Peer()),
		Count:   b.n,
		Lost:    analysis.Cost{Time: b.wait},
		Saved:   analysis.Cost{Time: b.wait},
		Message: fmt.Sprintf("the %s stopped reading and shut its receive window %s: the %s stood still for %s",
			side.Peer(), times(b.n), side, ms(b.wait)),
		Measures: []analysis.Measure{
			{Name: "stall", Value: float64(b.wait) / 1e6, Threshold: threshold, Unit: "ms"},
			{Name: "longest", Value: float64(b.longest) / 1e6, Unit: "ms"},
		},
	}
	b.cite(&f.Evidence, "last data before")
	return f
}
