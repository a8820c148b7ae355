package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// abortiveClose finds pairs in which one side ends its connections by an RST
// though everything was said.
func abortiveClose() *analysis.Rule {
	return &analysis.Rule{
		Name:     "close/abortive-close",
		Severity: analysis.Note,
		Needs:    analysis.BothDirections | analysis.NoGapBefore | analysis.ConnectionEnd | analysis.Plaintext,
		Params: []analysis.Param{
			{Name: "min_connections", Unit: "count", Default: 3, Source: "once or twice may be chance, three times are a habit"},
			{Name: "habit_share", Unit: "ratio", Default: 0.5, Source: "a habit is what happens more often than not"},
		},
		Start: func(p *analysis.Pass) analysis.Run {
			pairs := analysis.PerPair[aborts](p)
			least, share := p.CountParam("min_connections"), p.Param("habit_share")
			return analysis.Run{
				Close: func(c *timeline.Connection) {
					if c.Complete > 0 && c.Complete == c.Transactions && !c.Traits.Is(beyondHTTP1) {
						pairs.Pair(c.Pair).add(c)
					}
				},
				Pair: func(pair *timeline.Pair) {
					a := pairs.Peek(pair.Slot())
					for side := range a.sides() {
						if s := &a.by[side]; s.n >= least && float64(s.n) >= share*float64(a.ended) {
							p.Report(a.finding(reassembly.Side(side), least))
						}
					}
				},
			}
		},
	}
}

// aborts is what the rule gathers of a pair.
type aborts struct {
	ended int // connections whose exchanges were all complete
	by    [2]struct {
		n        int
		subject  analysis.Subject
		evidence analysis.Evidence
	}
}

// sides is the number of sides to look at: none if there is nothing.
func (a *aborts) sides() int {
	if a == nil {
		return 0
	}
	return len(a.by)
}

// add takes a connection. Only an RST that is the first word of the end counts:
// behind a FIN it answers what came too late, which is no habit of its sender.
func (a *aborts) add(c *timeline.Connection) {
	a.ended++
	side, f, ok := c.Teardown.First()
	if !ok || f != c.Teardown.RST {
		return
	}
	s := &a.by[side]
	if s.n == 0 {
		s.subject = analysis.Pair(c.Pair)
	}
	s.n++
	s.subject.Gather(c)
	s.evidence.Cite(f, "RST in place of a FIN")
}

func (a *aborts) finding(side reassembly.Side, least int) *analysis.Finding {
	s := &a.by[side]
	return &analysis.Finding{
		Subject: s.subject, Culprit: role(side), Count: s.n, Evidence: s.evidence,
		Message: fmt.Sprintf("the %s ended %d of %s by RST, each after complete exchanges",
			side, s.n, count(a.ended, "connection")),
		Measures: []analysis.Measure{
			{Name: "connections", Value: float64(s.n), Threshold: float64(least), Unit: "count"},
			{Name: "share", Value: float64(s.n) / float64(max(a.ended, 1)), Unit: "ratio"},
		},
	}
}
