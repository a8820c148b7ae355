package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// resetMidResponse finds responses that their own server broke off by an RST.
// What that cost is charged by framing/truncated-response.
func resetMidResponse() *analysis.Rule {
	return &analysis.Rule{
		Name:     "close/reset-mid-response",
		Severity: analysis.Error,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.NotCut,
		Start: func(p *analysis.Pass) analysis.Run {
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				m := x.HTTP.Response
				if m == nil || m.End != http1.CutByReset || !truncated(m) || perhapsHEAD(x.HTTP, m) {
					return
				}
				if side, f, ok := ender(c, m); ok && side == reassembly.Server && f == c.Teardown.RST {
					p.Report(brokenOff(c, x, m))
				}
			}}
		},
	}
}

func brokenOff(c *timeline.Connection, x *timeline.Transaction, m *http1.Message) *analysis.Finding {
	rst := c.Teardown.RST
	f := &analysis.Finding{
		Subject: analysis.Transaction(c, x),
		Culprit: analysis.Server,
		Message: fmt.Sprintf("the server reset the connection %s into the response: %s", ms(rst.Sub(m.First)), progress(m)),
		Measures: []analysis.Measure{
			{Name: "body", Value: float64(m.Body.Least()), Unit: "bytes"},
			{Name: "after", Value: float64(rst.Sub(m.First)) / 1e6, Unit: "ms"},
		},
	}
	if declared, ok := m.Declared.Exact(); ok {
		f.Measures[0].Threshold = float64(declared)
	}
	f.Evidence.Cite(rst, "RST")
	f.Evidence.Cite(m.Last, "last byte of the response")
	f.Evidence.Cite(m.First, "start of the response")
	doubtRST(f, c)
	return f
}

// doubtRST lowers the confidence where the RST in a side's name has another TTL
// than what that side sent before: a middlebox may have made it. That it has
// the same proves nothing the other way.
func doubtRST(f *analysis.Finding, c *timeline.Connection) {
	t := &c.Teardown
	if usual := c.Flow[t.RSTBy].TTL; !t.RST.IsZero() && t.RSTTTL != usual {
		f.Culprit, f.Confidence = analysis.Path, 0.6
		f.Reasons = append(f.Reasons, fmt.Sprintf("the RST has TTL %d, the %s's first packet %d: something on the way may have sent it",
			t.RSTTTL, t.RSTBy, usual))
	}
}
