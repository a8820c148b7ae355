package timeline

import (
	"connlint/capture"
	"connlint/reassembly/http1"
)

// Transaction is a request and its response, or on an encrypted connection a
// turn, with the account of its time.
type Transaction struct {
	// HTTP has the messages; nil on an encrypted connection.
	HTTP *http1.Transaction
	// Index counts the connection's transactions from 1.
	Index int
	// Start is the SYN, or the first packet with a byte of the request.
	// Request, RequestEnd, Response and End are the packets with the first
	// and last byte of the request, the first byte of the final response and
	// the last byte of it, or whatever ended it; zero if not seen.
	Start, Request, RequestEnd, Response, End capture.Frame
	// Previous is the end of the transaction before it on the connection; zero
	// of the first, and of a request that did not wait for that end.
	Previous capture.Frame
	// RequestBytes and ResponseBytes are payload bytes on the wire.
	RequestBytes, ResponseBytes uint64
	// Complete: the whole request and the whole response were exchanged.
	Complete bool
	// Pipelined: the request was sent before the client had the whole response
	// to the one before it. Never set on an encrypted connection.
	Pipelined bool
	// RetryOf is the failed request that this one repeats on a connection of
	// its own.
	RetryOf Try
	// Relayed: a proxy passes on the request of another connection in the
	// capture, see [Path].
	Relayed bool
	// Spans partition the time from Start to End; Time is their sum by cause.
	Spans []Span
	Time  Account
	// Stalls are the silences of both senders in it, in order for each side;
	// Ramps the messages that slow start stretched. Both are borrowed for the
	// call.
	Stalls []Stall
	Ramps  []Ramp
}

// Opaque reports whether it is a turn of an encrypted connection.
func (x *Transaction) Opaque() bool { return x.HTTP == nil }

// Duration is the time from Start to End in nanoseconds.
func (x *Transaction) Duration() int64 { return x.End.Time - x.Start.Time }

// Exchange is Duration without the set-up of the connection.
func (x *Transaction) Exchange() int64 { return x.Duration() - x.Time.Setup() }
