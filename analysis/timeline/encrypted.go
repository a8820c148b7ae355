package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
	"connlint/reassembly/http1"
	"connlint/reassembly/tls"
)

// turn is what a transaction looks like from outside an encrypted connection:
// what the client says until the server has answered.
type turn struct {
	request, requestEnd    capture.Frame
	response, end          capture.Frame
	sent, received         uint64
	doubtful, doubtfulFrom capture.Frame // a record that may be a ticket or the answer
	doubtfulBytes          uint64
}

// Switched is part of http1.Handler: HTTP/1 is over on this connection.
func (k *tracked) Switched(to http1.Protocol, f capture.Frame) {
	if to == http1.HTTP2 || to == http1.NotHTTP {
		k.restSenders()
	}
	switch to {
	case http1.TLS:
		k.conn.Encrypted = true
	case http1.HTTP2:
		k.conn.Traits |= HTTP2Cleartext
	case http1.WebSocket:
		k.conn.Traits |= WebSocketUpgrade
	case http1.Tunnel:
		k.conn.Traits |= ConnectTunnel
	case http1.Upgraded:
		k.conn.Traits |= ProtocolUpgrade
	default:
		k.conn.Traits |= NotHTTP
	}
}

// recordHeader is how many bytes it takes to know TLS (RFC 8446 §5.1, and the
// type of the handshake message).
const recordHeader = 6

// switched starts the TLS reader with the bytes that gave TLS away. Those of a
// header cut into several segments have passed already.
func (k *tracked) switched(side reassembly.Side, ch reassembly.Chunk) {
	if !k.conn.Encrypted || k.tls != nil {
		return
	}
	k.tls = new(tls.Conn)
	skipped := k.http.Skipped(direction(side))
	switch {
	case skipped > ch.Offset && skipped < ch.Offset+uint64(len(ch.Bytes)):
		ch.Bytes = ch.Bytes[skipped-ch.Offset:] // behind a PROXY protocol header
	case ch.Offset < recordHeader:
		k.tls.Data(side == reassembly.Client, ch.Frame, k.early[side][:ch.Offset], k)
	}
	k.sealed(side, ch)
}

// sealed takes a piece of an encrypted stream.
func (k *tracked) sealed(side reassembly.Side, ch reassembly.Chunk) {
	if ch.Gap != reassembly.NoGap {
		k.tls.Gap(side == reassembly.Client, ch.Missing)
		return
	}
	k.tls.Data(side == reassembly.Client, ch.Frame, ch.Bytes, k)
	if !k.conn.Traits.Is(HTTP2TLS) && k.tls.HTTP2() >= tls.Likely {
		k.conn.Traits |= HTTP2TLS // from here on nothing is read into silences
		k.restSenders()
	}
}

// Record is part of tls.Handler.
func (k *tracked) Record(fromClient bool, f capture.Frame, s tls.Stretch) {
	if k.tls == nil || k.tls.HTTP2() >= tls.Likely {
		return // streams side by side: there are no turns
	}
	switch {
	case fromClient && s.Kind == tls.Data:
		k.asked(f, s)
	case !fromClient && s.Kind == tls.Data:
		k.answered(f, s.Began, uint64(s.Bytes))
	case !fromClient && s.Unsure && s.Kind == tls.Ticket: // an answer of an alert's two bytes there is not
		u := &k.turn
		if u.doubtful.IsZero() {
			u.doubtful = s.Began
		}
		u.doubtfulFrom = f
		u.doubtfulBytes += uint64(s.Bytes)
	}
}

func (k *tracked) asked(f capture.Frame, s tls.Stretch) {
	u := &k.turn
	if !u.request.IsZero() && !u.response.IsZero() {
		k.finishTurn(false)
	}
	if u.request.IsZero() {
		u.request = s.Began
	}
	if !k.ended[reassembly.Server] {
		k.work(s.Began.Time)
	}
	u.requestEnd = f
	u.sent += uint64(s.Bytes)
}

func (k *tracked) answered(f, began capture.Frame, n uint64) {
	u := &k.turn
	if u.request.IsZero() {
		return // a server that speaks first says nothing that was asked for
	}
	if u.response.IsZero() {
		u.response = began
	}
	u.end = f
	u.received += n
	k.work(began.Time)
	k.idle(f)
}

// work notes that the connection has something to do.
func (k *tracked) work(now int64) {
	if !k.busy {
		p := k.pair() // before busy is set: a pair made anew counts it
		k.busy = true
		k.conn.used()
		p.begin(&k.conn, now, k.now)
	}
}

// idle notes that it has nothing more to do for the time being. Of a turn
// that is said after each record of the answer, since none says that it is
// the last.
func (k *tracked) idle(f capture.Frame) {
	if k.busy {
		k.pair().end(&k.conn, f)
		k.busy = false
	}
}

// finishTurn makes a transaction of the turn, if there is one. A record taken
// for a session ticket was the answer if nothing else came.
func (k *tracked) finishTurn(closing bool) {
	u := k.turn
	if u.request.IsZero() {
		return
	}
	if k.tls.HTTP2() >= tls.Likely {
		k.turn = turn{} // it was the start of HTTP/2
		return
	}
	if closing && u.response.IsZero() && !u.doubtful.IsZero() && u.doubtful.Time >= u.requestEnd.Time {
		u.response, u.end, u.received = u.doubtful, u.doubtfulFrom, u.doubtfulBytes
	}
	k.turn = turn{}
	c := &k.conn
	e := exchange{first: c.Transactions == 0, request: u.request, requestEnd: u.requestEnd, response: u.response,
		end: u.end, established: k.established(), hello: k.tls.Facts().ClientHello.Time, tlsEnded: k.secured(), previousEnd: k.lastAnswer}
	e.answered = !u.response.IsZero()
	e.blind = !c.Flow[reassembly.Server].Seen()
	if !e.answered {
		e.end = lastFrame(c, u.requestEnd)
	}
	k.idle(e.end)
	x := &k.t.turn
	*x = Transaction{Request: u.request, RequestEnd: u.requestEnd, Response: u.response,
		RequestBytes: u.sent, ResponseBytes: u.received, Complete: e.answered,
		Spans: x.Spans[:0], Stalls: x.Stalls[:0], Ramps: x.Ramps[:0]}
	k.emit(x, &e)
}

// secured is when the client could send its first request, as the capture
// point sees it, ns since the epoch; 0 if the TLS handshake did not end. Where
// the server's Finished is the last message (a full handshake up to TLS 1.2,
// RFC 5246 §7.3) it has yet to travel to the client, and the request back.
func (k *tracked) secured() int64 {
	f := k.tls.Facts()
	if f.Finished.IsZero() {
		return 0
	}
	if f.Version <= tls.Version12 && k.tls.Full() && !f.FalseStart {
		return f.Finished.Time + k.conn.Flow[reassembly.Client].MinRTT
	}
	return f.Finished.Time
}

// rest settles the traits that only the whole connection shows.
func (k *tracked) rest() {
	c := &k.conn
	if c.Handshake.FastOpen == reassembly.FastOpenAccepted {
		c.Traits |= TCPFastOpen
	}
	if k.tls == nil {
		return
	}
	switch {
	case k.tls.Resumed():
		c.Traits |= TLSResumedHandshake
	case k.tls.Full():
		c.Traits |= TLSFullHandshake
	}
	if k.tls.HTTP2() >= tls.Likely {
		c.Traits |= HTTP2TLS
	}
	f := k.tls.Facts()
	c.Unspoken = k.tls.Completed() && c.Transactions == 0 && f.FirstData.IsZero() && !f.Gaps && !f.Damaged
}

// setup fills in what opening the connection took.
func (k *tracked) setup() {
	c := &k.conn
	h := &c.Handshake
	if !h.Done() {
		return
	}
	c.RetryTime, c.ConnectTime, c.SetupRoundTrips = h.Retry, h.Duration(), 1
	if h.FastOpen == reassembly.FastOpenAccepted {
		c.SetupRoundTrips = 0
	}
	if k.tls == nil {
		return
	}
	if t := k.secured(); t != 0 {
		c.TLSTime = max(0, t-max(h.ACK.Time, k.tls.Facts().ClientHello.Time))
	}
	if n, ok := k.tls.RoundTrips(); ok {
		c.SetupRoundTrips += n
	}
}
