package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
)

// requestAfterClose finds clients that send a request on a connection behind
// one, or behind a response, that said Connection: close.
func requestAfterClose() *analysis.Rule {
	return &analysis.Rule{
		Name:     "keepalive/request-after-close",
		Severity: analysis.Error,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore,
		Start:    startRequestAfterClose,
	}
}

// lateRequests are the requests behind the close on one connection.
type lateRequests struct {
	n, unanswered int
	first         capture.Frame
	lost          int64 // ns that the ones without an answer took
}

// late is what the rule gathers of a pair.
type late struct {
	gathered
	requests, unanswered int
	byClient, byServer   int // connections, by who said close
}

func startRequestAfterClose(p *analysis.Pass) analysis.Run {
	conns, pairs := analysis.PerConnection[lateRequests](p), analysis.PerPair[late](p)
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			if behindClose(c, x) && !sentUnaware(c, x) {
				conns.Connection(c).add(x)
			}
		},
		Close: func(c *timeline.Connection) {
			if l := conns.Peek(c.Slot()); l != nil && !c.Traits.Is(beyondHTTP1) {
				pairs.Pair(c.Pair).add(c, l)
			}
		},
		Pair: func(pair *timeline.Pair) {
			if l := pairs.Peek(pair.Slot()); l != nil {
				p.Report(l.finding())
			}
		},
	}
}

// behindClose reports whether a transaction stands behind the one that said
// close.
func behindClose(c *timeline.Connection, x *timeline.Transaction) bool {
	a := &c.Announced
	return a.Close() && x.Index > a.Index && x.HTTP.Request != nil
}

// sentUnaware reports whether the client cannot have read the close when it
// sent the request (RFC 9112 §9.6): what passes the capture point sooner behind
// the response than the way to the client and back takes was under way. A
// client that pipelines may have sent it without waiting for anything, up to a
// round trip behind. What the client said itself it knew.
func sentUnaware(c *timeline.Connection, x *timeline.Transaction) bool {
	a := &c.Announced
	if a.By == timeline.ClientAsksClose {
		return false
	}
	behind := x.Request.Sub(a.Over)
	switch {
	case !a.Complete || x.Previous.IsZero() || behind < c.Flow[reassembly.Client].MinRTT*9/10:
		return true
	case c.Traits.Is(timeline.Pipelining):
		return c.RTT() == 0 || behind <= c.RTT()
	}
	return false
}

func (l *lateRequests) add(x *timeline.Transaction) {
	if l.n == 0 {
		l.first = x.Request
	}
	l.n++
	if !x.Complete {
		l.unanswered++
		l.lost += x.Exchange()
	}
}

func (l *late) add(c *timeline.Connection, on *lateRequests) {
	l.take(c)
	l.requests += on.n
	l.unanswered += on.unanswered
	l.lost.Add(analysis.Cost{Time: on.lost})
	role := "request that says close"
	if c.Announced.By == timeline.ClientAsksClose {
		l.byClient++
	} else {
		l.byServer++
		role = "response that says close"
	}
	l.evidence.Cite(on.first, "request behind the close")
	l.evidence.Cite(c.Announced.Said, role)
	l.evidence.Cite(c.Teardown.FIN[reassembly.Server], "close of the server")
	l.evidence.Cite(c.Teardown.RST, "reset")
}

func (l *late) finding() *analysis.Finding {
	said := "the client itself had said close"
	switch {
	case l.byClient == 0:
		said = "the server had said close"
	case l.byServer > 0:
		said = "client or server had said close"
	}
	f := &analysis.Finding{
		Subject:  l.subject,
		Culprit:  analysis.Client,
		Count:    l.requests,
		Evidence: l.evidence,
		Lost:     l.lost,
		Saved:    l.lost,
		Message:  fmt.Sprintf("%s on %s behind a message after which it must send none: %s", count(l.requests, "request"), count(l.n, "connection"), said),
		Measures: []analysis.Measure{{Name: "unanswered", Value: float64(l.unanswered), Unit: "count"}},
	}
	if l.unanswered > 0 {
		f.Message += fmt.Sprintf("; %d got no answer", l.unanswered)
	}
	return f
}
