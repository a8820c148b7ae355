package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// uploadCut finds servers that answer before they have read a request to its
// end and then reset the connection under the upload.
func uploadCut() *analysis.Rule {
	return &analysis.Rule{
		Name:     "close/upload-cut",
		Severity: analysis.Warning,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore,
		Start: func(p *analysis.Pass) analysis.Run {
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				if cutsUpload(c, x) {
					p.Report(uploadFinding(c, x))
				}
			}}
		},
	}
}

// cutsUpload reports whether the server's RST ended a request in its body
// behind a whole response. Where the response itself was still on its way,
// reset-destroys-response speaks of it. A server that goes on reading, or closes
// its own half only, lets the client see the answer in its own time (RFC 9112
// §9.6).
func cutsUpload(c *timeline.Connection, x *timeline.Transaction) bool {
	q, a, t := x.HTTP.Request, x.HTTP.Response, &c.Teardown
	if q == nil || a == nil || a.End != http1.Complete || q.End != http1.CutByReset && q.End != http1.CutByClose {
		return false
	}
	sent := q.Body.Least()
	closer, _, ok := t.First()
	return sent > 0 && ok && closer == reassembly.Server && !t.RST.IsZero() && t.RSTBy == reassembly.Server &&
		t.RST.Time >= a.Last.Time && c.Unacked == 0
}

func uploadFinding(c *timeline.Connection, x *timeline.Transaction) *analysis.Finding {
	q, a, t := x.HTTP.Request, x.HTTP.Response, &c.Teardown
	sent := q.Body.Least()
	lost := analysis.Cost{Connections: 1, Bytes: sent}
	of := ""
	if n, ok := q.Declared.Exact(); ok {
		of = " of " + grouped(n)
	}
	f := &analysis.Finding{
		Subject:    analysis.Transaction(c, x),
		Culprit:    analysis.Server,
		Confidence: 0.7,
		Reasons:    []string{"a client that looks for an answer while it sends may have read it before the RST"},
		Lost:       lost,
		Saved:      analysis.Cost{Bytes: sent},
		Message: fmt.Sprintf("the server answered %d with %s%s bytes of the request's body sent, and reset the connection %s later under the upload",
			a.Start.Status, grouped(sent), of, ms(t.RST.Sub(a.Last))),
		Measures: []analysis.Measure{
			{Name: "sent", Value: float64(sent), Unit: "bytes"},
			{Name: "after", Value: float64(t.RST.Sub(a.Last)) / 1e6, Unit: "ms"},
		},
	}
	f.Evidence.Cite(t.RST, "RST")
	f.Evidence.Cite(a.Last, "end of the early response")
	f.Evidence.Cite(q.Last, "last packet of the request")
	f.Evidence.Cite(q.First, "request")
	doubtRST(f, c)
	return f
}
