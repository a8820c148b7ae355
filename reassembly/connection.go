package reassembly

import "connlint/capture"

// Side is one end of a connection.
type Side uint8

// The two ends. The client is the one that sent the SYN; without a SYN see
// [Config.Sniff].
const (
	Client Side = iota
	Server
)

// Peer is the other end.
func (s Side) Peer() Side { return s ^ 1 }

// String is "client" or "server".
func (s Side) String() string { return [2]string{"client", "server"}[s&1] }

// Connection is what is known of one TCP connection so far. It has no
// pointer, so that a million of them cost the garbage collector nothing.
type Connection struct {
	// First is its first packet, whose number is the connection's ID: the
	// same whichever worker tracks it, and a place to look. Last is the packet
	// with the latest time: capture clocks step back.
	First, Last capture.Frame
	Ends        [2]capture.Endpoint // by Side
	Handshake   Handshake
	Teardown    Teardown
	Flow        [2]Flow // by sender
	Caveats     Caveats
	History     History

	queue      queueName
	phase      phase
	facing     facing
	slot       uint32 // its own place in the slab, + 1
	prev, next uint32 // neighbours in its queue
	queued     int64  // when it was put into its queue
}

// phase is how far a connection's life has come.
type phase uint8

const (
	embryonic phase = iota // a SYN, perhaps its SYN-ACK
	open                   // established, or met in mid-stream
	lingering              // RST or both FINs seen
	closed                 // reported; remembered so that stragglers find it
)

// facing is how well client and server are told apart, and from where they are
// seen.
type facing uint8

const (
	oriented  facing = 1 << iota // somehow: Open has been called
	settled                      // by handshake or content, for good
	turned                       // content proved the opposite of what Open was told
	twoPlaces                    // nothing of who is who: its packets are seen at another interface too, a path away
)

// Turned reports whether client and server were exchanged after Open: the
// connection was met in mid-stream, its first payload did not tell, the ports
// misled, and then came payload that told. It happens once at most, before the
// call of [Handler.Segment] for the segment that told. Flow, Ends, Teardown
// and History have changed sides; what a handler kept by [Side] has not.
func (c *Connection) Turned() bool { return c.facing&turned != 0 }

// ClosedAt is the capture's clock when the record was closed, ns since the
// epoch. It means something in [Handler].Close only.
func (c *Connection) ClosedAt() int64 { return c.queued }

// ID is the number of the connection's first packet in its source.
func (c *Connection) ID() uint64 { return c.First.Number() }

// Slot is a small number that is the connection's alone while it is open:
// whoever keeps more about a connection keeps it in a table by slot. Slots
// are reused after Close.
func (c *Connection) Slot() int { return int(c.slot - 1) }

// Client is the endpoint that opened the connection.
func (c *Connection) Client() capture.Endpoint { return c.Ends[Client] }

// Server is the endpoint that was connected to.
func (c *Connection) Server() capture.Endpoint { return c.Ends[Server] }

// RTT is the smallest round trip between the two hosts in nanoseconds, from
// both halves as seen at the capture point, or 0 if one of them is unknown.
func (c *Connection) RTT() int64 {
	a, b := c.Flow[Client].MinRTT, c.Flow[Server].MinRTT
	if a == 0 || b == 0 {
		return 0
	}
	return a + b
}

// Vantage is where the capture was taken, seen from one connection.
type Vantage uint8

// The vantages.
const (
	VantageUnknown Vantage = iota
	AtClient
	AtServer
	MidPath
)

// String is the vantage as it stands in reports.
func (v Vantage) String() string {
	return [...]string{"unknown", "client", "server", "middle"}[v&3]
}

// Vantage tells the capture point from the two halves of the round trip: a
// host whose half is under a quarter of the whole is where the capture was
// taken. A quarter tells both ends apart from 0.2 ms of round trip up, where
// a host's own wake-up time is no longer small against the path.
func (c *Connection) Vantage() Vantage {
	rtt := c.RTT()
	switch {
	case rtt == 0:
		return VantageUnknown
	case c.Flow[Client].MinRTT*4 < rtt && c.Flow[Client].MinRTT <= c.Flow[Server].MinRTT:
		return AtClient
	case c.Flow[Server].MinRTT*4 < rtt:
		return AtServer
	}
	return MidPath
}

// swap exchanges client and server.
func (c *Connection) swap() {
	c.Ends[0], c.Ends[1] = c.Ends[1], c.Ends[0]
	c.Flow[0], c.Flow[1] = c.Flow[1], c.Flow[0]
	c.Teardown.swap()
	c.History.swap()
}

// noteCopies sets the caveat while one packet in eight or more is a copy: a
// network makes one now and then, a mirror port or two merged captures make
// them all the time.
func (c *Connection) noteCopies() {
	f, p := &c.Flow[Client], &c.Flow[Server]
	copies, packets := f.Duplicates+p.Duplicates, f.Packets+p.Packets
	if copies > 1 && copies*7 >= packets {
		c.Caveats |= Duplicated
		f.owed, p.owed = 0, 0 // no receiver got these twice
	} else {
		c.Caveats &^= Duplicated
	}
}

// side is who sent a segment.
func (c *Connection) side(s *capture.Segment) Side {
	if s.Src == c.Ends[Client] {
		return Client
	}
	return Server
}

// Handshake is how a connection was opened. Frames not seen are zero.
type Handshake struct {
	SYN, SYNACK, ACK capture.Frame // the first of each; ACK is the client's first segment that acknowledges the SYN-ACK
	// Retry is how much of the handshake passed until the last SYN, or the
	// last SYN-ACK, before the answer, in nanoseconds: what waiting for a lost
	// packet cost. From one capture point a lost SYN cannot always be told
	// from a lost SYN-ACK: both ends repeat theirs.
	Retry         int64
	SYNs, SYNACKs uint16 // how often each was sent, copies of a packet not counted
	FastOpen      FastOpen
}

// FastOpen is what became of data in the SYN (RFC 7413).
type FastOpen uint8

// The cases of TCP Fast Open.
const (
	FastOpenNone      FastOpen = iota
	FastOpenRequested          // the client asked for a cookie
	FastOpenTried              // data travelled in the SYN
	FastOpenAccepted           // and the SYN-ACK acknowledged it
	FastOpenRefused            // and the SYN-ACK did not
)

// Done reports whether both SYNs and the client's ACK were seen.
func (h *Handshake) Done() bool {
	return !h.SYN.IsZero() && !h.SYNACK.IsZero() && !h.ACK.IsZero()
}

// Duration is the time from the first SYN to the client's ACK in nanoseconds,
// as it passed the capture point, or 0 if the handshake was not seen whole
// or the clock was set back meanwhile.
func (h *Handshake) Duration() int64 {
	if !h.Done() {
		return 0
	}
	return max(0, h.ACK.Sub(h.SYN))
}

// ACKWithData reports whether the client's first segment that acknowledges the
// SYN-ACK carried payload. Most stacks acknowledge at once: the ACK itself may
// be missing from the capture, and Handshake.ACK be later for it.
func (c *Connection) ACKWithData() bool { return c.Flow[Client].has&hasLateACK != 0 }

// Teardown is how a connection ended.
type Teardown struct {
	FIN    [2]capture.Frame // the first FIN of each side
	RST    capture.Frame    // the first RST
	RSTs   [2]uint16        // how many each side sent
	RSTBy  Side             // who sent it
	RSTTTL uint8            // TTL or hop limit of the first RST
	// Crossing is, by who sent the FIN, what the other side's bytes knew of it.
	Crossing [2]Crossing
}

// First is the side that closed first, by FIN or RST, and the packet that
// said so; ok is false if neither did in the capture.
func (t *Teardown) First() (side Side, frame capture.Frame, ok bool) {
	for _, s := range [2]Side{Client, Server} {
		if f := t.FIN[s]; !f.IsZero() && (!ok || before(f, frame)) {
			side, frame, ok = s, f, true
		}
	}
	if !t.RST.IsZero() && (!ok || before(t.RST, frame)) {
		side, frame, ok = t.RSTBy, t.RST, true
	}
	return side, frame, ok
}

// before orders packets by time and, where the clock is too coarse to tell, by
// their order in the capture.
func before(f, g capture.Frame) bool {
	return f.Time < g.Time || f.Time == g.Time && f.Number() < g.Number()
}

// over reports whether nothing more is due: RST, or a FIN from both.
func (t *Teardown) over() bool {
	return !t.RST.IsZero() || !t.FIN[Client].IsZero() && !t.FIN[Server].IsZero()
}

func (t *Teardown) swap() {
	t.FIN[0], t.FIN[1] = t.FIN[1], t.FIN[0]
	t.RSTs[0], t.RSTs[1] = t.RSTs[1], t.RSTs[0]
	t.Crossing[0], t.Crossing[1] = t.Crossing[1], t.Crossing[0]
	t.RSTBy = t.RSTBy.Peer()
}
