package reassembly

import "connlint/capture"

// Two interfaces of one capture may see the same packets at two places of the
// path, milliseconds apart: the client's host and the server's, say. Were
// each packet judged where it passed first, requests would be seen at one end
// and responses at the other, and every round trip would lose half. So a
// connection is judged from one place, its home: the interface that saw its
// first packet, which is the one nearer to the client if the first packet is
// a SYN and the clocks agree. What the others see of it is set aside.

// homes knows the home of each connection, by slot. While all packets come
// from one interface it keeps nothing.
type homes struct {
	first  uint16 // the only interface so far
	known  bool   // there is one
	bySlot []uint16
}

// note takes in that a packet came from an interface. slots is how many
// connections there are room for.
func (h *homes) note(iface uint16, slots int) {
	switch {
	case !h.known:
		h.first, h.known = iface, true
	case iface != h.first && h.bySlot == nil:
		h.bySlot = make([]uint16, slots+1)
		for i := range h.bySlot {
			h.bySlot[i] = h.first
		}
	}
}

// begin makes iface the home of a new connection.
func (h *homes) begin(c *Connection, iface uint16) {
	if h.bySlot == nil {
		return
	}
	for c.Slot() >= len(h.bySlot) {
		h.bySlot = append(h.bySlot, h.first)
	}
	h.bySlot[c.Slot()] = iface
}

func (h *homes) of(c *Connection) uint16 {
	if h.bySlot == nil || c.Slot() >= len(h.bySlot) {
		return h.first
	}
	return h.bySlot[c.Slot()]
}

// meet notes that a packet which passed the home of c has come to another
// place, later than a copy made at one place would have. Interfaces nearer
// than that need no home: what is seen first at either is judged.
func (t *Tracker) meet(c *Connection, s *capture.Segment, e *sighting) {
	if c != nil && c.phase != closed && e.iface != s.Interface && e.iface == t.homes.of(c) && s.Time-e.frame.Time > copyDelay {
		c.facing |= twoPlaces
	}
}

// isElsewhere reports whether a packet was seen at another place than the
// connection is judged from. If the home is blind to what that side sends,
// though the peer has gone on, the other place must do.
func (t *Tracker) isElsewhere(c *Connection, s *capture.Segment) bool {
	if c == nil || c.facing&twoPlaces == 0 || s.Interface == t.homes.of(c) || c.isNew(s) {
		return false
	}
	return c.phase == embryonic || c.Flow[c.side(s)].Seen()
}
