package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// contentLengthAndTransferEncoding finds messages that say their length in
// two ways.
func contentLengthAndTransferEncoding() *analysis.Rule {
	return &analysis.Rule{
		Name:     "framing/content-length-and-transfer-encoding",
		Severity: analysis.Error,
		Needs:    analysis.Plaintext | analysis.NoGapBefore,
		Start: func(p *analysis.Pass) analysis.Run {
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				messages(x.HTTP, func(m *http1.Message) {
					// Where neither may stand, that is the fault.
					if m.Flaws.Has(http1.LengthAndTransferEncoding) && !m.Flaws.Has(http1.BodyWhereNoneAllowed) {
						p.Report(twoLengths(c, x, m))
					}
				})
			}}
		},
	}
}

func twoLengths(c *timeline.Connection, x *timeline.Transaction, m *http1.Message) *analysis.Finding {
	f := &analysis.Finding{
		Subject: analysis.Transaction(c, x),
		Culprit: role(reassembly.Side(m.Dir)),
		Message: fmt.Sprintf("%s has both Content-Length: %s and Transfer-Encoding: %s", titled(m),
			valuesOf(m, "content-length", " and "), valuesOf(m, "transfer-encoding", ", ")),
	}
	if body, ok := m.Body.Exact(); ok && m.Framing == http1.Chunked {
		f.Message += fmt.Sprintf("; by its chunks the body has %s bytes", grouped(body))
		measure := analysis.Measure{Name: "body", Value: float64(body), Unit: "bytes"}
		if declared, known := m.Declared.Exact(); known {
			measure.Threshold = float64(declared)
		}
		f.Measures = append(f.Measures, measure)
	}
	f.Evidence.Cite(m.Head, "both fields")
	return f
}
