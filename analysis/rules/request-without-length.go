package rules

import (
	"fmt"
	"slices"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// requestWithoutLength finds requests with a body of which their head says
// nothing, and those that a server refused for it.
func requestWithoutLength() *analysis.Rule {
	return &analysis.Rule{
		Name:     "framing/request-without-length",
		Severity: analysis.Error,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.NotCut,
		Start: func(p *analysis.Pass) analysis.Run {
			return analysis.Run{
				Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
					if refusedLength(x.HTTP) && !slices.ContainsFunc(c.Surplus, func(s timeline.Surplus) bool {
						return s.Side == reassembly.Client && s.Index == x.HTTP.Index
					}) {
						p.Report(lengthRequired(c, x))
					}
				},
				Close: func(c *timeline.Connection) {
					for i := range c.Surplus {
						if s := &c.Surplus[i]; bodyUnannounced(c, s) {
							p.Report(unannouncedBody(c, s))
						}
					}
				},
			}
		},
	}
}

// refusedLength reports whether a request without a length got the answer
// that is made for it (RFC 9110 §15.5.12).
func refusedLength(x *http1.Transaction) bool {
	q, a := x.Request, x.Response
	return q != nil && a != nil && a.Start.Status == 411 && q.Framing == http1.None && q.Declared.IsAbsent()
}

// bodyUnannounced reports whether bytes follow a request that gives itself no
// body. Behind a CONNECT or an Upgrade a client in a hurry sends what will be
// no HTTP.
func bodyUnannounced(c *timeline.Connection, s *timeline.Surplus) bool {
	return s.Side == reassembly.Client && s.Framing == http1.None && s.Method != "" && s.Method != "CONNECT" && !c.Traits.Is(beyondHTTP1)
}

func lengthRequired(c *timeline.Connection, x *timeline.Transaction) *analysis.Finding {
	f := &analysis.Finding{
		Subject:  analysis.Transaction(c, x),
		Severity: analysis.Warning,
		Culprit:  analysis.Client,
		Message: fmt.Sprintf("the server refused a %s without Content-Length with 411: the exchange of %s was for nothing",
			excerpt(x.HTTP.Request.Start.Method), ms(x.Exchange())),
		Lost: analysis.Cost{Time: x.Exchange(), RoundTrips: 1},
	}
	f.Evidence.Cite(x.HTTP.Request.Head, "request without a length")
	f.Evidence.Cite(x.HTTP.Response.Head, "411")
	return f
}

func unannouncedBody(c *timeline.Connection, s *timeline.Surplus) *analysis.Finding {
	f := surplusFinding(c, s)
	f.Message = fmt.Sprintf("%s bytes follow the %s of exchange %d, which has neither Content-Length nor chunked coding: to the server they are no body",
		grouped(s.Bytes), excerpt([]byte(s.Method)), s.Index)
	f.Evidence.Cite(s.First, "bytes behind the head")
	f.Evidence.Cite(s.End, "end of the head")
	return f
}
