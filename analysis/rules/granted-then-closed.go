package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
)

// grantedThenClosed finds servers that grant keep-alive in a response and close
// right behind it.
func grantedThenClosed() *analysis.Rule {
	return &analysis.Rule{
		Name:     "keepalive/granted-then-closed",
		Severity: analysis.Warning,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.ConnectionEnd,
		Params: []analysis.Param{
			{Name: "at_once", Unit: "ms", Default: 50,
				Source: "as of close-unannounced: a close that follows a response so soon was decided on with it"},
			{Name: "min_connections", Unit: "count", Default: 2,
				Source: "once may be a restart; RFC 9112 §9.5 lets a server close at any time"},
		},
		Start: startGrantedThenClosed,
	}
}

// granted is what the latest response of a connection said.
type granted struct {
	token, params bool // Connection: keep-alive; a Keep-Alive field
}

// readGrant takes what a response says; a connection on which none says
// anything needs no slot.
func readGrant(conns *analysis.Slots[granted], c *timeline.Connection, x *timeline.Transaction) {
	m := x.HTTP.Response
	if m == nil {
		return
	}
	g := granted{keepsAlive(m), m.Header.Get("keep-alive") != nil}
	if g != (granted{}) || conns.Peek(c.Slot()) != nil {
		*conns.Connection(c) = g
	}
}

func startGrantedThenClosed(p *analysis.Pass) analysis.Run {
	conns, pairs := analysis.PerConnection[granted](p), analysis.PerPair[unannounced](p)
	soon, least := int64(p.Param("at_once")*1e6), p.CountParam("min_connections")
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			readGrant(conns, c, x)
		},
		Close: func(c *timeline.Connection) {
			if g := conns.Peek(c.Slot()); g == nil || !g.token || g.params {
				return // of a Keep-Alive field keepalive-params-not-honoured speaks
			}
			if f, idle, ok := serverIdleClose(c); ok && idle <= atOnce(c, soon) {
				pairs.Pair(c.Pair).add(c, f, idle)
			}
		},
		Pair: func(pair *timeline.Pair) {
			if u := pairs.Peek(pair.Slot()); u != nil && u.n >= least {
				p.Report(brokenGrant(u, soon))
			}
		},
	}
}

func brokenGrant(u *unannounced, soon int64) *analysis.Finding {
	f := u.finding(soon)
	f.Lost = analysis.Cost{Connections: u.n}
	f.Message = fmt.Sprintf("the server said Connection: keep-alive and closed %s %s behind that response",
		count(u.n, "connection"), u.delay.String())
	return f
}
