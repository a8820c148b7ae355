package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
)

// closeUnannounced finds servers that close behind a response as a habit and do
// not say so in it.
func closeUnannounced() *analysis.Rule {
	return &analysis.Rule{
		Name:     "keepalive/close-unannounced",
		Severity: analysis.Note,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.ConnectionEnd,
		Params: []analysis.Param{
			{Name: "at_once", Unit: "ms", Default: 50,
				Source: "a close that follows a response within a round trip, or what a busy server needs, was decided on with it"},
			{Name: "min_connections", Unit: "count", Default: 3,
				Source: "once may be a restart, twice chance; three times are a setting"},
		},
		Start: startCloseUnannounced,
	}
}

// promised marks a connection with a Keep-Alive field:
// keepalive-params-not-honoured speaks of that.
type promised struct{}

// unannounced is what the rule gathers of a pair.
type unannounced struct {
	gathered
	delay  stretch
	latest int64 // close of the connection counted last, ns since the epoch
}

func startCloseUnannounced(p *analysis.Pass) analysis.Run {
	conns, pairs := analysis.PerConnection[promised](p), analysis.PerPair[unannounced](p)
	soon, least := int64(p.Param("at_once")*1e6), int(p.Param("min_connections"))
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			if m := x.HTTP.Response; m != nil && m.Header.Get("keep-alive") != nil {
				conns.Connection(c)
			}
		},
		Close: func(c *timeline.Connection) {
			if conns.Peek(c.Slot()) != nil {
				return
			}
			if f, idle, ok := serverIdleClose(c); ok && idle <= atOnce(c, soon) {
				u := pairs.Pair(c.Pair)
				if u.n > 0 && opening(c).Time < u.latest && f.Time-u.latest < restart {
					return // open side by side and closed together: the server may have been stopped
				}
				u.latest = f.Time
				u.take(c)
				u.delay.add(idle)
				u.evidence.Cite(f, "close")
				u.evidence.Cite(c.LastEnd, "end of the response")
			}
		},
		Pair: func(pair *timeline.Pair) {
			if u := pairs.Peek(pair.Slot()); u != nil && u.n >= least {
				p.Report(u.finding(soon))
			}
		},
	}
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
