package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// closedWithoutAnswer finds connections on which a server took a request and
// closed without one byte in reply.
func closedWithoutAnswer() *analysis.Rule {
	return &analysis.Rule{
		Name:     "close/closed-without-answer",
		Severity: analysis.Warning,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.Handshake | analysis.NoGapBefore,
		Start: func(p *analysis.Pass) analysis.Run {
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				if neverAnswered(c, x) {
					p.Report(noAnswer(c, x))
				}
			}}
		},
	}
}

// neverAnswered reports whether x is the first request of its connection, the
// server's host acknowledged it, and the server was the first to close without
// ever having sent anything. Later requests do not come into it: that a server
// closes a connection between two requests is its right.
func neverAnswered(c *timeline.Connection, x *timeline.Transaction) bool {
	q := x.HTTP.Request
	if x.Index != 1 || q == nil || q.End != http1.Complete || x.HTTP.Response != nil || c.Flow[reassembly.Server].Bytes > 0 {
		return false
	}
	side, f, ok := c.Teardown.First()
	return ok && side == reassembly.Server && f.Time >= x.RequestEnd.Time && taken(c, q)
}

// taken reports whether the server's host acknowledged all of a request.
func taken(c *timeline.Connection, q *http1.Message) bool {
	return c.Flow[reassembly.Client].AckedOffset() >= q.Offset+q.Size()
}

func noAnswer(c *timeline.Connection, x *timeline.Transaction) *analysis.Finding {
	_, closing, _ := c.Teardown.First()
	lost := analysis.Cost{Connections: 1, Time: x.Exchange()}
	f := &analysis.Finding{
		Subject: analysis.Transaction(c, x),
		Culprit: analysis.Server,
		Message: fmt.Sprintf("the server %s %s after the request without answering it", how(c, closing), ms(closing.Sub(x.RequestEnd))),
		Lost:    lost,
		Saved:   lost,
		Measures: []analysis.Measure{
			{Name: "after", Value: float64(closing.Sub(x.RequestEnd)) / 1e6, Unit: "ms"},
		},
	}
	f.Evidence.Cite(closing, "close without an answer")
	f.Evidence.Cite(x.RequestEnd, "end of the request")
	f.Evidence.Cite(x.Request, "request")
	if closing == c.Teardown.RST {
		doubtRST(f, c)
	}
	return f
}
