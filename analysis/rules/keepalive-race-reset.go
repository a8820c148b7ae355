package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
)

// keepaliveRaceReset finds requests that were on their way when the server
// closed the connection: nobody is wrong, and the request is lost.
func keepaliveRaceReset() *analysis.Rule {
	return &analysis.Rule{
		Name:     "keepalive/keepalive-race-reset",
		Severity: analysis.Warning,
		Needs:    analysis.BothDirections | analysis.NoGapBefore,
		Start:    startKeepaliveRace,
	}
}

// raced is the last request of a connection, if it got no answer.
type raced struct {
	request, previous capture.Frame
	rest              int64 // before the request, ns
	lost              int64 // ns
	risky             bool  // it must not be sent again blindly
}

// races is what the rule gathers of a pair.
type races struct {
	gathered
	client, server stretch // idle time before the request, and before the close
	margin         stretch // how much sooner the client would have had to know
	risky, opaque  int
	resets         int   // closed by RST alone
	outside        int64 // ns, of what was lost, what is not in the capture point's account
}

func startKeepaliveRace(p *analysis.Pass) analysis.Run {
	conns, pairs := analysis.PerConnection[raced](p), analysis.PerPair[races](p)
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			if unanswered(c, x) {
				*conns.Connection(c) = racedBy(c, x)
			}
		},
		Close: func(c *timeline.Connection) {
			if r := conns.Peek(c.Slot()); r != nil {
				if f, ok := r.crossed(c); ok {
					pairs.Pair(c.Pair).add(c, r, f)
				}
			}
		},
		Pair: func(pair *timeline.Pair) {
			if r := pairs.Peek(pair.Slot()); r != nil {
				p.Report(r.finding())
			}
		},
	}
}

// unanswered reports whether a request went out on a connection at rest, of
// which nobody had said that it would end, and got no byte of an answer.
func unanswered(c *timeline.Connection, x *timeline.Transaction) bool {
	return x.Response.IsZero() && (x.Opaque() || x.HTTP.Request != nil) && !x.Previous.IsZero() && c.Announced.By == timeline.NotRefused
}

func racedBy(c *timeline.Connection, x *timeline.Transaction) raced {
	return raced{request: x.Request, previous: x.Previous, rest: c.Rest(x), lost: x.Exchange(), risky: !x.Opaque() && !mayBeRepeated(x)}
}

// crossed is the packet with which the server closed before it could know of
// the request. Of a FIN the acknowledgement numbers tell. An RST has none to
// go by: it must come too soon behind the request to be an answer to it.
func (r *raced) crossed(c *timeline.Connection) (capture.Frame, bool) {
	t := &c.Teardown
	if fin := t.FIN[reassembly.Server]; !fin.IsZero() {
		return fin, t.Crossing[reassembly.Server].Is(reassembly.Crossed) && c.Unaware() && fin.Time >= r.previous.Time
	}
	tooSoon := c.Flow[reassembly.Server].MinRTT * 9 / 10
	return t.RST, !t.RST.IsZero() && t.RSTBy == reassembly.Server && t.FIN[reassembly.Client].IsZero() &&
		t.RST.Sub(r.request) < tooSoon && !foreignReset(c)
}

// mayBeRepeated reports whether a client may send a request again by itself
// (RFC 9110 §9.2.2).
func mayBeRepeated(x *timeline.Transaction) bool {
	m := x.HTTP.Request // unanswered has seen that it is there
	switch string(m.Start.Method) {
	case "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE":
		return true
	}
	return m.Header.Get("idempotency-key") != nil
}

func (s *races) add(c *timeline.Connection, r *raced, closing capture.Frame) {
	s.take(c)
	s.client.add(r.rest)
	s.server.add(closing.Sub(r.previous))
	// The request left half of the client's round trip before it passed the
	// capture point, and the close reaches the client half of one behind it.
	margin := max(0, closing.Sub(r.request)+c.Flow[reassembly.Client].MinRTT)
	s.margin.add(margin)
	// So long the client waited in vain, wherever the capture was taken.
	lost := max(r.lost, margin)
	s.outside += lost - r.lost
	s.lost.Add(analysis.Cost{Time: lost, Connections: 1})
	if r.risky {
		s.risky++
	}
	if c.Encrypted {
		s.opaque++
	}
	s.evidence.Cite(closing, "close without knowledge of the request")
	s.evidence.Cite(r.request, "request without knowledge of the close")
	s.evidence.Cite(r.previous, "end of the exchange before")
	if closing == c.Teardown.RST {
		s.resets++
	} else if c.Teardown.RSTBy == reassembly.Server {
		s.evidence.Cite(c.Teardown.RST, "reset")
	}
}

func (s *races) finding() *analysis.Finding {
	f := &analysis.Finding{
		Subject:  s.subject,
		Count:    s.n,
		Evidence: s.evidence,
		Lost:     s.lost,
		Saved:    s.lost,
		Outside:  s.outside,
		Message: fmt.Sprintf("%s crossed the server's close of an idle connection and got no answer: the server closed after %s, the client had asked again after %s, %s too early to know",
			count(s.n, "request"), s.server.String(), s.client.String(), s.margin.String()),
		Measures: []analysis.Measure{
			{Name: "server_idle", Value: float64(s.server.least) / 1e6, Unit: "ms"},
			{Name: "client_idle", Value: float64(s.client.least) / 1e6, Unit: "ms"},
			{Name: "margin", Value: float64(s.margin.most) / 1e6, Unit: "ms"},
		},
	}
	if s.risky > 0 {
		f.Message += fmt.Sprintf("; %d must not be repeated blindly", s.risky)
	}
	if s.resets > 0 {
		f.Confidence = 0.8
		f.Reasons = append(f.Reasons, "an RST does not say what it had received: that it came too soon to be an answer is told by the round trip")
	}
	if s.opaque > 0 {
		f.Confidence = 0.8
		f.Reasons = append(f.Reasons, "encrypted: what crossed the close may be no request")
	}
	return f
}
