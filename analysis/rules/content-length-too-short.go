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
		Needs:    analysis.Plaintext | analysis.NoGapBefore | analysis.NotCut | analysis.BothDirections,
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
	f := surplusFinding(c, s)
	f.Message = fmt.Sprintf("%s bytes follow the %s that Content-Length declares for the %s of exchange %d, and begin no message",
		grouped(s.Bytes), grouped(declared), http1.Direction(s.Side), s.Index)
	f.Measures = append(f.Measures, analysis.Measure{Name: "declared", Value: float64(declared), Unit: "bytes"})
	f.Evidence.Cite(s.First, "bytes behind the body")
	f.Evidence.Cite(s.End, "end of the body as declared")
	return f
}
