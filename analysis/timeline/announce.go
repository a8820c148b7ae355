package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// Announcement is a message that said that its connection would carry no more
// requests: by Connection: close, or by an HTTP/1.0 message without keep-alive
// (RFC 9112 §9.3). What was done against it afterwards, by the side that said
// so or by the other, is a fault of its own.
type Announcement struct {
	By    Refusal       // NotRefused: nobody said anything
	Index int           // of the transaction, from 1
	Said  capture.Frame // the last byte of the head that said so
	// Over is the end of that transaction, the request included: from then on
	// the connection ought to be closed. Complete is whether it had its whole response.
	Over     capture.Frame
	Complete bool
}

// Close reports whether the connection was to end by the word close.
func (a *Announcement) Close() bool { return a.By == ClientAsksClose || a.By == ServerAsksClose }

// HTTP10 reports whether it was to end by the rule for HTTP/1.0.
func (a *Announcement) HTTP10() bool { return a.By == ClientHTTP10 || a.By == ServerHTTP10 }

// announce notes the first announcement of a connection. HTTP/0.9 has no head
// to say anything in.
func (c *Connection) announce(x *http1.Transaction, over capture.Frame) {
	a := &c.Announced
	if a.By != NotRefused || x.Request != nil && x.Request.Start.Major == 0 {
		return
	}
	m := x.Request
	switch c.Refusal {
	case ServerAsksClose, ServerHTTP10:
		m = x.Response
	case ClientAsksClose, ClientHTTP10:
	default:
		return
	}
	if q := x.Request; q != nil && q.Last.Time > over.Time {
		over = q.Last // answered before it was whole: the server has to read the rest
	}
	*a = Announcement{By: c.Refusal, Index: c.Transactions + 1, Said: m.Head, Over: over,
		Complete: x.Response != nil && x.Response.End == http1.Complete && x.Request != nil && x.Request.End == http1.Complete}
}

// follow sets what a transaction has to do with the one before it.
func (c *Connection) follow(x *Transaction) {
	if c.Transactions > 0 && !x.Request.IsZero() && x.Request.Time >= c.LastEnd.Time {
		x.Previous = c.LastEnd
	}
	c.LastEnd, c.LastComplete = x.End, x.Complete
	c.lastRequest = x.Request
	if x.HTTP != nil && x.HTTP.Request != nil {
		c.lastOffset = x.HTTP.Request.Offset
	}
	if x.Complete {
		c.LastAnswered = x.End
	}
}

// finished notes what the server had received when it closed.
func (c *Connection) finished(s *capture.Segment, r *reassembly.Reading) {
	if r.Side == reassembly.Server && s.Flags&capture.FIN != 0 && s.Frame == c.Teardown.FIN[reassembly.Server] {
		c.finAcknowledged = c.Flow[reassembly.Client].AckedOffset()
	}
}

// Unaware reports whether the server sent its FIN without having received a
// byte of the last request: the two crossed, or the client sent behind the FIN.
// Where the request begins is not known of an encrypted one: the FIN must then
// come too soon behind it to be an answer.
func (c *Connection) Unaware() bool {
	fin := c.Teardown.FIN[reassembly.Server]
	switch {
	case fin.IsZero() || !c.Teardown.Crossing[reassembly.Server].Is(reassembly.Crossed|reassembly.SentAfter):
		return false
	case c.Encrypted:
		return fin.Sub(c.lastRequest) < c.Flow[reassembly.Server].MinRTT*9/10
	}
	return c.lastOffset >= c.finAcknowledged
}

// Rest is how long the connection had nothing to do before the request left
// the client, as the client saw it, ns: what lies between it and the capture
// point takes a round trip off. Zero if Previous is.
func (c *Connection) Rest(x *Transaction) int64 {
	if x.Previous.IsZero() {
		return 0
	}
	return max(0, x.Request.Sub(x.Previous)-c.Flow[reassembly.Client].MinRTT)
}

// IdleClose is the packet that closed the connection first, by whom, and how
// long after the end of its last exchange, ns; ok is false if that had no whole
// response or nobody closed the connection in the capture. A request that
// crossed the server's FIN, or was sent behind it, is passed over: the server
// closed without knowing of it. Response and close came the same way if the
// server closed: the time is the server's own. If the client did, a round trip
// to the capture point is taken off.
func (c *Connection) IdleClose() (side reassembly.Side, f capture.Frame, idle int64, ok bool) {
	side, f, ok = c.Teardown.First()
	passed := f == c.Teardown.FIN[reassembly.Server] && c.Unaware() && c.Transactions == c.Complete+1
	if !ok || c.LastAnswered.IsZero() || !c.LastComplete && !passed {
		return side, f, 0, false
	}
	idle = f.Sub(c.LastAnswered)
	if side == reassembly.Client {
		idle -= c.Flow[reassembly.Client].MinRTT
	}
	return side, f, max(0, idle), true
}
