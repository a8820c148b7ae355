package timeline

import (
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// Refusal is what kept a connection from carrying another request.
type Refusal uint8

// The refusals, by the side that refused.
const (
	NotRefused      Refusal = iota // it was left open, or that is not known
	ClientAsksClose                // Connection: close in the request (RFC 9112 §9.6)
	ClientHTTP10                   // an HTTP/1.0 request without keep-alive (RFC 9112 §9.3)
	ClientCloses                   // the client closed first without a word
	ClientIdles                    // the client closed first, after it had kept the connection idle for KeptIdle
	ServerAsksClose                // Connection: close in the response, unasked
	ServerHTTP10                   // an HTTP/1.0 response without the keep-alive that was asked for
	ServerNoLength                 // the body ends with the connection (RFC 9112 §6.3)
	ServerCloses                   // the server closed first without a word
	ServerIdles                    // the server closed first, after it had kept the connection idle for KeptIdle

	Refusals = iota // how many there are, NotRefused included
)

// KeptIdle is how long a connection must have been idle, ns, for its close to
// be the end of an idle limit: who shuts it with the job, or is slow to, needs
// less, and no common server has a limit below a second or two.
const KeptIdle = int64(1e9)

// String says who refused, in words.
func (r Refusal) String() string {
	return [...]string{"", "the client asks for close", "the client speaks HTTP/1.0 without keep-alive",
		"the client closes without a word", "the client closes what is idle", "the server asks for close",
		"the server answers HTTP/1.0 without keep-alive", "the server sends bodies without a length",
		"the server closes without a word", "the server closes what is idle"}[r]
}

// Side is who refused; ok is false if nobody did.
func (r Refusal) Side() (side reassembly.Side, ok bool) {
	if r >= ServerAsksClose {
		return reassembly.Server, true
	}
	return reassembly.Client, r != NotRefused
}

// refusalOf reads a refusal off the messages of a transaction, in the order
// of RFC 9112 §9.3: the request speaks first, since its wish binds the server.
func refusalOf(x *http1.Transaction) Refusal {
	q, a := x.Request, x.Response
	if q != nil {
		switch {
		case q.Header.HasToken("connection", "close"):
			return ClientAsksClose
		case old(q) && !q.Header.HasToken("connection", "keep-alive"):
			return ClientHTTP10
		}
	}
	if a == nil {
		return NotRefused
	}
	switch {
	case a.Header.HasToken("connection", "close"):
		return ServerAsksClose
	case old(a) && !a.Header.HasToken("connection", "keep-alive"):
		return ServerHTTP10
	case a.Framing == http1.UntilClose:
		return ServerNoLength
	}
	return NotRefused
}

// old reports whether a message is of a version before 1.1, in which a
// connection is not kept unless both ask for it.
func old(m *http1.Message) bool {
	return m.Start.Major == 0 || m.Start.Major == 1 && m.Start.Minor == 0
}

// Kept reports whether the connection was left open behind its last exchange,
// for long enough to be meant for another one.
func (r Refusal) Kept() bool { return r == ClientIdles || r == ServerIdles }

// refused settles who is to blame once the connection is over: a word counts
// before a deed.
func (c *Connection) refused() {
	if c.Refusal != NotRefused || c.Open() {
		return
	}
	side, _, ok := c.Teardown.First()
	_, _, idle, answered := c.IdleClose()
	kept := answered && idle >= KeptIdle
	switch {
	case !ok:
	case kept && side == reassembly.Client:
		c.Refusal = ClientIdles
	case kept:
		c.Refusal = ServerIdles
	case side == reassembly.Client:
		c.Refusal = ClientCloses
	default:
		c.Refusal = ServerCloses
	}
}
