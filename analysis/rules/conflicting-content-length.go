package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// conflictingContentLength finds messages whose Content-Length says nothing,
// since it says two things or is no number. The same number twice is one.
func conflictingContentLength() *analysis.Rule {
	return &analysis.Rule{
		Name:     "framing/conflicting-content-length",
		Severity: analysis.Error,
		Needs:    analysis.Plaintext | analysis.NoGapBefore,
		Start: func(p *analysis.Pass) analysis.Run {
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				messages(x.HTTP, func(m *http1.Message) {
					if m.Flaws&(http1.ConflictingLength|http1.MalformedLength) != 0 {
						p.Report(conflicting(c, x, m))
					}
				})
			}}
		},
	}
}

func conflicting(c *timeline.Connection, x *timeline.Transaction, m *http1.Message) *analysis.Finding {
	f := &analysis.Finding{
		Subject: analysis.Transaction(c, x),
		Culprit: role(reassembly.Side(m.Dir)),
		Message: fmt.Sprintf("%s gives itself a Content-Length of %s", titled(m), valuesOf(m, "content-length", " and ")),
	}
	if m.Flaws.Has(http1.MalformedLength) {
		f.Message += ", which is no number of bytes"
	}
	if !m.Body.IsAbsent() {
		f.Message += fmt.Sprintf("; %s bytes came", grouped(m.Body.Least()))
		f.Measures = []analysis.Measure{{Name: "body", Value: float64(m.Body.Least()), Unit: "bytes"}}
	}
	f.Evidence.Cite(m.Head, "Content-Length")
	return f
}
