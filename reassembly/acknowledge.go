package reassembly

import (
	"math"

	"connlint/capture"
)

// maxWindow is the largest window there can be, 2^30 bytes (RFC 7323 §2.3):
// an ACK further ahead is nonsense.
const maxWindow = 1 << 30

// acknowledge takes the ACK field: what it says of the peer's flow.
func (t *Tracker) acknowledge(c *Connection, s *capture.Segment, r *Reading) {
	f, p := &c.Flow[r.Side], &c.Flow[r.Side.Peer()]
	if p.has&hasSeq == 0 {
		if s.Flags&capture.RST != 0 {
			return // many stacks leave the field of a reset empty
		}
		p.begin(s.Ack)
		p.has |= hasAcked
	}
	t.handshakeDone(c, s, r)
	covered := int64(s.Ack.Sub(p.acked))
	if beyond := s.Ack.Sub(p.next); beyond > 0 {
		covered = int64(beyond) + int64(p.next.Sub(p.acked)) // the sum may reach half the space, where Sub turns its sign
		p.follow(s.Ack)
		if int64(beyond)+int64(p.next.Sub(p.want)) > maxWindow || s.Flags&capture.RST != 0 || p.has&hasFIN != 0 {
			return // nothing that was ever sent
		}
		r.Events |= AckUnseen
		p.next = s.Ack
	}
	if covered > 0 {
		r.Acked = int(min(covered, math.MaxInt))
		if p.has&hasFIN != 0 && s.Ack.After(p.fin) {
			r.Acked-- // the FIN's own number
		}
		p.acked = s.Ack
		p.has |= hasAcked
		t.sent.acknowledge(p, f, s, r)
	}
	p.arm(s, f)
	t.sack(s, p, r)
}

// follow keeps want within reach of the numbers where nobody hands on bytes,
// since the side is not in the capture: else the two would be half the space
// apart one day.
func (f *Flow) follow(acked capture.Seq) {
	if !f.Seen() && acked.Sub(f.want) > maxWindow/2 {
		f.want = f.acked
	}
}

// sack counts reports of bytes that arrived twice (RFC 2883 §4: the first
// block lies below the cumulative ACK, or within the second block).
func (t *Tracker) sack(s *capture.Segment, p *Flow, r *Reading) {
	o := &s.Options
	if o.SACKBlocks == 0 || r.Events&Duplicate != 0 {
		return
	}
	b := o.SACK[0]
	twice := !b.Right.After(s.Ack)
	if o.SACKBlocks > 1 && !twice {
		twice = !b.Left.Before(o.SACK[1].Left) && !b.Right.After(o.SACK[1].Right)
	}
	if !twice || !b.Left.Before(b.Right) {
		return
	}
	r.Events |= DSACK
	switch {
	case p.owed > 0:
		p.owed--
	case p.Spurious < p.Retransmissions:
		p.Spurious++
	}
}

// owe notes that a D-SACK is to be expected for what has just been sent
// twice: when it comes it tells nothing new.
func owe(f *Flow) {
	if f.Options&capture.OptSACKPermitted != 0 {
		count(&f.owed)
	}
}

// window follows what the sender can take. Whether it changed is told from
// the latest acknowledgement only: an old one that comes late has an old
// window (RFC 9293 §3.10.7.4).
func (t *Tracker) window(c *Connection, s *capture.Segment, r *Reading) {
	f, p := &c.Flow[r.Side], &c.Flow[r.Side.Peer()]
	if s.Flags&capture.RST != 0 || s.Flags&(capture.ACK|capture.SYN) == 0 {
		return
	}
	if s.Flags&capture.ACK != 0 && s.Ack != p.acked {
		return
	}
	w := uint32(s.Window)
	if s.Flags&capture.SYN == 0 && c.scaled() {
		w <<= f.Scale
	}
	first := f.Packets == 1 || r.Events&HandshakeDone != 0
	if w == 0 && s.Flags&(capture.SYN|capture.FIN) == 0 {
		r.Events |= ZeroWindow
		c.History.add(r.Side, 'W')
		if f.Window != 0 || first {
			count(&f.ZeroWindows)
		}
	}
	if !first && r.Events&(PureACK|Duplicate) == PureACK && r.Acked == 0 {
		switch {
		case w != f.Window:
			r.Events |= WindowUpdate
		case p.InFlight() > 0:
			r.Events |= DupACK
			f.DupACKs++
		}
	}
	f.Window = w
}

// scaled reports whether both SYNs were seen and offered a scale (RFC 7323
// §2.2).
func (c *Connection) scaled() bool {
	return c.ScaleKnown() && c.Flow[Client].Options&c.Flow[Server].Options&capture.OptWindowScale != 0
}
