package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// unsolicitedResponse finds responses to which there was no request.
func unsolicitedResponse() *analysis.Rule {
	return &analysis.Rule{
		Name:     "framing/unsolicited-response",
		Severity: analysis.Warning,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.Handshake | analysis.NoGapBefore | analysis.NotCut,
		Start: func(p *analysis.Pass) analysis.Run {
			conns := analysis.PerConnection[unsolicited](p)
			return analysis.Run{
				Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
					switch {
					case nobodyAsked(c, x.HTTP):
						conns.Connection(c).add(c, x)
					case x.HTTP.Response == nil && conns.Peek(c.Slot()) != nil:
						// The answer may have been this request's: a capture
						// can have the two in the wrong order.
						conns.Connection(c).doubtful = true
					}
				},
				Close: func(c *timeline.Connection) {
					if u := conns.Peek(c.Slot()); u != nil && !u.doubtful {
						p.Report(u.f)
					}
				},
			}
		},
	}
}

// unsolicited is what the rule gathers of a connection.
type unsolicited struct {
	f        *analysis.Finding
	doubtful bool
}

// nobodyAsked reports whether a response has no request. A 408 needs none (RFC
// 9110 §15.5.9). Where the client sent what is no request, it was answered.
func nobodyAsked(c *timeline.Connection, x *http1.Transaction) bool {
	m := x.Response
	if fin := c.Teardown.FIN[reassembly.Client]; m != nil && !fin.IsZero() && fin.Time < m.First.Time {
		return false // to a client that has gone: an error for what it did not ask
	}
	if x.Request != nil || m == nil || m.Start.Status == 408 || m.Framing == http1.Undecided || c.Traits.Is(beyondHTTP1) {
		return false
	}
	return !x.Unread
}

func (u *unsolicited) add(c *timeline.Connection, x *timeline.Transaction) {
	m := x.HTTP.Response
	if u.f == nil {
		u.f = &analysis.Finding{
			Subject: analysis.Connection(c), Culprit: analysis.Server,
			Message: fmt.Sprintf("the server sent a %d that nobody had asked for", m.Start.Status),
		}
		if m.Start.Status >= 400 && m.Header.HasToken("connection", "close") {
			// Like a 408: the server says why it closes.
			u.f.Severity = analysis.Note
			u.f.Message += ", and closed"
		}
	} else {
		u.f.Count = max(u.f.Count, 1) + 1
	}
	u.f.Lost.Bytes += m.Size()
	u.f.Subject.To = max(u.f.Subject.To, x.End.Time)
	u.f.Evidence.Cite(m.First, "response without a request")
}
