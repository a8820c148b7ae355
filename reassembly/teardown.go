package reassembly

// FINAcked reports whether the side has sent its FIN and the peer's host has
// acknowledged it: from then on the peer is in CLOSE_WAIT until its application
// closes too (RFC 9293 §3.3.2).
func (c *Connection) FINAcked(side Side) bool {
	f := &c.Flow[side]
	return f.has&hasFIN != 0 && f.acked.After(f.fin)
}

// Unacked is how many payload bytes are sent and not acknowledged: InFlight
// without the number that a FIN takes.
func (f *Flow) Unacked() int {
	end := f.next
	if f.has&hasFIN != 0 && end.After(f.fin) {
		end = f.fin
	}
	return max(0, end.Sub(f.acked))
}
