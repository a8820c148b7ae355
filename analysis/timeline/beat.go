package timeline

import "slices"

// beat is the rhythm of a message: what tells a stack that spreads its packets
// from an application that writes now and then, and both from a window.
type beat struct {
	burst    int            // bytes since the latest silence
	gaps     [maxGaps]int64 // silences behind as little as a pacing stack sends in one go, ns
	ngaps    int
	others   int // silences of the sender's own that are not among them
	silences int // with something unacknowledged
	off      int // of these, those that no ACK ended
	pushed   int // of these, those behind a segment with PSH
	large    int // of these, those behind more than two segments
}

// maxGaps is how many silences are compared with each other.
const maxGaps = 64

// reset begins anew. The gaps stay: behind their number nobody reads.
func (b *beat) reset() {
	b.burst, b.ngaps, b.others, b.silences, b.off, b.pushed, b.large = 0, 0, 0, 0, 0, 0, 0
}

// restart is called behind a silence, when the burst before it was looked at.
func (b *beat) restart() { b.burst = 0 }

// pacedBurst is the most that a pacing stack sends in one go, bytes, at rates
// at which a silence shows: Linux sends two segments at the least (tcp_min_tso_segs),
// more on short paths, 64 kB halved for each 512 us of the round trip
// (tcp_tso_autosize in net/ipv4/tcp_output.c); others send up to four.
func pacedBurst(full int, rtt int64) int {
	return 4*full + 65536>>min(rtt/512e3, 62)
}

// wait takes a silence with something unacknowledged; off says that no ACK
// ended it.
func (b *beat) wait(v *view, off bool) {
	b.silences++
	if v.f.tails.pushed {
		b.pushed++
	}
	if b.burst > 2*v.full {
		b.large++
	}
	if off {
		b.off++
		b.note(v)
	}
}

// note takes a silence that the sender ended of its own accord.
func (b *beat) note(v *view) {
	if b.burst > pacedBurst(v.full, v.rtt) || b.ngaps == maxGaps {
		b.others++
		return
	}
	b.gaps[b.ngaps] = v.gap
	b.ngaps++
}

// regular reports whether the silences are a stack's own clock: at least four
// within 40 % of their median, and most. An application that writes now and then
// is less even, writes more in one go, or leaves partial segments.
func (b *beat) regular() bool {
	if b.ngaps < 4 {
		return false
	}
	gaps := b.gaps
	list := gaps[:b.ngaps]
	slices.Sort(list)
	median := list[len(list)/2]
	alike := 0
	for _, g := range list {
		if d := g - median; d*10 <= median*4 && -d*10 <= median*4 {
			alike++
		}
	}
	others := b.others
	if b.ngaps == maxGaps {
		others = 0 // most of them did not find room
	}
	return alike >= 4 && alike*2 > b.ngaps+others
}

// pieces reports whether what was sent in a time of whole ns came in pieces, one
// a round trip: the silences are few, and each behind the end of a write, which
// PSH marks (RFC 9293 §3.9.1.2). A window seldom ends with one. Even pieces of
// no more than Linux sends at once are left to pacing.
func (b *beat) pieces(whole, rtt int64) bool {
	if b.regular() && b.large*2 <= b.silences {
		return false
	}
	return b.silences > 0 && b.pushed*10 >= b.silences*9 && int64(b.silences)*rtt*2 <= 3*(whole+rtt)
}

// offBeat reports whether most of the silences were ended by no ACK though some
// came meanwhile, in a time of whole ns: a stack spreads what the window would
// let go. Less than five in four round trips may as well be an application that
// keeps the path's pace by chance.
func (b *beat) offBeat(whole, rtt int64) bool {
	return b.off*2 > b.silences && int64(b.silences)*rtt*4 > whole*5
}
