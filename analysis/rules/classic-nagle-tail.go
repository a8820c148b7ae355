package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// classicNagleTail finds messages whose short last segment waited behind full
// ones for the peer's delayed ACK.
func classicNagleTail() *analysis.Rule {
	return &analysis.Rule{
		Name:     "tcp/classic-nagle-tail",
		Severity: analysis.Warning,
		Needs:    analysis.BothDirections | analysis.Handshake | analysis.NoGapBefore | analysis.Clock | analysis.FineClock,
		Params: []analysis.Param{
			{Name: "min_count", Unit: "count", Default: 3,
				Source: "an application that has to wait for its next bytes meets an ACK by chance once or twice, not each time"},
		},
		Start: startClassicNagleTail,
	}
}

// heldTails are what was held on a connection, by sender.
type heldTails [2]heldTail

type heldTail struct {
	n        int
	wait     int64 // ns
	saved    int64 // the part of it that no ramp has promised
	late     int64 // ns, that the peer kept the ACKs back
	from, to int64
	evidence analysis.Evidence
	product  product
}

func startClassicNagleTail(p *analysis.Pass) analysis.Run {
	held := analysis.PerConnection[heldTails](p)
	least := p.CountParam("min_count")
	tell := func(c *timeline.Connection) {
		h := held.Peek(c.Slot())
		if h == nil {
			return
		}
		for side := range h {
			// Linux lets such a segment go at once: one that left so speaks
			// against three that did not.
			if g := &h[side]; g.n >= max(least, 3*int(c.FreeTails[side])) && c.Nagle[side].Against == 0 {
				p.Report(h.finding(c, reassembly.Side(side), least))
				*g = heldTail{}
			}
		}
	}
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			for i := range x.Stalls {
				if s := &x.Stalls[i]; s.Tail {
					held.Connection(c).add(x, s)
				}
			}
		},
		SoFar: tell,
		Close: tell,
	}
}

func (h *heldTails) add(x *timeline.Transaction, s *timeline.Stall) {
	g := &h[s.Side]
	if g.n == 0 {
		g.from = s.From.Time
	}
	g.n += s.Count
	g.wait += s.Wait
	g.late += s.Late * int64(s.Count)
	if len(x.Ramps) == 0 {
		g.saved += s.Wait
	}
	g.to = s.To.Time
	g.product.note(x, s.Side)
	g.evidence.Cite(s.To, "released tail")
	g.evidence.Cite(s.Release, "late ACK")
	g.evidence.Cite(s.From, "full segment before it")
}

func (h *heldTails) finding(c *timeline.Connection, side reassembly.Side, least int) *analysis.Finding {
	g := &h[side]
	f := &analysis.Finding{
		Subject: analysis.Connection(c), Culprit: role(side), Count: g.n, Evidence: g.evidence,
		Lost: analysis.Cost{Time: g.wait}, Saved: analysis.Cost{Time: g.saved},
		Message: fmt.Sprintf("the %s held the short end of %s behind full segments until the %s's delayed ACK: %s",
			g.product.of(side), count(g.n, "message"), side.Peer(), perEvent(g.n, g.wait)),
		Measures: []analysis.Measure{
			{Name: "holds", Value: float64(g.n), Threshold: float64(least), Unit: "count"},
			{Name: "ack_delay", Value: float64(g.late) / float64(g.n) / 1e6, Unit: "ms"},
		},
	}
	f.Subject.From, f.Subject.To = g.from, g.to
	doubt(f, 0.8, "an application that waits for its peer's ACKs before it ends a message looks the same")
	return f
}
