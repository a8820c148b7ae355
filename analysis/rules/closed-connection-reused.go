package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// closedConnectionReused finds clients that send a request on a connection
// whose end they have had in hand: they look at the socket too late or never.
func closedConnectionReused() *analysis.Rule {
	return &analysis.Rule{
		Name:     "keepalive/closed-connection-reused",
		Severity: analysis.Warning,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore,
		Start:    startClosedReused,
	}
}

// stale is what the rule gathers of a pair.
type stale struct {
	gathered
	server, known stretch // idle time before the close, and from it to the request
	risky         int
}

func startClosedReused(p *analysis.Pass) analysis.Run {
	conns, pairs := analysis.PerConnection[raced](p), analysis.PerPair[stale](p)
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			if unanswered(c, x) {
				*conns.Connection(c) = racedBy(c, x)
			}
		},
		Close: func(c *timeline.Connection) {
			r, fin := conns.Peek(c.Slot()), c.Teardown.FIN[reassembly.Server]
			if r != nil && c.Teardown.Crossing[reassembly.Server]&^reassembly.CrossedFIN == reassembly.SentAfter && r.request.Time > fin.Time {
				pairs.Pair(c.Pair).add(c, r)
			}
		},
		Pair: func(pair *timeline.Pair) {
			if s := pairs.Peek(pair.Slot()); s != nil {
				p.Report(s.finding())
			}
		},
	}
}

func (s *stale) add(c *timeline.Connection, r *raced) {
	fin := c.Teardown.FIN[reassembly.Server]
	s.take(c)
	s.server.add(fin.Sub(r.previous))
	s.known.add(max(0, r.request.Sub(fin)-c.Flow[reassembly.Client].MinRTT))
	s.lost.Add(analysis.Cost{Time: r.lost, Connections: 1})
	if r.risky {
		s.risky++
	}
	s.evidence.Cite(r.request, "request that acknowledges the FIN")
	s.evidence.Cite(fin, "FIN")
	s.evidence.Cite(r.previous, "end of the exchange before")
	if c.Teardown.RSTBy == reassembly.Server {
		s.evidence.Cite(c.Teardown.RST, "reset")
	}
}

func (s *stale) finding() *analysis.Finding {
	f := &analysis.Finding{
		Subject:  s.subject,
		Culprit:  analysis.Client,
		Count:    s.n,
		Evidence: s.evidence,
		Lost:     s.lost,
		Saved:    s.lost,
		Message: fmt.Sprintf("%s went out on a connection that the server had closed after %s, %s after the client's host had acknowledged that, and got no answer",
			count(s.n, "request"), s.server.String(), s.known.String()),
		Measures: []analysis.Measure{
			{Name: "server_idle", Value: float64(s.server.least) / 1e6, Unit: "ms"},
			{Name: "known", Value: float64(s.known.least) / 1e6, Unit: "ms"},
		},
	}
	if s.risky > 0 {
		f.Message += fmt.Sprintf("; %d must not be repeated blindly", s.risky)
	}
	return f
}
