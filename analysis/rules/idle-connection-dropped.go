package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
)

// idleConnectionDropped finds connections that something on the way forgot
// while they were idle: a NAT, a firewall, a balancer.
func idleConnectionDropped() *analysis.Rule {
	return &analysis.Rule{
		Name:     "keepalive/idle-connection-dropped",
		Severity: analysis.Warning,
		Needs:    analysis.BothDirections | analysis.NoGapBefore | analysis.Vantage,
		Params: []analysis.Param{
			{Name: "min_idle", Unit: "ms", Default: 30000,
				Source: "the shortest idle limits of NAT devices for TCP in use; balancers have 60 s and more (RFC 5382 §5 asks for 124 minutes)"},
			{Name: "min_calls", Unit: "count", Default: 3,
				Source: "one repetition or two may be lost; RFC 6298 §5.5 sends each after twice the time"},
		},
		Start: startIdleConnectionDropped,
	}
}

// rested is the request that was sent behind an idle time and got no answer.
type rested struct {
	request, previous capture.Frame
	rest              int64 // ns
	lost              int64 // ns
}

// answeredAt is the latest exchange of a pair on a connection beside others.
type answeredAt struct{ request, response capture.Frame }

// drops is what the rule gathers of a pair.
type drops struct {
	gathered
	alive  answeredAt
	idle   stretch
	calls  int
	resets int
	saved  analysis.Cost // of silences tcp/rto-stall promises the time
}

func startIdleConnectionDropped(p *analysis.Pass) analysis.Run {
	conns, pairs := analysis.PerConnection[rested](p), analysis.PerPair[drops](p)
	idle, calls := int64(p.Param("min_idle")*1e6), p.CountParam("min_calls")
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			if unanswered(c, x) && c.Rest(x) >= idle {
				*conns.Connection(c) = rested{x.Request, x.Previous, c.Rest(x), x.Exchange()}
			}
			if c.Pair.Busy > 0 && !x.Response.IsZero() {
				pairs.Pair(c.Pair).alive = answeredAt{x.Request, x.Response}
			}
		},
		Close: func(c *timeline.Connection) {
			if r := conns.Peek(c.Slot()); r != nil && wasThere(c, r) {
				pairs.Pair(c.Pair).judge(c, r, calls)
			}
		},
		Pair: func(pair *timeline.Pair) {
			if d := pairs.Peek(pair.Slot()); d != nil && d.n > 0 {
				p.Report(d.finding(idle))
			}
		},
	}
}

// wasThere reports whether the server had answered on the connection and was
// not heard of again once the request had been sent, nor had closed before. At
// the server itself a silent server is no fault of the path.
func wasThere(c *timeline.Connection, r *rested) bool {
	return c.Vantage() != reassembly.AtServer && c.Complete > 0 && c.Teardown.FIN[reassembly.Server].IsZero() && c.Heard.Frame.Time < r.request.Time
}

// judge takes a connection if something on the way had dropped it: an RST tells
// by where it came from, silence by what is answered elsewhere meanwhile.
func (d *drops) judge(c *timeline.Connection, r *rested, calls int) {
	t, heard := &c.Teardown, &c.Heard
	switch {
	case foreignReset(c) && t.RST.Time >= r.request.Time:
		d.add(c, r)
		d.resets++
		d.saved.Add(analysis.Cost{Time: r.lost, Connections: 1})
		d.evidence.Cite(t.RST, "RST with another TTL than the server's")
	case (t.RST.IsZero() || t.RSTBy == reassembly.Client) && int(heard.Calls) >= calls &&
		d.alive.request.Time >= r.request.Time && d.alive.response.Time <= heard.Called.Time:
		d.add(c, r)
		d.calls += int(heard.Calls)
		d.evidence.Cite(heard.Called, "last repetition without an answer")
		d.evidence.Cite(d.alive.response, "the server answers on another connection")
	}
}

// foreignReset reports whether the RST in the server's name has come another
// way than its packets before. One hop more or less may be another path.
func foreignReset(c *timeline.Connection) bool {
	t, usual := &c.Teardown, int(c.Heard.TTL)
	if t.RST.IsZero() || t.RSTBy != reassembly.Server || c.Heard.Frame.IsZero() {
		return false
	}
	hops := int(t.RSTTTL) - usual
	return hops > 1 || hops < -1
}

func (d *drops) add(c *timeline.Connection, r *rested) {
	d.take(c)
	d.idle.add(r.rest)
	d.lost.Add(analysis.Cost{Time: r.lost, Connections: 1})
	d.evidence.Cite(r.request, "request behind the idle time")
	d.evidence.Cite(r.previous, "end of the exchange before")
}

func (d *drops) finding(least int64) *analysis.Finding {
	f := &analysis.Finding{
		Subject:    d.subject,
		Culprit:    analysis.Path,
		Count:      d.n,
		Confidence: 0.8,
		Reasons:    []string{"a server that was restarted in the meantime has forgotten its connections too"},
		Evidence:   d.evidence,
		Lost:       d.lost,
		Saved:      d.saved,
		Measures:   []analysis.Measure{{Name: "idle", Value: float64(d.idle.least) / 1e6, Threshold: float64(least) / 1e6, Unit: "ms"}},
	}
	if d.resets > 0 {
		doubt(f, 0.6, "some hosts send their own RSTs with another TTL than their data")
	}
	what := count(d.n, "connection") + " dead after " + d.idle.String() + " of idleness"
	switch d.resets {
	case 0:
		f.Message = fmt.Sprintf("%s: the request was sent again %s and never acknowledged, while the server answered on another connection",
			what, count(d.calls, "time"))
	case d.n:
		f.Message = what + ": an RST that came another way than the server's packets answered the request"
	default:
		f.Message = fmt.Sprintf("%s: %d ended by an RST that came another way than the server's packets, the others without any answer", what, d.resets)
	}
	return f
}
