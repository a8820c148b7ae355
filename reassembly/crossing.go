package reassembly

import "connlint/capture"

// Crossing is how the FIN of a side and the bytes of its peer stand to each
// other: who knew of what when it sent. Both can be true of one FIN.
type Crossing uint8

// The cases.
const (
	// Crossed: bytes of the peer and the FIN passed each other on the way,
	// neither acknowledges the other. It is told by the acknowledgement numbers
	// and so is the same wherever the capture was taken, though the two packets
	// pass a capture point near the client in another order than near the server.
	Crossed Crossing = 1 << iota
	// SentAfter: the peer had acknowledged the FIN and sent more bytes. That is
	// how a half-closed connection works (RFC 9293 §3.6); towards one that the
	// sender of the FIN has closed altogether they are lost.
	SentAfter
	// CrossedFIN: the peer's FIN had been sent and had not come.
	CrossedFIN
)

// Is reports whether any of the cases in k is true.
func (x Crossing) Is(k Crossing) bool { return x&k != 0 }

// cross holds a segment against a FIN: its own, or that of the peer.
func (c *Connection) cross(s *capture.Segment, r *Reading) {
	f, p := &c.Flow[r.Side], &c.Flow[r.Side.Peer()]
	if s.Flags&(capture.ACK|capture.RST) != capture.ACK {
		return
	}
	if c.Teardown.FIN[r.Side] == s.Frame && f.has&hasFIN != 0 {
		sent := p.next
		if p.has&hasFIN != 0 {
			sent = p.fin
		}
		if p.Seen() && sent.After(s.Ack) {
			c.Teardown.Crossing[r.Side] |= Crossed
		}
	}
	if r.New == 0 || p.has&hasFIN == 0 || !s.End().After(f.acked) {
		return // what is acknowledged before it is seen was there in time: the capture is out of order
	}
	if s.Ack.After(p.fin) {
		c.Teardown.Crossing[r.Side.Peer()] |= SentAfter
	} else {
		c.Teardown.Crossing[r.Side.Peer()] |= Crossed
	}
}
