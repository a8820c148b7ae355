package http1

import "connlint/capture"

// Direction is the side of a connection that bytes come from.
type Direction uint8

// The directions: requests come from the client, responses from the server.
const (
	Request Direction = iota
	Response
)

// String is "request" or "response".
func (d Direction) String() string {
	if d == Request {
		return "request"
	}
	return "response"
}

// Message is one request or response, final or interim.
//
// It and all its slices belong to its transaction. During an event they are
// borrowed; with [Handler.Transaction] they are handed over.
type Message struct {
	Dir Direction
	// Index is that of the transaction, 0 for a message that belongs to none
	// because a limit was reached.
	Index int

	Start   StartLine
	Header  Header
	Trailer Header // of a chunked body, RFC 9112 §7.1.2

	Framing Framing
	// Declared is the Content-Length as sent, whether or not it counts: in
	// the response to HEAD it says what GET would have brought.
	Declared Count
	// Body is the content without its chunked coding, in bytes; absent where
	// there can be none. Bytes in holes are included: Missing says how many.
	Body    Count
	Missing uint64
	// Surplus counts bytes behind the end that are no start line, as far as
	// they came before the transaction was handed over (see the package's
	// documentation).
	Surplus Count
	End     End
	Flaws   Flaws

	// Chunks counts chunks with data, Overhead the bytes that the chunked
	// coding adds: size lines, line ends, the last chunk, trailers.
	Chunks   uint64
	Overhead uint64
	LastSeen bool // the last chunk came, RFC 9112 §7.1
	// Chunk is the size that the latest chunk with data gave itself; Due is
	// how much of the body, or of that chunk, was still to come when the
	// message ended. Broken is where chunked coding contradicted itself.
	Chunk, Due uint64
	Broken     capture.Frame
	// Pieces counts the pieces of data that it came in, from the one that made
	// its start line whole: segments, as a rule.
	Pieces uint64
	// Tail is the last eight bytes of the body as sent, without chunked coding.
	Tail [8]byte
	// ToHEAD: the response answers a HEAD.
	ToHEAD bool

	// First and Head are the frames of the first byte and of the last byte
	// of the head (zero if it never came). Last is the frame with which all
	// so far was there: of its last byte, or of one before that came later.
	// Ended is the frame that ended the message: usually Last, but the FIN
	// or RST for a body that lasts until the close or was cut by it, and the
	// next message's first frame where only that told the end.
	First, Head, Last, Ended capture.Frame
	// Offset is where the message starts in its direction's bytes, holes
	// included; HeadSize the bytes of its start line and fields with the
	// empty line.
	Offset, HeadSize uint64
	// Ahead is, of a request, how many requests before it had no whole final
	// response when its start line was whole: more than none is pipelining
	// (RFC 9112 §9.3.2). Who knows TCP may correct it in MessageStart: what
	// was sent had not always arrived.
	Ahead int

	tx       *Transaction
	charged  int           // bytes that the pool counts for it
	bodyHash uint64        // see BodyDigest
	reached  capture.Frame // Last, unless that is the proof of bytes that are not in the capture
	partial  bool          // the start line was taken for granted before it was whole
}

// Size is how many bytes the message took in its direction so far, its holes
// included.
func (m *Message) Size() uint64 { return m.HeadSize + m.Body.n + m.Overhead }

// reach takes the frame of further bytes. Bytes that waited behind a hole were
// captured before what filled it; what only proves that the capture lacks bytes
// does not say when they came.
func (m *Message) reach(frame capture.Frame) {
	if frame.Number() > m.reached.Number() {
		m.reached = frame
	}
	m.Last = m.reached
}

// Interim reports whether m is a 1xx response that a final response follows
// (RFC 9110 §15.2). 101 is not: what follows it is no HTTP/1.
func (m *Message) Interim() bool {
	return m.Dir == Response && m.Start.Status >= 100 && m.Start.Status < 200 && m.Start.Status != 101
}

// Doubt says why a transaction may not be what it looks like.
type Doubt uint8

const (
	// AfterGap: request and response were paired by their order behind a
	// hole that may have held other messages.
	AfterGap Doubt = 1 << iota
	// InGap: no response was seen, and a hole stands where it may have been.
	InGap
	// OverLimit: too many requests were outstanding; this response's request
	// was not kept; or, where there is no response, one may not have been.
	OverLimit
	// InterimsDropped: there were more interim responses than are kept.
	InterimsDropped
)

// Transaction is a request with its interim responses and its final one; nil
// is what was not seen. One without Request is an unsolicited response (408),
// or its request came before the capture or in a hole.
type Transaction struct {
	// Index counts the connection's transactions from 1.
	Index    int
	Request  *Message
	Response *Message
	Interim  []*Message
	// End is that of the final response; where there is none, what ended the
	// wait for it.
	End   End
	Doubt Doubt
	// Unread, of a transaction without Request: the response may answer bytes
	// of the client that are no request, or that could not be read as one.
	Unread bool

	next         *Transaction
	requestDone  bool
	responseDone bool
	maybe        bool // a hole or unread bytes may have held the response
	held         uint32
}
