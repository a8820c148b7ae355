package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// preconnect is the pause behind the handshake, ns, up to which a connection
// counts as opened for its first request (with one round trip, if that is
// longer): behind it the opening is no part of that transaction.
const preconnect = int64(50e6)

// exchange is what an account is made from: the marks of one transaction, in
// capture time. Zero frames were not seen.
type exchange struct {
	first                 bool // of its connection
	request, requestEnd   capture.Frame
	response, end         capture.Frame
	continued             capture.Frame // what ended the wait for 100 Continue
	waited                capture.Frame // the request's head, behind which the client waited
	previousEnd           int64         // of the transaction before it on the connection
	answered, blind       bool          // blind: the side that would answer is not in the capture
	established, tlsEnded int64         // ends of the two handshakes; 0: none
	hello                 int64         // start of the second
	lastSeen              int64         // of a response that was under way at the end: its last byte by then; 0: none was
}

// account cuts the time of a transaction into spans.
func (t *Tracker) account(k *tracked, e *exchange, x *Transaction) {
	c, s := &k.conn, &t.spans
	s.list = x.Spans
	x.Start = e.request
	if x.Start.IsZero() {
		x.Start = e.response
	}
	if c.startsWithHandshake(e) {
		x.Start = c.Handshake.SYN
	}
	x.End = e.end
	if x.End.Time < x.Start.Time {
		x.End = x.Start
	}
	s.start(x.Start.Time)
	s.limit = x.End.Time
	if x.Start == c.Handshake.SYN {
		setup(c, e, s)
	}
	if !e.request.IsZero() {
		k.request(e, s)
		k.wait(e, s)
	}
	k.explained(s, reassembly.Server, x.End.Time)
	if e.lastSeen != 0 {
		s.until(e.lastSeen, Response)
		s.until(x.End.Time, Unknown) // what held up the rest lies behind the capture's end
	}
	s.until(x.End.Time, Response)
	x.Spans = s.list
	x.Time = Account{}
	for _, sp := range x.Spans {
		x.Time[sp.Cause] += sp.To - sp.From
	}
}

// startsWithHandshake reports whether the connection was opened for this
// transaction: its request followed the handshake at once.
func (c *Connection) startsWithHandshake(e *exchange) bool {
	h := &c.Handshake
	if !e.first || h.SYN.IsZero() || e.request.IsZero() {
		return false
	}
	ready := max(e.established, e.tlsEnded)
	return ready == 0 && h.FastOpen >= reassembly.FastOpenTried || ready != 0 && e.request.Time-ready <= max(c.RTT(), preconnect)
}

// setup gives the time before the request to the handshakes. A request that
// travelled in the SYN waited for nothing, unless the server did not take it.
func setup(c *Connection, e *exchange, s *spans) {
	h := &c.Handshake
	request := e.request.Time
	if h.FastOpen == reassembly.FastOpenRefused {
		request = max(request, e.established)
	}
	s.until(min(h.SYN.Time+h.Retry, request), ConnectRetry)
	s.until(min(e.established, request), Connect)
	s.until(min(e.hello, request), ClientIdle)
	s.until(min(e.tlsEnded, request), TLS)
	s.until(request, ClientIdle)
}

// request covers the bytes of the request, and in their midst the wait for
// 100 Continue (RFC 9110 §10.1.1). The first byte of the final response ends
// it, whatever the client still sends.
func (k *tracked) request(e *exchange, s *spans) {
	end := e.requestEnd.Time
	if !e.response.IsZero() {
		end = min(end, e.response.Time)
	}
	if !e.continued.IsZero() {
		s.until(min(e.waited.Time, end), Request)
		s.until(min(e.continued.Time, end), ContinueWait)
	}
	k.explained(s, reassembly.Client, end)
	s.until(end, Request)
}

// explained gives the time up to t to what the sender's silences were.
func (k *tracked) explained(s *spans, side reassembly.Side, t int64) {
	w := k.sender[side].work
	if w == nil {
		return
	}
	for _, sp := range w.spans {
		if sp.From >= t {
			return
		}
		s.until(min(sp.From, t), moving(side))
		s.until(min(sp.To, t), sp.Cause)
	}
}

// repaired is the wait for a repair by side that ok accepts; zero if there is
// none.
func (k *tracked) repaired(side reassembly.Side, ok func(Span) bool) Span {
	if w := k.sender[side].work; w != nil {
		for _, sp := range w.spans {
			if sp.Cause == Retransmit && ok(sp) {
				return sp
			}
		}
	}
	return Span{}
}

// resent gives the client's wait for the repair of its request, which began
// with the request's last byte. A silence that began later is another's.
func (k *tracked) resent(e *exchange, s *spans, until int64) {
	end := max(e.requestEnd.Time, s.at) // behind a handshake that refused it, it began anew
	lost := k.repaired(reassembly.Client, func(sp Span) bool { return sp.From <= end && sp.To > end })
	s.until(min(lost.To, until), Retransmit)
}

// wait covers the time from the request's last byte to the response's first:
// the round trip first, then the queue of the path that the request had filled,
// then, if it was pipelined, the responses ahead of it, then the server, then
// the repair of what it sent.
func (k *tracked) wait(e *exchange, s *spans) {
	c := &k.conn
	if e.response.IsZero() {
		k.resent(e, s, e.end.Time)
		switch {
		case e.blind || c.Open():
			s.until(e.end.Time, Unknown) // the answer may lie behind the capture's end
		default:
			s.until(e.end.Time, NoResponse)
		}
		return
	}
	until := e.response.Time
	k.resent(e, s, until)
	s.until(min(s.at+c.Flow[reassembly.Server].MinRTT, until), Network)
	if w := k.sender[reassembly.Client].work; w != nil && len(w.spans) > 0 && w.drained == e.requestEnd.Time {
		if sp := w.spans[len(w.spans)-1]; sp.Cause == PathRate && sp.From >= e.requestEnd.Time {
			s.until(min(sp.To, until), PathRate)
		}
	}
	s.until(min(e.previousEnd, until), Queue)
	if e.blind {
		s.until(until, Unknown)
	}
	began := until
	if w := k.sender[reassembly.Server].work; w != nil && w.filled.To == until && w.filled.From >= max(e.requestEnd.Time, e.previousEnd) {
		began = w.filled.From // its first bytes were lost, and others came before their repair
	}
	if lost := k.repaired(reassembly.Server, func(sp Span) bool { return sp.From < began && sp.To >= began }); lost.To != 0 {
		s.until(lost.From, ServerWait)
		s.until(until, Retransmit)
	}
	s.until(began, ServerWait)
	s.until(until, Retransmit)
}

// exchangeOf reads the marks off a plaintext transaction.
func exchangeOf(c *Connection, x *http1.Transaction) exchange {
	e := exchange{first: c.Transactions == 0}
	e.blind = !c.Flow[reassembly.Server].Seen() || !c.Flow[reassembly.Client].Seen() || x.Doubt&http1.InGap != 0
	if m := x.Request; m != nil {
		e.request, e.requestEnd = m.First, m.Last
		e.end = m.Last
	}
	if m := x.Response; m != nil {
		e.response = m.First
		e.end = lastOf(m)
		e.answered = m.End == http1.Complete
	}
	if len(x.Interim) > 0 && x.Request == nil && x.Response == nil {
		// All that is known of it is a 1xx in a capture that starts behind
		// its request and ends, or tears, before its answer.
		e.response, e.end = x.Interim[0].First, x.Interim[len(x.Interim)-1].Last
	}
	if x.End == http1.StillOpen {
		if m := x.Response; m != nil {
			e.lastSeen = m.Last.Time
		}
		e.end = capture.NewFrame(c.Last.Source(), c.Last.Number(), max(c.End, e.end.Time))
	} else if x.Response == nil {
		e.end = lastFrame(c, e.end)
	}
	return e
}

// lastOf is the packet that ended a message: the last of its bytes, or the
// FIN or RST that its receiver waited for. Where a message was given up
// because another began, its own last byte counts.
func lastOf(m *http1.Message) capture.Frame {
	switch m.End {
	case http1.CutByGap, http1.CutBySnaplen, http1.Garbled, http1.CutBySwitch:
		return m.Last
	}
	if m.Ended.IsZero() || m.Ended.Time < m.Last.Time {
		return m.Last
	}
	return m.Ended
}

// lastFrame is when the wait for a response that never came was over: at the
// close, else with the connection's last packet.
func lastFrame(c *Connection, last capture.Frame) capture.Frame {
	var end capture.Frame
	for _, f := range [...]capture.Frame{c.Teardown.RST, c.Teardown.FIN[reassembly.Server]} {
		if !f.IsZero() && f.Time >= last.Time && (end.IsZero() || f.Time < end.Time) {
			end = f
		}
	}
	if !end.IsZero() {
		return end
	}
	if c.Last.Time > last.Time {
		return c.Last
	}
	return last
}
