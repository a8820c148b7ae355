package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly/http1"
)

// keepaliveRequestRefused finds servers that do not grant the persistence that
// an HTTP/1.0 client asks for.
func keepaliveRequestRefused() *analysis.Rule {
	return &analysis.Rule{
		Name:     "keepalive/keepalive-request-refused",
		Severity: analysis.Note,
		PartOf:   []string{"keepalive/connection-per-request"},
		Needs:    analysis.Plaintext | analysis.Handshake | analysis.BothDirections | analysis.NoGapBefore | analysis.ConnectionEnd,
		Params: []analysis.Param{
			{Name: "min_connections", Unit: "count", Default: 2,
				Source: "a server may refuse once, for load or a restart; RFC 9112 §9.5 lets it"},
			{Name: "max_open", Unit: "ms", Default: 2000,
				Source: "as of token-missing: what stays open for longer was kept by deed"},
		},
		Start: startKeepaliveRequestRefused,
	}
}

// refusedRequest is the exchange in which keep-alive was asked for in vain.
type refusedRequest struct{ asked, refused capture.Frame }

func startKeepaliveRequestRefused(p *analysis.Pass) analysis.Run {
	conns, pairs := analysis.PerConnection[refusedRequest](p), analysis.PerPair[gathered](p)
	least, maxOpen := p.CountParam("min_connections"), int64(p.Param("max_open")*1e6)
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			if x.Index == 1 && x.Complete && refusesKeepAlive(x.HTTP) {
				*conns.Connection(c) = refusedRequest{x.HTTP.Request.Head, x.HTTP.Response.Head}
			}
		},
		Close: func(c *timeline.Connection) {
			r := conns.Peek(c.Slot())
			if r == nil || c.Transactions > 1 || c.Traits.Is(beyondHTTP1) {
				return
			}
			_, f, _ := c.Teardown.First() // who reads the refusal may be quicker than who wrote it
			if f.Sub(c.LastEnd) > maxOpen {
				return // kept by deed: token-missing speaks of it
			}
			g := pairs.Pair(c.Pair)
			g.take(c)
			g.evidence.Cite(r.refused, "response without keep-alive")
			g.evidence.Cite(r.asked, "request that asks for it")
			g.evidence.Cite(f, "close")
		},
		Pair: func(pair *timeline.Pair) {
			if g := pairs.Peek(pair.Slot()); g != nil && g.n >= least {
				p.Report(refusedFinding(g, least))
			}
		},
	}
}

// refusesKeepAlive reports whether an HTTP/1.0 request asked for keep-alive and
// the response does not grant it. An answer of HTTP/1.1 needs no token to do so.
// Behind a request that it could not read a server does right to close.
func refusesKeepAlive(x *http1.Transaction) bool {
	q, a := x.Request, x.Response
	if !beforeHTTP11(q) || !keepsAlive(q) || q.Header.HasToken("connection", "close") || closesOnError(a.Start.Status) {
		return false
	}
	return a.Header.HasToken("connection", "close") || beforeHTTP11(a) && !keepsAlive(a)
}

// closesOnError reports whether a status is one behind which servers close
// since the request, or the server, is not sound: what follows may not be a
// request at all.
func closesOnError(status int) bool {
	switch status {
	case 400, 408, 411, 413, 414, 417, 431:
		return true
	}
	return status >= 500
}

func refusedFinding(g *gathered, least int) *analysis.Finding {
	return &analysis.Finding{
		Subject:  g.subject,
		Culprit:  analysis.Server,
		Count:    g.n,
		Evidence: g.evidence,
		Lost:     analysis.Cost{Connections: g.n},
		Message: fmt.Sprintf("the client asked by HTTP/1.0 to keep %s; the server answered without keep-alive and closed",
			count(g.n, "connection")),
		Measures: []analysis.Measure{{Name: "refused", Value: float64(g.n), Threshold: float64(least), Unit: "count"}},
	}
}
