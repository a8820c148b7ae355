package reassembly

// SameStream reports whether two connections are one that the capture has
// twice under different addresses, before and behind a translation of
// addresses (NAT, or a balancer that forwards packets): both ends chose the
// same initial sequence numbers. What terminates TCP chooses its own.
func (c *Connection) SameStream(o *Connection) bool {
	for side := range c.Flow {
		f, g := &c.Flow[side], &o.Flow[side]
		if f.has&g.has&hasSYN == 0 || f.isn != g.isn {
			return false
		}
	}
	return true
}
