package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// resetDestroysResponse finds whole responses that the server's own RST may
// have taken from the client again.
func resetDestroysResponse() *analysis.Rule {
	return &analysis.Rule{
		Name:     "close/reset-destroys-response",
		Severity: analysis.Warning,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore,
		Params: []analysis.Param{
			{Name: "slack", Unit: "ms", Default: 2,
				Source: "a receiver that was handed data acknowledges within a round trip and some time to wake up"},
		},
		Start: func(p *analysis.Pass) analysis.Run {
			slack := int64(p.Param("slack") * 1e6)
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				if destroyed(c, x, slack) {
					p.Report(maybeDestroyed(c, x))
				}
			}}
		},
	}
}

// destroyed reports whether an RST followed a whole response before the client
// could have acknowledged it, from a server that had not read all that the
// client sent: that is what turns a close into an RST (RFC 9293 §3.6.1, RFC
// 9112 §9.6).
func destroyed(c *timeline.Connection, x *timeline.Transaction, slack int64) bool {
	q, m, t := x.HTTP.Request, x.HTTP.Response, &c.Teardown
	if q == nil || m == nil || m.End != http1.Complete || t.RST.IsZero() || t.RSTBy != reassembly.Server || c.Unacked == 0 {
		return false
	}
	unread := q.End != http1.Complete || c.Flow[reassembly.Client].Bytes > q.Offset+q.Size()
	after := t.RST.Sub(m.Last)
	return unread && after >= 0 && after <= c.RTT()+slack
}

func maybeDestroyed(c *timeline.Connection, x *timeline.Transaction) *analysis.Finding {
	t, m := &c.Teardown, x.HTTP.Response
	f := &analysis.Finding{
		Subject:    analysis.Transaction(c, x),
		Culprit:    analysis.Server,
		Confidence: 0.7,
		Reasons:    []string{"whether the client had read the response before the RST came cannot be seen"},
		Message: fmt.Sprintf("the server reset the connection %s after its response while %s of it were not acknowledged: it had not read all that the client sent",
			ms(t.RST.Sub(m.Last)), count(c.Unacked, "byte")),
		Lost: analysis.Cost{Connections: 1},
		Measures: []analysis.Measure{
			{Name: "unacknowledged", Value: float64(c.Unacked), Unit: "bytes"},
			{Name: "after", Value: float64(t.RST.Sub(m.Last)) / 1e6, Threshold: float64(c.RTT()) / 1e6, Unit: "ms"},
		},
	}
	f.Evidence.Cite(t.RST, "RST")
	f.Evidence.Cite(m.Last, "last byte of the response")
	f.Evidence.Cite(x.RequestEnd, "last byte of the request")
	doubtRST(f, c)
	return f
}
