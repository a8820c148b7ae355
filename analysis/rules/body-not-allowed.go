package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// bodyNotAllowed finds bytes behind the head of a response that can have no
// body.
func bodyNotAllowed() *analysis.Rule {
	return &analysis.Rule{
		Name:     "framing/body-not-allowed",
		Severity: analysis.Error,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.NotCut,
		Start: func(p *analysis.Pass) analysis.Run {
			return analysis.Run{Close: func(c *timeline.Connection) {
				for i := range c.Surplus {
					s := &c.Surplus[i]
					if s.Side == reassembly.Server && s.Framing == http1.None && !s.Flaws.Has(http1.PresumedHEAD) && !c.Traits.Is(beyondHTTP1) {
						p.Report(unwantedBody(c, s))
					}
				}
			}}
		},
	}
}

func unwantedBody(c *timeline.Connection, s *timeline.Surplus) *analysis.Finding {
	what := fmt.Sprintf("the %d", s.Status)
	if s.ToHEAD {
		what = "the response to HEAD"
	}
	f := surplusFinding(c, s)
	f.Message = fmt.Sprintf("%s of exchange %d can have no body, and %s bytes follow its head that begin no message", what, s.Index, grouped(s.Bytes))
	f.Evidence.Cite(s.First, "bytes behind the head")
	f.Evidence.Cite(s.End, "end of the head")
	return f
}
