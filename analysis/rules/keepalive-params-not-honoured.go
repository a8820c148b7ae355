package rules

import (
	"bytes"
	"fmt"
	"strconv"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// keepaliveParamsNotHonoured finds servers that close earlier than their
// Keep-Alive field promises.
func keepaliveParamsNotHonoured() *analysis.Rule {
	return &analysis.Rule{
		Name:     "keepalive/keepalive-params-not-honoured",
		Severity: analysis.Warning,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.ConnectionEnd | analysis.Clock,
		Params: []analysis.Param{
			{Name: "slack", Unit: "ms", Default: 1000,
				Source: "timeout is in whole seconds, and servers look at their clocks once a second (RFC 2068 §19.7.1.1 gives no precision)"},
			{Name: "at_once", Unit: "ms", Default: 50,
				Source: "a close that follows a response within a round trip, or what a busy server needs, belongs to it"},
			{Name: "min_connections", Unit: "count", Default: 2,
				Source: "one early close may be a restart"},
		},
		Start: startKeepaliveParams,
	}
}

// promise is what the latest response with a Keep-Alive field said.
type promise struct {
	index    int   // of the transaction
	answered int   // of the latest with a response
	timeout  int64 // ns; 0: none
	max      int64 // requests; -1: none
	firstMax int64 // as the first response had it
	bare     bool  // the field stood without the token
	said     capture.Frame
	request  capture.Frame // its first packet: a server's clock starts no earlier
	end      capture.Frame
}

// broken is what the rule gathers of a pair.
type broken struct {
	gathered
	latest       int64 // close of the connection counted last, ns since the epoch
	byMax        int   // connections closed right behind a response
	idle         stretch
	timeout      int64 // of the latest
	bare         bool  // some promise was made without the token
	served, more stretch
}

func startKeepaliveParams(p *analysis.Pass) analysis.Run {
	conns, pairs := analysis.PerConnection[promise](p), analysis.PerPair[broken](p)
	slack, soon := int64(p.Param("slack")*1e6), int64(p.Param("at_once")*1e6)
	least := p.CountParam("min_connections")
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			if a := x.HTTP.Response; a != nil && (a.Header.Get("keep-alive") != nil || conns.Peek(c.Slot()) != nil) {
				conns.Connection(c).read(x)
			}
		},
		Close: func(c *timeline.Connection) {
			m := conns.Peek(c.Slot())
			side, f, ok := c.Teardown.First()
			if m == nil || !ok || side != reassembly.Server || !m.stands(c) {
				return
			}
			byMax := f.Sub(m.end) <= atOnce(c, soon) && m.max > 0 && int64(m.index) < m.firstMax
			early := m.timeout > 0 && m.max != 0 && f.Sub(m.request) < m.timeout-slack-c.RTT()
			if byMax || early {
				pairs.Pair(c.Pair).add(c, f, m, byMax)
			}
		},
		Pair: func(pair *timeline.Pair) {
			if b := pairs.Peek(pair.Slot()); b != nil && b.n >= least {
				p.Report(b.finding(slack))
			}
		},
	}
}

// read takes what a response promises.
func (m *promise) read(x *timeline.Transaction) {
	a := x.HTTP.Response
	m.answered = x.Index
	timeout, limit, ok := keepAliveParams(a)
	bare := !keepsAlive(a)
	if !ok || !x.Complete || bare && beforeHTTP11(a) {
		return
	}
	if m.index == 0 {
		m.firstMax = limit
	}
	m.index, m.timeout, m.max, m.bare = x.Index, timeout, limit, bare
	m.said, m.request, m.end = a.Head, x.Start, x.End
}

// keepAliveParams reads "timeout=5, max=100" (RFC 2068 §19.7.1.1): ns and
// requests, 0 and -1 where they are not given. Without the token keep-alive it
// must be ignored (§19.7.1), but clients that plan by it do not ask for that.
func keepAliveParams(a *http1.Message) (timeout, limit int64, ok bool) {
	limit = -1
	for element := range a.Header.Elements("keep-alive") {
		name, value, _ := bytes.Cut(element, []byte{'='})
		n, err := strconv.ParseUint(string(bytes.Trim(value, " \t\"")), 10, 20)
		switch {
		case err != nil:
		case bytes.EqualFold(bytes.TrimSpace(name), []byte("timeout")):
			timeout, ok = int64(n)*1e9, true
		case bytes.EqualFold(bytes.TrimSpace(name), []byte("max")):
			limit, ok = int64(n), true
		}
	}
	return timeout, limit, ok
}

// stands reports whether the promise was the last word, and nothing was under
// way when the server closed: nothing announced the close, no response came
// later, and no request had reached the server that it left without an answer.
func (m *promise) stands(c *timeline.Connection) bool {
	if m.index == 0 || m.index < m.answered || c.Announced.Close() {
		return false
	}
	return c.Transactions == m.index || c.Unaware()
}

// restart is within what time a server closes all it has when it stops, ns.
const restart = int64(1e9)

// add takes a connection whose promise was broken. Of connections that were
// open side by side and closed together only the first counts: the server may
// have been stopped.
func (b *broken) add(c *timeline.Connection, f capture.Frame, m *promise, byMax bool) {
	if b.n > 0 && opening(c).Time < b.latest && f.Time-b.latest < restart {
		return
	}
	b.latest = f.Time
	b.take(c)
	if byMax {
		b.byMax++
		b.served.add(int64(m.index))
		b.more.add(m.max)
	}
	b.idle.add(f.Sub(m.end))
	b.timeout, b.bare = m.timeout, b.bare || m.bare
	b.evidence.Cite(f, "close")
	b.evidence.Cite(m.said, "Keep-Alive")
	b.evidence.Cite(m.end, "end of the response")
}

func (b *broken) finding(slack int64) *analysis.Finding {
	f := &analysis.Finding{
		Subject:  b.subject,
		Culprit:  analysis.Server,
		Count:    b.n,
		Evidence: b.evidence,
		Lost:     analysis.Cost{Connections: b.n},
	}
	if b.bare {
		f.Confidence = 0.8
		f.Reasons = append(f.Reasons, "Keep-Alive stood without Connection: keep-alive: a client that goes by the letter ignores it")
	}
	if b.byMax == b.n {
		f.Message = fmt.Sprintf("the server promised %d more requests and closed %s without a word right behind request %d",
			b.more.most, count(b.n, "connection"), b.served.least)
		f.Measures = []analysis.Measure{{Name: "served", Value: float64(b.served.least), Threshold: float64(b.served.least + b.more.most), Unit: "count"}}
		return f
	}
	f.Message = fmt.Sprintf("the server promised timeout=%d and closed %s after %s of idleness",
		b.timeout/1e9, count(b.n, "connection"), b.idle.String())
	f.Measures = []analysis.Measure{{Name: "idle", Value: float64(b.idle.least) / 1e6, Threshold: float64(b.timeout-slack) / 1e6, Unit: "ms"}}
	return f
}
