package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
)

// newConnectionWhileIdleWarm finds connections that were opened while another
// one of the client to the same server was open, idle and free.
func newConnectionWhileIdleWarm() *analysis.Rule {
	return &analysis.Rule{
		Name:     "concurrency/new-connection-while-idle-warm",
		Severity: analysis.Note,
		Needs:    analysis.Plaintext | analysis.Handshake | analysis.BothDirections | analysis.NoGapBefore,
		Params: []analysis.Param{
			{Name: "min_connections", Unit: "count", Default: 3,
				Source: "two programs of one host each have a first connection; three in a row are a habit"},
			{Name: "max_idle", Unit: "ms", Default: 4000,
				Source: "the shortest idle limit of common servers is 5 s (Apache's KeepAliveTimeout, Node's keepAliveTimeout); a second before it a client may rightly distrust the connection"},
		},
		Start: startIdleWarm,
	}
}

// neglect is what the rule gathers of a pair.
type neglect struct {
	subject     analysis.Subject
	evidence    analysis.Evidence
	n           int
	lost, saved analysis.Cost
}

func startIdleWarm(p *analysis.Pass) analysis.Run {
	pairs := analysis.PerPair[neglect](p)
	least, limit := p.CountParam("min_connections"), int64(p.Param("max_idle")*1e6)
	return analysis.Run{
		Close: func(c *timeline.Connection) {
			if c.Spare.ID != 0 && c.Complete > 0 && !c.Traits.Is(beyondHTTP1|timeline.Preconnected) &&
				opening(c).Sub(c.Spare.Since) <= limit {
				pairs.Pair(c.Pair).add(c)
			}
		},
		Pair: func(pair *timeline.Pair) {
			if g := pairs.Peek(pair.Slot()); g != nil && g.n >= least {
				f := g.finding(least)
				perAddress(f, pair, 0.7)
				p.Report(f)
			}
		},
	}
}

func (g *neglect) add(c *timeline.Connection) {
	if g.n == 0 {
		g.subject = analysis.Pair(c.Pair)
	}
	g.n++
	g.subject.Gather(c)
	g.evidence.Cite(opening(c), "new connection")
	g.evidence.Cite(c.Spare.Since, "end of the last exchange on an idle one")
	cost := analysis.Cost{Time: c.PlainSetup(), RoundTrips: c.SetupRoundTrips, Connections: 1}
	g.lost.Add(cost)
	if !oneExchange(c) {
		g.saved.Add(cost) // else connection-per-request has promised it
	}
}

// oneExchange reports whether a connection is one of those that
// keepalive/connection-per-request speaks of.
func oneExchange(c *timeline.Connection) bool {
	return c.Transactions == 1 && c.Complete == 1 && c.Refusal != timeline.NotRefused && !c.Predecessor.IsZero()
}

func (g *neglect) finding(least int) *analysis.Finding {
	return &analysis.Finding{
		Subject:    g.subject,
		Culprit:    analysis.Client,
		Confidence: 0.7,
		Reasons:    []string{"several processes of one program may each keep connections of their own"},
		Count:      g.n,
		Evidence:   g.evidence,
		Lost:       g.lost,
		Saved:      g.saved,
		Message: fmt.Sprintf("%s were opened though another one of the client lay idle all the while and could have carried their requests; opening them took %s",
			count(g.n, "connection"), ms(g.lost.Time)),
		Measures: []analysis.Measure{
			{Name: "connections", Value: float64(g.n), Threshold: float64(least), Unit: "count"},
		},
	}
}
