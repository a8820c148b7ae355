package reassembly

import (
	"math"

	"connlint/capture"
)

// process takes a segment of c: acknowledgements first, since they speak of
// what came before, then what the segment itself carries.
func (t *Tracker) process(c *Connection, s *capture.Segment) {
	side := c.side(s)
	if c.facing&settled == 0 && (s.Len > 0 || s.Flags&capture.SYN != 0) {
		side = t.settle(c, s, side)
	}
	r := &t.reading
	*r = Reading{Side: side, Hole: t.hole, Tick: t.clock.grain.tick()}
	t.clock.mark(c)
	t.arrive(c, s, r)
	if s.Flags&capture.SYN != 0 {
		t.syn(c, s, r)
	}
	if t.joined.Number() > c.First.Number() {
		t.joined.splits(c)
	}
	believed := c.judge(s, r)
	if believed {
		if s.Flags&capture.ACK != 0 {
			t.acknowledge(c, s, r)
		}
		t.classify(c, s, r)
		c.cross(s, r)
		t.window(c, s, r)
	}
	c.Flow[side].last = stampOf(s)
	if believed && r.Events&Duplicate == 0 {
		t.clock.ask(c, s, side)
	}
	if r.Events&Duplicate != 0 {
		f := &c.Flow[side]
		f.Packets--
		if r.Events&Data != 0 {
			f.Segments--
		}
		c.noteCopies()
	}
	if c.facing&oriented != 0 {
		t.h.Segment(c, s, r)
	}
	if believed {
		t.disarm(c, s, side.Peer(), side) // a request must be out of the way before its response
		t.stream(c, s, r)
		t.disarm(c, s, side, side)
		t.lifetime(c, s, r)
	}
}

// synTimer is less than what any stack waits before it repeats a SYN (RFC
// 6298 §2.1: 1 s), ns.
const synTimer = int64(1e8)

// arrive counts the packet and knows a copy of the packet before it. A copy
// is told by the IP identification, which IPv6 and many a SYN-ACK lack.
func (t *Tracker) arrive(c *Connection, s *capture.Segment, r *Reading) {
	f := &c.Flow[r.Side]
	soon := s.Flags&capture.SYN != 0 && s.Time-c.Last.Time < synTimer
	if s.Len == 0 && (s.IPID != 0 || soon) && f.Seen() && f.last == stampOf(s) {
		t.copied(c, r)
	}
	if s.Time >= c.Last.Time {
		c.Last = s.Frame
	}
	f.Packets++
	f.has |= hasPacket
	if f.TTL == 0 {
		f.TTL = s.TTL
	} else if s.TTL != f.TTL && s.Len > 0 {
		c.otherStack(s, r)
	}
}

// otherStack notices that the server's data are not of the host that answered
// the SYN: what protects a server from floods, or accelerates a path, answers in
// its name and often counts down from 255 (RFC 1122 §3.2.1.7 leaves the start
// open) where the server does from 64. Paths of one host differ by a few hops,
// the starts in use (64, 128, 255) by more than any path has. Only the first
// data tell: what is sent in the server's name behind its own is an injection.
func (c *Connection) otherStack(s *capture.Segment, r *Reading) {
	const apart = 32
	f := &c.Flow[r.Side]
	if r.Side != Server || c.Handshake.SYNACK.IsZero() || f.Segments > 0 {
		return
	}
	if far := int(s.TTL) - int(f.TTL); far >= apart || far <= -apart {
		c.Caveats |= AnsweredMidway
		f.TTL = s.TTL
	}
}

// settle decides who is the client of a connection met in mid-stream: by a
// SYN that comes late, else by the first payload that tells. Until then the
// ports decide.
func (t *Tracker) settle(c *Connection, s *capture.Segment, side Side) Side {
	sender, ok := Client, s.Flags&capture.SYN != 0
	switch {
	case ok && s.Flags&capture.ACK != 0:
		sender = Server
	case !ok && t.cfg.Sniff != nil:
		sender, ok = t.cfg.Sniff(s.Payload)
	}
	if ok {
		c.facing |= settled
	}
	if ok && sender != side {
		c.swap()
		side = sender
		if c.facing&oriented != 0 {
			c.facing |= turned
		}
	}
	if c.facing&oriented == 0 {
		t.orient(c)
	}
	return side
}

// syn takes a SYN or SYN-ACK.
func (t *Tracker) syn(c *Connection, s *capture.Segment, r *Reading) {
	f, h := &c.Flow[r.Side], &c.Handshake
	if f.has&hasSYN == 0 {
		f.has |= hasSYN
		f.isn = s.Seq
		f.Options = s.Options.Set
		f.MSS, f.Scale = s.Options.MSS, min(s.Options.Scale, 14)
		if f.has&hasSeq == 0 {
			f.begin(s.Seq + 1)
		}
	} else if r.Events&Duplicate == 0 {
		r.Events |= SYNRepeated
	}
	if r.Events&Duplicate != 0 {
		return
	}
	if s.Flags&capture.ACK != 0 {
		t.synAck(c, s, r)
		return
	}
	c.History.add(r.Side, 'S')
	if h.SYN.IsZero() {
		h.SYN = s.Frame
		c.Caveats &^= MidConnection
		if s.Options.Has(capture.OptFastOpen) {
			h.FastOpen = FastOpenRequested
		}
		if s.Len > 0 {
			h.FastOpen = FastOpenTried
		}
	}
	count(&h.SYNs)
	if h.ACK.IsZero() {
		h.Retry = max(h.Retry, s.Time-h.SYN.Time)
	}
}

func (t *Tracker) synAck(c *Connection, s *capture.Segment, r *Reading) {
	f, p, h := &c.Flow[r.Side], &c.Flow[r.Side.Peer()], &c.Handshake
	c.History.add(r.Side, 'H')
	count(&h.SYNACKs)
	if c.joins() {
		t.joined = joined{c.First, c.Ends}
		c.Caveats |= Multipath
	}
	if !h.SYNACK.IsZero() {
		if h.ACK.IsZero() {
			h.Retry = max(h.Retry, s.Time-h.SYNACK.Time)
		}
		return
	}
	h.SYNACK = s.Frame
	if h.SYNs == 1 {
		f.sampleRTT(s.Time - h.SYN.Time)
	}
	if h.FastOpen == FastOpenTried {
		h.FastOpen = FastOpenRefused
		if s.Ack.After(p.isn + 1) {
			h.FastOpen = FastOpenAccepted
		}
	}
}

// handshakeDone looks for the client's segment that acknowledges the SYN-ACK.
func (t *Tracker) handshakeDone(c *Connection, s *capture.Segment, r *Reading) {
	h := &c.Handshake
	if r.Side != Client || h.SYNACK.IsZero() || !h.ACK.IsZero() || s.Flags&(capture.SYN|capture.RST) != 0 {
		return
	}
	if server := &c.Flow[Server]; s.Ack.Before(server.isn + 1) {
		return
	}
	h.ACK = s.Frame
	if s.Len > 0 {
		c.Flow[Client].has |= hasLateACK
	}
	r.Events |= HandshakeDone
	if h.SYNACKs == 1 {
		c.Flow[Client].sampleRTT(s.Time - h.SYNACK.Time)
	}
}

// lifetime moves the connection on: established, RST, FIN from both.
func (t *Tracker) lifetime(c *Connection, s *capture.Segment, r *Reading) {
	if s.Flags&capture.RST != 0 && r.Events&Duplicate == 0 {
		c.History.add(r.Side, 'R')
		if c.Teardown.RST.IsZero() {
			c.Teardown.RST, c.Teardown.RSTBy, c.Teardown.RSTTTL = s.Frame, r.Side, s.TTL
		}
		count(&c.Teardown.RSTs[r.Side])
	}
	switch {
	case c.phase != lingering && c.Teardown.over():
		c.phase = lingering
		t.push(c, lingerQueue)
	case c.phase == embryonic && s.Flags&(capture.SYN|capture.RST) == 0:
		c.phase = open // whether or not the SYN-ACK is in the capture
		t.push(c, openQueue)
	}
}

// count adds one to a counter that stops at its largest value.
func count(n *uint16) { *n = min(*n, math.MaxUint16-1) + 1 }
