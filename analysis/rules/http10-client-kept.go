package rules

import (
	"bytes"
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
)

// http10ClientKept finds proxies that keep the connections of clients which
// speak HTTP/1.0.
func http10ClientKept() *analysis.Rule {
	return &analysis.Rule{
		Name:     "proxy/http10-client-kept",
		Severity: analysis.Note,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore,
		Start: func(p *analysis.Pass) analysis.Run {
			kept := newHabits(p)
			return analysis.Run{
				Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
					if keptByProxy(x) {
						h := kept.add(c, x, analysis.Note, x.Response, "answer on a kept connection", func() string { return "" })
						h.evidence.Cite(x.Request, "request of HTTP/1.0 to a proxy")
					}
				},
				Pair: func(pair *timeline.Pair) {
					if h, f := kept.finding(pair); f != nil {
						f.Culprit = analysis.Proxy
						f.Message = fmt.Sprintf("the proxy answered %s of HTTP/1.0 on connections that it had kept: behind an old relay the wish to keep them may not be the client's",
							count(h.n, "request"))
						p.Report(f)
					}
				},
			}
		},
	}
}

// keptByProxy reports whether x is an exchange of HTTP/1.0 with a proxy on a
// connection that had carried one before. Only a client that knows of a proxy
// asks in absolute-form (RFC 9112 §3.2.2).
func keptByProxy(x *timeline.Transaction) bool {
	q := x.HTTP.Request
	return !x.Previous.IsZero() && x.Complete && beforeHTTP11(q) &&
		len(q.Start.Target) > 7 && bytes.EqualFold(q.Start.Target[:7], []byte("http://"))
}
