package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly/http1"
)

// lengthNotAllowed finds fields that announce a body in responses that can
// have none.
func lengthNotAllowed() *analysis.Rule {
	return &analysis.Rule{
		Name:     "framing/length-not-allowed",
		Severity: analysis.Warning,
		PartOf:   []string{"framing/body-not-allowed"},
		Needs:    analysis.Plaintext | analysis.NoGapBefore,
		Start: func(p *analysis.Pass) analysis.Run {
			bad := newHabits(p)
			return analysis.Run{
				Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
					messages(x.HTTP, func(m *http1.Message) {
						if m.Flaws.Has(http1.BodyWhereNoneAllowed) {
							bad.add(c, x, announces(m), m.Head, "field that announces a body", func() string { return announced(m) })
						}
					})
				},
				Pair: func(pair *timeline.Pair) {
					if h, f := bad.finding(pair); f != nil {
						f.Culprit = analysis.Server
						f.Message = fmt.Sprintf("%s said to have a body where there can be none, such as %s", count(h.n, "response"), h.example)
						p.Report(f)
					}
				},
			}
		},
	}
}

// announces is how bad it is: a body of no bytes misleads nobody.
func announces(m *http1.Message) analysis.Severity {
	if n, ok := m.Declared.Exact(); ok && n == 0 && m.Header.Get("transfer-encoding") == nil {
		return analysis.Note
	}
	return analysis.Warning
}

func announced(m *http1.Message) string {
	what := titled(m)
	if m.Start.Status >= 200 && m.Start.Status != 204 {
		what = "the response to CONNECT"
	}
	if te := m.Header.Get("transfer-encoding"); te != nil {
		return fmt.Sprintf("%s with Transfer-Encoding: %s", what, excerpt(te))
	}
	return fmt.Sprintf("%s with Content-Length: %s", what, excerpt(m.Header.Get("content-length")))
}
