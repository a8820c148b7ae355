package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
)

// reuseNearTimeout finds clients that use a connection again when the idle time
// that the server's Keep-Alive field grants is all but over.
func reuseNearTimeout() *analysis.Rule {
	return &analysis.Rule{
		Name:     "keepalive/reuse-near-timeout",
		Severity: analysis.Note,
		PartOf:   []string{"keepalive/keepalive-race-reset", "keepalive/keepalive-race-predicted"},
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.Clock,
		Params: []analysis.Param{
			{Name: "danger", Unit: "ratio", Default: 0.9,
				Source: "as of keepalive-race-predicted: the jitter of timers and pauses is of a tenth"},
			{Name: "min_closes", Unit: "count", Default: 3,
				Source: "as of keepalive-race-predicted: from so many closes on the server's true limit is known"},
		},
		Start: startReuseNearTimeout,
	}
}

// grant is the idle time that the latest response of a connection granted, ns,
// and the last byte of the head that said so.
type grant struct {
	timeout int64
	said    capture.Frame
}

// lateReuses is what the rule gathers of a pair.
type lateReuses struct {
	gathered
	latest  uint64 // the connection counted last
	reuses  int
	closes  int // by the server, of idle connections
	behind  int // of the reuses, those that came after the time granted
	rest    stretch
	timeout int64 // of the latest, ns
}

func startReuseNearTimeout(p *analysis.Pass) analysis.Run {
	conns, pairs := analysis.PerConnection[grant](p), analysis.PerPair[lateReuses](p)
	danger, closes := p.Param("danger"), p.CountParam("min_closes")
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			if g := conns.Peek(c.Slot()); g != nil && g.timeout > 0 && x.Complete {
				if rest := c.Rest(x); float64(rest) >= danger*float64(g.timeout) {
					pairs.Pair(c.Pair).add(c, x, g, rest)
				}
			}
			if m := x.HTTP.Response; m != nil && (conns.Peek(c.Slot()) != nil || m.Header.Get("keep-alive") != nil) {
				g := grant{said: m.Head}
				if keepsAlive(m) {
					g.timeout, _, _ = keepAliveParams(m)
				}
				*conns.Connection(c) = g
			}
		},
		Close: func(c *timeline.Connection) {
			if _, _, ok := serverIdleClose(c); ok && conns.Peek(c.Slot()) != nil {
				pairs.Pair(c.Pair).closes++
			}
		},
		Pair: func(pair *timeline.Pair) {
			if l := pairs.Peek(pair.Slot()); l != nil && l.n > 0 && l.closes < closes {
				p.Report(l.finding(danger))
			}
		},
	}
}

func (l *lateReuses) add(c *timeline.Connection, x *timeline.Transaction, g *grant, rest int64) {
	if l.n == 0 || l.latest != c.ID() {
		l.latest = c.ID()
		l.take(c)
	}
	l.subject.To = max(l.subject.To, x.End.Time)
	l.reuses++
	if rest > g.timeout {
		l.behind++
	}
	l.rest.add(rest)
	l.timeout = g.timeout
	l.evidence.Cite(x.Request, "request near the end of the time granted")
	l.evidence.Cite(g.said, "Keep-Alive")
	l.evidence.Cite(x.Previous, "end of the exchange before")
}

func (l *lateReuses) finding(danger float64) *analysis.Finding {
	f := &analysis.Finding{
		Subject:  l.subject,
		Culprit:  analysis.Client,
		Count:    l.reuses,
		Evidence: l.evidence,
		Message: fmt.Sprintf("the server grants timeout=%d, and the client used idle connections again after %s (%s): such a request may cross the close",
			l.timeout/1e9, l.rest.String(), count(l.reuses, "time")),
		Measures: []analysis.Measure{{Name: "idle", Value: float64(l.rest.most) / 1e6, Threshold: danger * float64(l.timeout) / 1e6, Unit: "ms"}},
	}
	if l.behind > 0 {
		f.Message += fmt.Sprintf("; %d came later than was granted and found it open still", l.behind)
	}
	return f
}
