package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
)

// Repeated is how the opening of a connection was repeated: what it takes to
// tell which packet had been lost.
type Repeated struct {
	// Last is the last SYN (of the client) and SYN-ACK (of the server) that was
	// sent again before the handshake was over; zero if none was.
	Last [2]capture.Frame
	// Echo is which of the SYNs the first SYN-ACK answers (of the client), and
	// which of the SYN-ACKs the client's ACK does (of the server).
	Echo [2]Echo
	// Unheard is the last SYN-ACK that was sent again though the client had
	// sent its ACK and its data, and those again: a server that has taken none
	// of it. Zero if there was none.
	Unheard capture.Frame

	stamp [2]uint32 // timestamp of the packets in Last
}

// Echo is which of several transmissions a timestamp says was received (RFC
// 7323 §4.1: TSecr is a TSval that came).
type Echo uint8

// The echoes.
const (
	EchoUnknown Echo = iota // no timestamps, or all the same
	EchoFirst
	EchoMiddle // neither the first nor the last
	EchoLast
)

// Setback is what held up the opening of a connection.
type Setback uint8

// The setbacks.
const (
	NoSetback       Setback = iota
	SlowAnswer              // nothing was lost: the path is slower than the timer
	SYNLost                 // the server answers a later SYN only
	SYNUnanswered           // the SYN was seen at the server, and no answer to it
	SYNOrSYNACKLost         // behind the capture point: which cannot be told
	SYNACKLost              // the server had the SYN, the client not the SYN-ACK
	SYNACKOrACKLost         // between the capture point and the client
	ACKLost                 // the client had its SYN-ACK: it waited for nothing
	SYNACKIgnored           // the SYN-ACK was seen at the client, and no answer to it
)

// Lost reports whether a packet was lost on the way.
func (s Setback) Lost() bool { return s >= SYNLost && s <= ACKLost && s != SYNUnanswered }

// maxRepeated bounds the connections whose repetitions are remembered at a
// time: who floods a network with SYNs repeats each of them.
const maxRepeated = 1 << 16

// openings remembers of connections, by slot, what a repetition of their SYN
// or SYN-ACK is compared with.
type openings struct {
	stamps   [][2]uint32 // timestamp of the first SYN and SYN-ACK; 0: none
	repeated map[int]*Repeated
	spare    []*Repeated
}

// begin forgets what was in the slot.
func (o *openings) begin(slot int) {
	for slot >= len(o.stamps) {
		o.stamps = append(o.stamps, [2]uint32{})
	}
	o.stamps[slot] = [2]uint32{}
}

// segment takes a segment of the handshake, or a SYN-ACK behind it.
func (o *openings) segment(c *reassembly.Connection, s *capture.Segment, r *reassembly.Reading) {
	if r.Events.Is(reassembly.Duplicate | reassembly.Stray) {
		return
	}
	slot := c.Slot()
	switch {
	case s.Flags&capture.SYN == 0:
		o.echo(slot, reassembly.Server, s)
	case !r.Events.Is(reassembly.SYNRepeated):
		o.stamps[slot][r.Side] = s.Options.TSVal
		if r.Side == reassembly.Server {
			o.echo(slot, reassembly.Client, s)
		}
	case c.Handshake.ACK.IsZero():
		if p := o.at(slot); p != nil {
			p.Last[r.Side], p.stamp[r.Side] = s.Frame, s.Options.TSVal
		}
	case r.Side == reassembly.Server && unheard(&c.Flow[reassembly.Client]):
		if p := o.at(slot); p != nil {
			p.Unheard = s.Frame
		}
	}
}

// unheard reports whether the client sent data, sent it again, and had no
// answer to any of it. The ACK alone proves nothing: a server that waits for
// data before it accepts (TCP_DEFER_ACCEPT) passes over it by design.
func unheard(client *reassembly.Flow) bool {
	return client.Retransmissions > 0 && client.InFlight() > 0 && client.AckedOffset() == 0
}

// echo notes which transmission of side the peer's answer s speaks of.
func (o *openings) echo(slot int, side reassembly.Side, s *capture.Segment) {
	p := o.repeated[slot]
	if p == nil || p.Last[side].IsZero() || s.Options.TSEcr == 0 {
		return
	}
	first, last := o.stamps[slot][side], p.stamp[side]
	switch got := s.Options.TSEcr; {
	case first == 0 || first == last:
	case got == first:
		p.Echo[side] = EchoFirst
	case got == last:
		p.Echo[side] = EchoLast
	case got-first < last-first:
		p.Echo[side] = EchoMiddle
	}
}

// at is the record of a connection, made if there is none; nil beyond the
// limit.
func (o *openings) at(slot int) *Repeated {
	p := o.repeated[slot]
	if p != nil || len(o.repeated) >= maxRepeated {
		return p
	}
	if n := len(o.spare); n > 0 {
		p = o.spare[n-1]
		o.spare = o.spare[:n-1]
		*p = Repeated{}
	} else {
		p = new(Repeated)
	}
	if o.repeated == nil {
		o.repeated = map[int]*Repeated{}
	}
	o.repeated[slot] = p
	return p
}

// end forgets a connection; its record may be used until the next begins.
func (o *openings) end(slot int) {
	if p := o.repeated[slot]; p != nil {
		delete(o.repeated, slot)
		if len(o.spare) < maxSpare {
			o.spare = append(o.spare, p)
		}
	}
}

// setback judges what held up the handshake.
func (c *Connection) setback() Setback {
	h, p := &c.Handshake, c.Repeated
	if p == nil || !h.Done() {
		return NoSetback
	}
	syn, synack := p.Last[reassembly.Client], p.Last[reassembly.Server]
	switch {
	case !syn.IsZero() && syn.Number() < h.SYNACK.Number():
		return c.unanswered(p)
	case syn.IsZero() && synack.IsZero():
		return NoSetback
	}
	return c.unacknowledged(p)
}

// unacknowledged judges a SYN-ACK that had passed when either side repeated
// what it had sent.
func (c *Connection) unacknowledged(p *Repeated) Setback {
	h := &c.Handshake
	again, echo := !p.Last[reassembly.Client].IsZero(), p.Echo[reassembly.Server]
	switch {
	case slow(h.ACK.Sub(h.SYNACK), c.Flow[reassembly.Client].MinRTT), again && echo == EchoFirst:
		return SlowAnswer
	case echo == EchoFirst:
		return ACKLost
	case c.Vantage() == reassembly.AtClient:
		return SYNACKIgnored
	case again || echo != EchoUnknown:
		return SYNACKLost
	}
	return SYNACKOrACKLost
}

// unanswered judges SYNs between which no SYN-ACK passed. A server keeps the
// timestamp of the SYN it took first (Linux) or of the latest (others): the
// first one proves that it had come, the last proves little less.
func (c *Connection) unanswered(p *Repeated) Setback {
	h := &c.Handshake
	back := c.Flow[reassembly.Server].MinRTT
	early := back >= leastRoundTrip && h.SYNACK.Sub(p.Last[reassembly.Client]) < back*7/10 // too early for an answer to the last
	switch echo := p.Echo[reassembly.Client]; {
	case slow(h.SYNACK.Sub(h.SYN), back):
		return SlowAnswer
	case c.Vantage() == reassembly.AtServer, c.Client().Host() == c.Server().Host(): // within a host there is no way to be lost on
		return SYNUnanswered
	case echo == EchoFirst || echo == EchoMiddle || early:
		return SYNACKLost
	case echo == EchoLast:
		return SYNLost
	}
	return SYNOrSYNACKLost
}

// leastRoundTrip is from which round trip on, ns, an answer can come too early:
// of one that is a few microseconds, what the hosts take is the most.
const leastRoundTrip = int64(1e6)

// slow reports whether a wait was no longer than the path always makes one
// wait, rtt being its least round trip.
func slow(wait, rtt int64) bool { return wait <= rtt*3/2 }

// Refused reports whether all the client ever sent were SYNs, and what came
// back was a reset (RFC 9293 §3.10.7.1).
func (c *Connection) Refused() bool {
	return c.onlySYNs() && c.Handshake.SYNACKs == 0 && !c.Teardown.RST.IsZero()
}

// Unanswered reports whether all there ever was were SYNs, repeated: had one
// been answered out of sight of the capture, the client would have gone on.
func (c *Connection) Unanswered() bool {
	return c.onlySYNs() && c.Handshake.SYNs > 1 && !c.Flow[reassembly.Server].Seen()
}

// onlySYNs reports whether the client sent nothing but SYNs.
func (c *Connection) onlySYNs() bool {
	f := &c.Flow[reassembly.Client]
	return c.Handshake.SYNs > 0 && f.Packets == uint32(c.Handshake.SYNs)
}

// opened settles what came of the attempt to open the connection.
func (t *Tracker) opened(c *Connection) {
	c.Repeated = t.openings.repeated[c.Slot()]
	c.Setback = c.setback()
	if c.Setback.Lost() || c.Unanswered() {
		c.Traits |= PacketLoss
	}
}
