package reassembly

import "connlint/capture"

// Reopener is a [Handler] that wants to know of ports used again.
type Reopener interface {
	// Reopen is called right after Open for a connection whose addresses and
	// ports were those of another one, as long as that is remembered.
	Reopen(c *Connection, before Before)
}

// Before is what is known of the connection that had the ports before.
type Before struct {
	Last capture.Frame // its last packet
	// Waited is since when an end of it was in TIME-WAIT, ns since the epoch;
	// Waiting says which of the two ends were. Neither was if it ended by RST,
	// or if its end is not in the capture.
	Waited  int64
	Waiting [2]bool // by Side
}

// before is what the successor of c gets to know.
func (c *Connection) before() Before {
	b := Before{Last: c.Last, Waiting: [2]bool{c.Waits(Client), c.Waits(Server)}}
	if b.Waiting != [2]bool{} {
		b.Waited = c.Teardown.Shut()
	}
	return b
}

// Waits reports whether the end of the connection left that side in TIME-WAIT:
// it closed first, or both did at once (RFC 9293 §3.6). An RST of either side
// leaves none.
func (c *Connection) Waits(side Side) bool {
	d := &c.Teardown
	if d.FIN[Client].IsZero() || d.FIN[Server].IsZero() || !d.RST.IsZero() {
		return false
	}
	first, _, _ := d.First()
	return d.Crossed() || first == side
}

// Shut is when the second FIN passed, ns since the epoch: from then on the
// side that closed first is in TIME-WAIT. 0: there was none.
func (t *Teardown) Shut() int64 {
	if t.FIN[Client].IsZero() || t.FIN[Server].IsZero() {
		return 0
	}
	return max(t.FIN[Client].Time, t.FIN[Server].Time)
}

// Crossed reports whether both sides sent their FIN before the other's had come.
func (t *Teardown) Crossed() bool {
	return (t.Crossing[Client] | t.Crossing[Server]).Is(CrossedFIN)
}

// crossed reports whether a FIN left before the peer's had come: it does not
// acknowledge it, wherever the capture was taken.
func (c *Connection) crossed(s *capture.Segment, side Side) bool {
	p := &c.Flow[side.Peer()]
	return p.has&hasFIN != 0 && !s.Ack.After(p.fin)
}

// reopen tells the handler of the connection that had the ports of c.
func (t *Tracker) reopen(c *Connection) {
	b := t.former
	t.former = Before{}
	if h, ok := t.h.(Reopener); ok && !b.Last.IsZero() && c.phase == embryonic {
		h.Reopen(c, b)
	}
}

// older tells the handler of an ACK with which a server answers a SYN out of
// the connection that had the ports before (RFC 9293 §3.10.7.4, RFC 5961 §4).
func (t *Tracker) older(c *Connection, s *capture.Segment) {
	const flags = capture.SYN | capture.RST | capture.FIN
	if c.phase != embryonic || c.side(s) != Server || s.Flags&flags != 0 || s.Len > 0 {
		return
	}
	t.reading = Reading{Side: Server, Events: Challenge}
	t.h.Segment(c, s, &t.reading)
}
