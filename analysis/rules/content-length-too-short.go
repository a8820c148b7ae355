package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly/http1"
)

// contentLengthTooShort finds messages behind which more was sent than their
// Content-Length said.
func contentLengthTooShort() *analysis.Rule {
	return &analysis.Rule{
		Name:     "framing/content-length-too-short",
		Severity: analysis.Error,
		Needs:    analysis.Plaintext | analysis.NoGapBefore | analysis.NotCut,
		Start: func(p *analysis.Pass) analysis.Run {
			return analysis.Run{Close: func(c *timeline.Connection) {
				for i := range c.Surplus {
					if s := &c.Surplus[i]; s.Framing == http1.Length && !s.Flaws.Has(http1.ConflictingLength) {
						p.Report(tooShort(c, s))
					}
				}
			}}
		},
	}
}

func tooShort(c *timeline.Connection, s *timeline.Surplus) *analysis.Finding {
	declared, _ := s.Declared.Exact()
	f := &analysis.Finding{
		Subject: analysis.Connection(c),
		Culprit: role(s.Side),
		Message: fmt.Sprintf("%s bytes follow the %s that Content-Length declares for the %s of exchange %d, and begin no message",
			grouped(s.Bytes), grouped(declared), http1.Direction(s.Side), s.Index),
		Lost: analysis.Cost{Bytes: s.Bytes},
		Measures: []analysis.Measure{
			{Name: "surplus", Value: float64(s.Bytes), Unit: "bytes"},
			{Name: "declared", Value: float64(declared), Unit: "bytes"},
		},
	}
	f.Subject.Kind, f.Subject.Transaction = analysis.OfTransaction, s.Index
	f.Subject.From, f.Subject.To = s.First.Time, s.First.Time
	if !s.End.IsZero() {
		// A repaired hole may put the end of the body behind the surplus.
		f.Subject.From, f.Subject.To = min(s.End.Time, s.First.Time), max(s.End.Time, s.First.Time)
	}
	f.Evidence.Cite(s.First, "bytes behind the body")
	f.Evidence.Cite(s.End, "end of the body as declared")
	return f
}
