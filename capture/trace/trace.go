package trace

import (
	"time"

	"connlint/capture"
)

// The limits of one trace. A text or a capture that asks for more is refused.
const (
	MaxPayload     = 16 << 20 // bytes of payload, repeated ones included
	MaxPackets     = 1 << 20
	MaxConnections = 1 << 16
)

// DefaultStart is when a trace starts that does not say when.
const DefaultStart = "2026-01-01T00:00:00Z"

// Trace is a capture of TCP segments. Parse and FromSource make it; whoever
// reads it must not write to it.
type Trace struct {
	Name        string // for messages: the file it came from
	Start       time.Time
	SnapLen     int // bytes kept of a frame; 0: all
	Connections []Connection
	Packets     []Packet // in the order of the capture, those not in it included
	Marks       []Mark   // in the order of the text
}

// Connection names the two ends that segment lines refer to.
type Connection struct {
	Line           int
	Label          string // empty: the connection of plain > and < lines
	Client, Server capture.Endpoint
	ISN            [2]capture.Seq // initial sequence numbers by Side
}

// Side is the end of a connection that sends.
type Side uint8

// The sides; the other one is 1-s.
const (
	Client Side = iota
	Server
)

// Packet is one segment line. The frame's number counts the captured packets
// from 1, as Wireshark does; it is 0 if Dropped. The frame's source is 0.
// Payload belongs to the trace, and packets may share it.
type Packet struct {
	Line       int
	Connection int // index in Trace.Connections
	Side       Side
	Dropped    bool // sent, but not in the capture
	Lost       bool // in the capture, but never arrived
	capture.Segment
}

// Mark is a comment: what rule tests read their expectations from.
type Mark struct {
	Line  int
	Frame uint64 // the captured packet on the same line; 0: none
	Text  string // without the # and the space around
}

// defaultISN keeps the streams of a trace apart and readable.
func defaultISN(connection int) [2]capture.Seq {
	const step = 1_000_000
	n := capture.Seq(2*connection + 1)
	return [2]capture.Seq{n * step, (n + 1) * step}
}

// fromTo are the packet's endpoints, the sender first.
func (c *Connection) fromTo(side Side) (src, dst capture.Endpoint) {
	if side == Client {
		return c.Client, c.Server
	}
	return c.Server, c.Client
}
