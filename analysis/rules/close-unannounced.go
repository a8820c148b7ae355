package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
)

// closeUnannounced finds servers that close behind a response as a habit and do
// not say so in it.
func closeUnannounced() *analysis.Rule {
	return &analysis.Rule{
		Name:     "keepalive/close-unannounced",
		Severity: analysis.Note,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.ConnectionEnd | analysis.NotCut | analysis.Clock,
		Params: []analysis.Param{
			{Name: "at_once", Unit: "ms", Default: 50,
				Source: "a close that follows a response within a round trip, or what a busy server needs, was decided on with it"},
			{Name: "min_connections", Unit: "count", Default: 3,
				Source: "once may be a restart, twice chance; three times are a setting"},
		},
		Start: startCloseUnannounced,
	}
}

// unannounced is what the rule gathers of a pair.
type unannounced struct {
	gathered
	delay  stretch
	latest int64 // close of the connection counted last, ns since the epoch
}

func startCloseUnannounced(p *analysis.Pass) analysis.Run {
	conns, pairs := analysis.PerConnection[granted](p), analysis.PerPair[unannounced](p)
	soon, least := int64(p.Param("at_once")*1e6), p.CountParam("min_connections")
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			readGrant(conns, c, x)
		},
		Close: func(c *timeline.Connection) {
			if g := conns.Peek(c.Slot()); g != nil && (g.token || g.params) {
				return // keepalive-params-not-honoured and granted-then-closed speak of promises
			}
			if f, idle, ok := serverIdleClose(c); ok && idle <= atOnce(c, soon) {
				pairs.Pair(c.Pair).add(c, f, idle)
			}
		},
		Pair: func(pair *timeline.Pair) {
			if u := pairs.Peek(pair.Slot()); u != nil && u.n >= least {
				p.Report(u.finding(soon))
			}
		},
	}
}

// add takes a connection that was closed by f, idle ns behind a response. Of
// those that were open side by side and closed together only the first counts:
// the server may have been stopped.
func (u *unannounced) add(c *timeline.Connection, f capture.Frame, idle int64) {
	if u.n > 0 && opening(c).Time < u.latest && f.Time-u.latest < restart {
		return
	}
	u.latest = f.Time
	u.take(c)
	u.delay.add(idle)
	u.evidence.Cite(f, "close")
	u.evidence.Cite(c.LastEnd, "end of the response")
}

func (u *unannounced) finding(soon int64) *analysis.Finding {
	return &analysis.Finding{
		Subject:  u.subject,
		Culprit:  analysis.Server,
		Count:    u.n,
		Evidence: u.evidence,
		Message: fmt.Sprintf("the server closed %s %s behind a response that did not say so: a client cannot know, and its next request may cross the close",
			count(u.n, "connection"), u.delay.String()),
		Measures: []analysis.Measure{{Name: "delay", Value: float64(u.delay.most) / 1e6, Threshold: float64(soon) / 1e6, Unit: "ms"}},
	}
}
