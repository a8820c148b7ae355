package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
)

// upstreamDowngraded finds proxies that open a connection for each request
// though their clients keep theirs.
func upstreamDowngraded() *analysis.Rule {
	return &analysis.Rule{
		Name:     "proxy/upstream-downgraded",
		Severity: analysis.Warning,
		Needs:    analysis.Plaintext | analysis.BothDirections,
		Params: []analysis.Param{
			{Name: "min_requests", Unit: "count", Default: 3,
				Source: "one connection more than needed may be chance, two in a row are a habit"},
			{Name: "downgraded_share", Unit: "ratio", Default: 0.5,
				Source: "a pool that ends connections after many requests says close now and then; more than every other time is no pool"},
		},
		Start: func(p *analysis.Pass) analysis.Run {
			routes := analysis.PerRoute[downgraded](p)
			least, share := p.CountParam("min_requests"), p.Param("downgraded_share")
			return analysis.Run{
				Path: func(path *timeline.Path) {
					if path.Up != nil && !webSocket(&path.Down.Header) {
						routes.Route(path.Route).take(path)
					}
				},
				Route: func(r *timeline.Route) {
					if w := routes.Peek(r.Slot()); w != nil && w.n >= least && float64(w.n) >= share*float64(w.all) {
						p.Report(w.finding(r, least))
					}
				},
			}
		},
	}
}

// downgraded is what the rule gathers of a route.
type downgraded struct {
	routed
	all   int // requests of clients that keep their connections
	old   int // of those that lost it upstream, the ones sent on in HTTP/1.0
	setup int64
}

// take counts a request of a client that keeps its connection, and whether the
// proxy gave its own up with it. Nothing is lost where the connection had
// carried others before.
func (w *downgraded) take(p *timeline.Path) {
	if !p.Down.Keeps() || !p.Down.Start.AtLeast(1, 1) {
		return
	}
	w.all++
	if p.Up.Keeps() || p.Up.Index != 1 {
		return
	}
	w.add(p, "kept by the client", "given up by the proxy")
	w.setup += p.Up.Setup
	if !p.Up.Start.AtLeast(1, 1) {
		w.old++
	}
}

// finding is what a route comes to. What reuse would save is promised by
// keepalive/connection-per-request, for the proxy as a client of the server.
func (w *downgraded) finding(r *timeline.Route, least int) *analysis.Finding {
	how := "with Connection: close"
	if w.old*2 > w.n {
		how = "in HTTP/1.0 without keep-alive"
	}
	return &analysis.Finding{
		Subject: w.subject, Evidence: w.evidence, Count: w.n, Culprit: analysis.Proxy,
		Lost: analysis.Cost{Time: w.setup, RoundTrips: w.n, Connections: w.n},
		Message: fmt.Sprintf("clients keep their connections to the proxy %s; it sent %s on to %s %s, each over a connection of its own",
			r.Proxy, count(w.n, "request"), r.Server, how),
		Measures: []analysis.Measure{
			{Name: "downgraded", Value: float64(w.n), Threshold: float64(least), Unit: "count"},
			{Name: "share", Value: float64(w.n) / float64(w.all), Unit: "ratio"},
		},
	}
}
