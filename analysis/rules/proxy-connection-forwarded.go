package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
)

// proxyConnectionForwarded finds proxies that pass Proxy-Connection on.
func proxyConnectionForwarded() *analysis.Rule {
	return &analysis.Rule{
		Name:     "proxy/proxy-connection-forwarded",
		Severity: analysis.Warning,
		PartOf:   []string{"proxy/dumb-proxy-hang"},
		Needs:    analysis.Plaintext | analysis.BothDirections,
		Start: func(p *analysis.Pass) analysis.Run {
			routes, pairs := analysis.PerRoute[forwarded](p), analysis.PerPair[leaked](p)
			return analysis.Run{
				Path: func(path *timeline.Path) {
					if proxyConnectionPassed(path) {
						routes.Route(path.Route).add(path, nil)
					}
				},
				Route: func(r *timeline.Route) {
					if w := routes.Peek(r.Slot()); w != nil && (w.sure || w.addressed) {
						p.Report(w.proxyConnection(r))
					}
				},
				Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
					if !x.Relayed && leaksProxyConnection(x) {
						pairs.Pair(c.Pair).add(c, x)
					}
				},
				Pair: func(pair *timeline.Pair) {
					if l := pairs.Peek(pair.Slot()); l != nil {
						p.Report(l.finding())
					}
				},
			}
		},
	}
}

// proxyConnectionPassed reports whether the proxy sent on the Proxy-Connection
// that it was sent. To another proxy it may send one of its own.
func proxyConnectionPassed(p *timeline.Path) bool {
	if p.Up == nil {
		return false
	}
	v := p.Down.Header.Get("proxy-connection")
	return v != nil && p.Up.Header.Has([]byte("proxy-connection"), v) && (p.Verbatim || p.Up.Origin())
}

func (w *forwarded) proxyConnection(r *timeline.Route) *analysis.Finding {
	f := &analysis.Finding{
		Subject: w.subject, Evidence: w.evidence, Count: w.n, Culprit: analysis.Proxy,
		Message: fmt.Sprintf("the proxy %s passed Proxy-Connection on to %s in %s", r.Proxy, r.Server, count(w.n, "request")),
	}
	if !w.sure {
		doubtRelay(f)
	}
	return f
}

// leaked is what is gathered of a pair of which only the upstream leg is in the
// capture.
type leaked struct {
	subject  analysis.Subject
	evidence analysis.Evidence
	n        int
}

// leaksProxyConnection reports whether a request shows by itself that a proxy
// passed Proxy-Connection on: it went through one (Via) and on to an origin
// server (origin-form).
func leaksProxyConnection(x *timeline.Transaction) bool {
	q := x.HTTP.Request
	return q != nil && !q.Head.IsZero() && len(q.Start.Target) > 0 && q.Start.Target[0] == '/' &&
		q.Header.Get("proxy-connection") != nil && q.Header.Get("via") != nil
}

func (l *leaked) add(c *timeline.Connection, x *timeline.Transaction) {
	if l.n++; l.n == 1 {
		l.subject = analysis.Pair(c.Pair)
		l.subject.Gather(c)
	}
	l.subject.To = max(l.subject.To, x.End.Time)
	if l.subject.Connections[len(l.subject.Connections)-1] != c.ID() {
		l.subject.Gather(c)
	}
	l.evidence.Cite(x.HTTP.Request.Head, "request with Via and Proxy-Connection")
}

func (l *leaked) finding() *analysis.Finding {
	return &analysis.Finding{
		Subject: l.subject, Evidence: l.evidence, Count: l.n, Culprit: analysis.Proxy, Confidence: 0.8,
		Reasons: []string{"the client's side of the proxy is not in the capture"},
		Message: fmt.Sprintf("%s that came through a proxy still had Proxy-Connection", count(l.n, "request")),
	}
}
