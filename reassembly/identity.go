package reassembly

import "connlint/capture"

// same is c if the segment belongs to it; if the ports are in use again, or
// c had fallen silent for good, c is closed and forgotten and the result is
// nil.
func (t *Tracker) same(c *Connection, s *capture.Segment) *Connection {
	if t.leaps == 0 && t.silent(c, s.Time) {
		t.report(c, Idle)
		t.forget(c)
		return nil
	}
	if !c.isNew(s) {
		return c
	}
	if c.phase != closed {
		t.report(c, Reused)
	}
	t.former = c.before()
	t.forget(c)
	return nil
}

// isNew reports whether a SYN or SYN-ACK is of another connection on the ports
// of c: it is if its number is not the one known (RFC 9293 §3.6.1 lets a new
// ISN in in TIME-WAIT; the same ISN is a retransmission). A SYN-ACK with
// another number that acknowledges the same SYN is a listener's that kept no
// memory of its first.
func (c *Connection) isNew(s *capture.Segment) bool {
	if s.Flags&capture.SYN == 0 || s.Flags&capture.RST != 0 {
		return false
	}
	side := c.side(s)
	f, p := &c.Flow[side], &c.Flow[side.Peer()]
	switch {
	case f.has&hasSYN != 0:
		return f.isn != s.Seq && (s.Flags&capture.ACK == 0 || p.has&hasSYN == 0 || s.Ack != p.isn+1)
	case f.has&hasSeq != 0: // captured before its SYN, or met in mid-stream
		return s.Seq+1 != f.acked && s.Seq+1 != f.next
	}
	return c.phase != embryonic // else the answer, or both open at once (RFC 9293 §3.5)
}

// firstFlight is how much a client may have sent beyond its SYN when the
// first packet of the server is seen, bytes: data in the SYN, or more if the
// SYN-ACK is not in the capture.
const firstFlight = 1 << 20

// isOlder reports whether a segment speaks of a connection that had the ports
// before c: until a SYN is answered, what does not acknowledge it is of
// another (RFC 9293 §3.10.7.3). A server that still holds the old connection
// says so with such an ACK.
func (c *Connection) isOlder(s *capture.Segment) bool {
	side := c.side(s)
	p := &c.Flow[side.Peer()]
	if c.phase != embryonic || s.Flags&capture.ACK == 0 || p.has&hasSYN == 0 || side == Client && s.Flags&capture.RST != 0 {
		return false
	}
	d := s.Ack.Sub(p.isn + 1)
	return d < 0 || d > firstFlight
}

// begin makes the record of a new connection.
func (t *Tracker) begin(hash uint32, s *capture.Segment) *Connection {
	t.makeRoom()
	c := t.slab.take()
	c.First, c.Last = s.Frame, s.Frame
	t.stats.Connections++
	client := Client // as which the sender is entered
	switch {
	case s.Flags&(capture.SYN|capture.ACK) == capture.SYN:
		c.phase = embryonic
	case s.Flags.Has(capture.SYN | capture.ACK):
		client, c.phase = Server, embryonic
		c.Caveats |= MidConnection
	default:
		c.phase = open
		c.Caveats |= MidConnection
		if !likelyClient(s) {
			client = Server
		}
	}
	c.Ends[client], c.Ends[client.Peer()] = s.Src, s.Dst
	t.table.insert(hash, c.slot)
	if c.phase == embryonic {
		t.push(c, embryoQueue)
		c.facing = settled
		t.orient(c)
	} else {
		t.push(c, openQueue)
	}
	t.reopen(c)
	return c
}

// likelyClient tells by the ports: servers have well-known or lower ones.
func likelyClient(s *capture.Segment) bool {
	src, dst := s.Src.Port(), s.Dst.Port()
	if a, b := wellKnown(src), wellKnown(dst); a != b {
		return b
	}
	return src >= dst
}

func wellKnown(port uint16) bool {
	switch port {
	case 80, 443, 591, 3000, 3128, 5000, 8000, 8008, 8080, 8081, 8088, 8443, 8888, 9000, 9090:
		return true
	}
	return port < 1024
}
