package reassembly

import "connlint/capture"

// Handler receives what a [Tracker] finds. All arguments are borrowed for the
// call, but a *Connection stays the same from Open until Close returns.
//
// For each segment of an open connection Segment is called first, then Data
// once for each piece of the stream that has become contiguous through it: a
// gap that it proves in the peer's stream before the bytes that it carries.
type Handler interface {
	// Open begins a connection: at its SYN or SYN-ACK, in mid-stream at its
	// first payload (segments before that are counted in the record and not
	// handed on). Only there can client and server be taken for each other:
	// see [Connection.Turned].
	Open(*Connection)
	// Segment is every segment of the connection, with what was concluded.
	Segment(*Connection, *capture.Segment, *Reading)
	// Data is the stream of one side, in order, without overlap.
	Data(*Connection, Side, Chunk)
	// Close ends a connection. Nothing follows for it.
	Close(*Connection, Reason)
}

// Chunk is a piece of one side's stream: bytes, a gap, or the end.
type Chunk struct {
	// Frame is the packet that brought the bytes; of a gap, the packet that
	// proved it.
	Frame  capture.Frame
	Offset uint64 // of the first byte in the stream: 0 is the byte after the SYN, or the first one seen
	Bytes  []byte // borrowed for the call
	Gap    Gap    // if not NoGap, Missing bytes are absent and Bytes is empty
	// Missing is the size of a gap in bytes.
	Missing uint64
	FIN     bool // the sender has said that nothing follows; Bytes is empty
}

// Gap is why bytes of the stream are absent.
type Gap uint8

// The kinds of gap.
const (
	NoGap       Gap = iota
	GapCapture      // the receiver acknowledged the bytes: the capture missed them
	GapSnaplen      // the packet is there, cut by the snap length
	GapUnproven     // never acknowledged: lost on the way and not repaired, or not captured
	GapLimit        // given up because too much waited behind the hole
)

// String is the kind of gap in a word.
func (g Gap) String() string {
	return [...]string{"none", "capture", "snaplen", "unproven", "limit"}[g]
}

// Reason is why a connection's record was closed.
type Reason uint8

// The reasons.
const (
	Closed       Reason = iota + 1 // a FIN from both sides
	Reset                          // an RST
	Reused                         // its ports were taken by a new connection
	Idle                           // nothing came for longer than the limit
	Evicted                        // a limit was reached
	EndOfCapture                   // still open when the capture ended
)

// String is the reason as it stands in reports.
func (r Reason) String() string {
	return [...]string{"", "closed", "reset", "reused", "idle", "evicted", "end-of-capture"}[r]
}

// Reading is what the tracker read out of one segment.
type Reading struct {
	Side   Side // who sent it
	Events Events
	New    int // payload bytes never seen before
	Acked  int // bytes of the peer that it acknowledges for the first time
	// Answers is the transmission that this acknowledgement answers: of the
	// segments of the peer that it covers the one that was sent last, which
	// may be the repair of an earlier hole and, of several transmissions of
	// that, the one that timestamps or the round trip point to. Zero if it
	// acknowledges nothing new or the segments are not remembered.
	Answers capture.Frame
	RTT     int64 // sample between the capture point and Side in ns; 0: none
	// Hole is the number of the first packet behind the latest hole that is
	// known to be in the capture, whoever's packets it took; 0: there is none.
	Hole uint64
	Tick int64 // of the capture's clock in ns, if it is a coarse one; 0: it is fine, or not known
}

// Events are the things that one segment is.
type Events uint32

// The events. Several can be true of one segment.
const (
	Data             Events = 1 << iota // carries payload
	PureACK                             // acknowledges and nothing else
	Jump                                // starts behind bytes that were not seen
	Retransmission                      // repeats bytes
	Spurious                            // repeats bytes that were already acknowledged
	OutOfOrder                          // fills a hole too soon to be a repair
	Duplicate                           // a copy of one packet
	KeepAliveProbe                      // at SND.NXT-1 with at most one byte (RFC 9293 §3.8.4)
	ZeroWindowProbe                     // the same while the peer's window is shut, or its next byte alone (§3.8.6.1)
	ZeroWindow                          // advertises a window of 0
	WindowUpdate                        // changes the window and nothing else
	DupACK                              // RFC 5681 §2
	DSACK                               // reports bytes that arrived twice (RFC 2883)
	AckUnseen                           // acknowledges bytes that the capture lacks
	SYNRepeated                         // a SYN or SYN-ACK sent again
	SuperSegment                        // longer than the MSS: coalesced by the host (TSO, GRO)
	HandshakeDone                       // the client's ACK that ends the handshake
	FillsGap                            // bytes that a hole waited for
	OutOfWindowReset                    // an RST at a sequence number the receiver would not take
	Stray                               // any other segment of which that is true; nothing in it was believed
	FINRepeated                         // a FIN without payload sent again
	Challenge                           // the server answers the SYN with an ACK out of the connection that had the ports before
)

// Is reports whether any of the events in e is among es.
func (es Events) Is(e Events) bool { return es&e != 0 }
