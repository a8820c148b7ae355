package rules

import (
	"fmt"
	"slices"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly/http1"
)

// excessiveParallelConnections finds pairs with far more connections at work
// at the same time than clients usually open to one server.
func excessiveParallelConnections() *analysis.Rule {
	return &analysis.Rule{
		Name:     "concurrency/excessive-parallel-connections",
		Severity: analysis.Warning,
		Needs:    analysis.BothDirections,
		Params: []analysis.Param{
			{Name: "max_parallel", Unit: "count", Default: 12,
				Source: "browsers open 6 connections to a host (Chromium's socket group, Firefox's max-persistent-connections-per-server); twice that is no accident"},
		},
		Start: startExcessiveParallel,
	}
}

// crowd is what the rule gathers of a pair that is too busy.
type crowd struct {
	subject  analysis.Subject
	syns     analysis.Evidence
	n        int
	requests int
	relayed  int // of these, such as an intermediary passed on
	hosts    [8]uint64
	names    int // hosts that differ
}

func startExcessiveParallel(p *analysis.Pass) analysis.Run {
	pairs := analysis.PerPair[crowd](p)
	most := p.CountParam("max_parallel")
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			if c.Pair.PeakBusy > most && !x.Opaque() && x.HTTP.Request != nil {
				pairs.Pair(c.Pair).asked(x.HTTP.Request)
			}
		},
		Close: func(c *timeline.Connection) {
			if c.Pair.PeakBusy > most && c.Traits.Is(timeline.ParallelConnections) {
				pairs.Pair(c.Pair).add(c)
			}
		},
		Pair: func(pair *timeline.Pair) {
			if g := pairs.Peek(pair.Slot()); g != nil && g.n > 0 && !g.intermediary() && pair.PeakBusy > most*max(1, g.names) {
				p.Report(g.finding(pair, most))
				pair.RestartPeak()
			}
		},
	}
}

// asked takes a request: for whom, and of what host. Browsers count by host
// name, and one server may have many.
func (g *crowd) asked(q *http1.Message) {
	g.requests++
	if q.Header.Get("via") != nil || q.Header.Get("x-forwarded-for") != nil || q.Header.Get("forwarded") != nil {
		g.relayed++
	}
	host := digest(q.Header.Get("host"))
	if g.names < len(g.hosts) && !slices.Contains(g.hosts[:g.names], host) {
		g.hosts[g.names] = host
		g.names++
	}
}

// intermediary reports whether the client passes on what others ask, and each
// exchange of HTTP/1 that is under way needs a connection (RFC 9112 §9.3).
func (g *crowd) intermediary() bool { return 2*g.relayed > g.requests }

func (g *crowd) add(c *timeline.Connection) {
	if g.n == 0 {
		g.subject = analysis.Pair(c.Pair)
	}
	g.n++
	g.subject.Gather(c)
	g.syns.Cite(opening(c), "one of the connections")
}

func (g *crowd) finding(pair *timeline.Pair, most int) *analysis.Finding {
	f := &analysis.Finding{
		Subject: g.subject,
		Culprit: analysis.Client,
		Count:   g.n,
		Lost:    analysis.Cost{Connections: pair.PeakBusy - min(usualParallel, pair.PeakBusy)},
		Message: fmt.Sprintf("%s to one server were at work at the same time; browsers make do with %d",
			count(pair.PeakBusy, "connection"), usualParallel),
		Measures: []analysis.Measure{
			{Name: "parallel", Value: float64(pair.PeakBusy), Threshold: float64(most * max(1, g.names)), Unit: "count"},
			{Name: "client_stacks", Value: float64(pair.Caller.Kinds()), Unit: "count"},
		},
	}
	perAddress(f, pair, 0.5)
	f.Evidence.Cite(pair.Peak, "request that makes it so many")
	for _, s := range g.syns.Frames {
		f.Evidence.Cite(s.Frame, s.Role)
	}
	f.Evidence.Omitted += g.syns.Omitted
	return f
}

// usualParallel is how many connections browsers open to one host over HTTP/1.
const usualParallel = 6
