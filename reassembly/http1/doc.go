// Package http1 turns the ordered bytes of the two directions of a TCP
// connection into HTTP/0.9, 1.0 and 1.1 messages, and those into transactions
// (RFC 9110, RFC 9112).
//
// It is a push parser that knows nothing of TCP. A [Conn] is fed with bytes in
// order, with holes of known size and with the end of each direction; it
// calls a [Handler]. What it must get right, where a parser inside a client
// or a server may give up, is everything that goes wrong: lengths that lie,
// responses before the request is whole, holes, captures that start in the
// middle. Nothing in the input is refused; what is wrong is written down in
// [Flaws], [End], [Count] and [Doubt].
//
// # Events
//
// For each message: MessageStart when its start line is whole (its
// [Message.First] is the frame of its first byte, which may be an earlier
// one), Head when its head is whole and its framing decided, MessageEnd when
// it ended, one way or another. A message cut before its start line was whole
// skips Head; so does one cut inside its head.
//
// Transaction comes when a request and its final response have both ended, or
// when it is certain that they will not: in the order of the requests, each
// exactly once. It hands the transaction over: the handler owns it until it
// gives it to [Pool.Release], at once or later.
//
// Bytes behind the end of a message that are no start line are its surplus
// (a Content-Length that was too short). They come later than the end, often
// later than the transaction, and waiting for them would delay every result
// by one exchange and keep buffers on idle connections. So they are an event of
// their own, Surplus, with the transaction's index; while the transaction has
// not been handed over, [Message.Surplus] counts them too.
//
// # Finding the next message
//
// After a hole that may hold the end of a message, and where a capture starts
// in the middle of a connection, a direction is searched for a start line at
// the start of a piece of data (segments usually are pieces that somebody
// wrote) or after a line end. In surplus, and after chunked coding that
// contradicted itself, a status line is searched for at every byte: a server
// that miscounts goes on without a line end.
//
// # Choices where the standard says "refuse"
//
// Differing Content-Lengths: the first counts, as in most clients. A
// Content-Length that is no number: the body has no known length and lasts
// until the next start line. Transfer-Encoding in an HTTP/1.0 message: it
// counts, since it overrides Content-Length anyway. A request that ended in a
// Transfer-Encoding other than chunked: as with no number.
package http1
