package timeline

// NagleEvidence counts what small segments of a sender say about Nagle's
// algorithm (RFC 9293 §3.7.4).
type NagleEvidence struct {
	Releases int // left with the ACK of the small segment before them
	Against  int // left before it came: TCP_NODELAY is set
	Held     int // of the releases, those whose ACK a timer had kept back
}

// Proved reports whether the sender uses the algorithm: something was let go
// by an ACK, and nothing speaks against it, or three releases for it on each
// segment that does.
func (n NagleEvidence) Proved() bool {
	return n.Releases > 0 && n.Releases >= 3*n.Against
}

// evidence copies what the senders' flows have shown to the record.
func (k *tracked) evidence() {
	for side := range k.sender {
		n := &k.sender[side].nagle
		k.conn.Nagle[side] = n.evidence()
		// Where messages cannot be read, an application that writes when it
		// likes may meet an ACK by chance.
		if w := k.sender[side].work; w != nil && k.conn.Traits.Is(otherProtocols) && n.releases > n.stray {
			k.conn.Stalls = appendHolds(k.conn.Stalls, w.stalls)
		}
		k.conn.FreeTails[side] = k.sender[side].tails.free
	}
}

// appendHolds adds what Nagle's algorithm held.
func appendHolds(to, stalls []Stall) []Stall {
	for _, s := range stalls {
		if s.Cause == NagleDelayedAck || s.Cause == NagleWait {
			to = append(to, s)
		}
	}
	return to
}
