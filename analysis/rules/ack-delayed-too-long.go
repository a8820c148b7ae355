package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// ackDelayedTooLong finds hosts that keep acknowledgements back for longer than
// TCP allows.
func ackDelayedTooLong() *analysis.Rule {
	return &analysis.Rule{
		Name:     "tcp/ack-delayed-too-long",
		Severity: analysis.Warning,
		Needs:    analysis.BothDirections | analysis.Handshake | analysis.Vantage | analysis.NoGapBefore | analysis.Clock | analysis.FineClock,
		Params: []analysis.Param{
			{Name: "max_delay", Unit: "ms", Default: 500,
				Source: "RFC 9293 §3.8.6.3, MUST-40: less than half a second"},
			{Name: "min_count", Unit: "count", Default: 2,
				Source: "a machine that stood still for a moment does so once"},
		},
		Start: startACKDelayedTooLong,
	}
}

// lateACKs are those of a pair, by who kept them back.
type lateACKs [2]struct {
	habit
	longest int64 // ns
}

func startACKDelayedTooLong(p *analysis.Pass) analysis.Run {
	pairs := analysis.PerPair[lateACKs](p)
	limit, least := int64(p.Param("max_delay")*1e6), p.CountParam("min_count")
	return analysis.Run{
		Close: func(c *timeline.Connection) {
			for side, k := range c.KeptBack {
				if k != nil && k.Longest >= limit && c.Client().Host() != c.Server().Host() {
					pairs.Pair(c.Pair).add(c, reassembly.Side(side), k, limit)
				}
			}
		},
		Pair: func(pair *timeline.Pair) {
			if l := pairs.Peek(pair.Slot()); l != nil {
				for side := range l {
					if l[side].n >= least {
						p.Report(l.finding(reassembly.Side(side), limit))
					}
				}
			}
		},
	}
}

func (l *lateACKs) add(c *timeline.Connection, side reassembly.Side, k *timeline.KeptBack, limit int64) {
	g := &l[side]
	if g.n == 0 {
		g.subject = analysis.Pair(c.Pair)
	}
	g.subject.Gather(c)
	g.longest = max(g.longest, k.Longest)
	for _, e := range k.Events {
		if e.Late >= limit {
			g.n++
			g.evidence.Cite(e.ACK, "late ACK")
			g.evidence.Cite(e.Data, "data that it acknowledges")
		}
	}
}

// finding has no price: who waited for such an ACK is what tcp/rto-stall and
// tcp/nagle-delayed-ack-stall speak of.
func (l *lateACKs) finding(side reassembly.Side, limit int64) *analysis.Finding {
	g := &l[side]
	return &analysis.Finding{
		Subject: g.subject, Culprit: role(side), Count: g.n, Evidence: g.evidence,
		Confidence: 0.8,
		Reasons:    []string{"a host that now and then stands still as a whole looks the same"},
		Message: fmt.Sprintf("the %s kept %s back for up to %s; TCP allows no more than %s",
			side, count(g.n, "ACK"), ms(g.longest), ms(limit)),
		Measures: []analysis.Measure{
			{Name: "ack_delay", Value: float64(g.longest) / 1e6, Threshold: float64(limit) / 1e6, Unit: "ms"},
		},
	}
}
