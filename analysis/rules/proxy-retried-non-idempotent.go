package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
)

// proxyRetriedNonIdempotent finds proxies that send a request a second time
// that must not be repeated blindly.
func proxyRetriedNonIdempotent() *analysis.Rule {
	return &analysis.Rule{
		Name:     "proxy/proxy-retried-non-idempotent",
		Severity: analysis.Error,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore,
		Start: func(p *analysis.Pass) analysis.Run {
			routes := analysis.PerRoute[resent](p)
			return analysis.Run{
				Path: func(path *timeline.Path) {
					if path.Before != nil && repeatedBlindly(path) {
						routes.Route(path.Route).take(path)
					}
				},
				Route: func(r *timeline.Route) {
					if w := routes.Peek(r.Slot()); w != nil {
						p.Report(w.finding(r))
					}
				},
			}
		},
	}
}

// repeatedBlindly reports whether the second attempt repeats the first: that was sent
// whole and is over, and what became of it does not say that nothing was done.
// Requests sent to several servers at once are copies, not repetitions.
func repeatedBlindly(p *timeline.Path) bool {
	first, again := p.Before, p.Up
	return !safeToRepeat(string(p.Down.Start.Method)) && p.Down.Header.Get("idempotency-key") == nil &&
		!p.Ambiguous && !first.Open && first.RequestWhole && again.RequestWhole && first.Body == again.Body &&
		first.End.Time <= again.Request.Time && first.End.Number() < again.Request.Number() && mayHaveWorked(first.Status)
}

// safeToRepeat reports whether a method is idempotent (RFC 9110 §9.2.2, RFC
// 4918 §9), or one of which it is not known that it is not.
func safeToRepeat(method string) bool { return method != "POST" && method != "PATCH" }

// mayHaveWorked reports whether a server that answered so, or not at all (0),
// may have acted on the request. 503 and most of 4xx say that it did not.
func mayHaveWorked(status int) bool {
	return status == 0 || status == 500 || status == 502 || status == 504
}

// resent is what the rule gathers of a route.
type resent struct {
	routed
	stale  int // first attempts on a connection used before
	method string
	lost   int64
}

func (w *resent) take(p *timeline.Path) {
	if w.n == 0 {
		w.method = quoted(p.Down.Start.Method)
	}
	w.add(p, "sent by the client once", "sent on again")
	if p.Before.Server == p.Up.Server {
		w.subject.GatherPath(&timeline.Path{Down: p.Down, Up: p.Before})
		w.evidence.Cite(p.Before.HeadEnd, "sent on first")
	}
	w.lost += p.Before.End.Sub(p.Before.Request)
	if p.Before.Index > 1 && p.Before.Status == 0 {
		w.stale++
	}
}

func (w *resent) finding(r *timeline.Route) *analysis.Finding {
	f := &analysis.Finding{
		Subject: w.subject, Evidence: w.evidence, Count: w.n, Culprit: analysis.Proxy, Lost: analysis.Cost{Time: w.lost},
		Message: fmt.Sprintf("the proxy %s sent %s a second time to %s after the first try failed; the clients had sent each once",
			r.Proxy, count(w.n, w.method+" request"), r.Server),
	}
	if w.stale == w.n {
		f.Confidence = 0.8
		f.Reasons = append(f.Reasons, "the first try went over a kept connection that was closed without an answer: the server may not have read it")
	}
	return f
}
