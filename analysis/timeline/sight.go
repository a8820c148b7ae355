package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
)

// sight is what a sender has been told, as it could know it: each
// acknowledgement that passed the capture point counts for the sender a round
// trip between the two later (an ACK seen at t is effective at t + r).
type sight struct {
	// before is the sum of what is older than the ring; it was effective all along.
	before told
	ring   [sightSize]told
	stamps [sightSize]uint32 // the latest TSval of each of the ring
	head   int               // oldest
	n      int
}

// told is one acknowledgement towards a sender, or several that came so close
// together that one cannot say which of them a send answered.
type told struct {
	frame capture.Frame // the first of them
	last  capture.Frame // and the last
	ack   capture.Seq
	edge  capture.Seq // right edge of the window: the first byte that may not be sent
	tsval uint32      // of the first
	shut  bool        // the window is 0
}

// sightSize is how many acknowledgements a sender's sight holds. Those that
// come within a sixteenth of r are one, so that it reaches over two r: what is
// older was effective before any send that is still to come.
const sightSize = 32

// closeTogether is the least distance of two acknowledgements that are told
// apart, ns.
const closeTogether = int64(50e3)

// add takes an acknowledgement; r is the round trip to the sender, ns.
func (v *sight) add(t told, r int64) {
	if v.n > 0 {
		last := &v.ring[(v.head+v.n-1)%sightSize]
		if last.shut == t.shut && t.frame.Time-last.frame.Time <= max(closeTogether, r/16) {
			last.ack, last.edge, last.last = last.ack.Max(t.ack), last.edge.Max(t.edge), t.frame
			v.stamps[(v.head+v.n-1)%sightSize] = t.tsval
			return
		}
	}
	if v.n == sightSize {
		old := &v.ring[v.head]
		v.before.ack, v.before.edge = v.before.ack.Max(old.ack), v.before.edge.Max(old.edge)
		v.before.shut, v.before.tsval = old.shut, v.stamps[v.head]
		v.head = (v.head + 1) % sightSize
		v.n--
	}
	v.ring[(v.head+v.n)%sightSize], v.stamps[(v.head+v.n)%sightSize] = t, t.tsval
	v.n++
}

// begin forgets everything but the sum.
func (v *sight) begin(sum told) {
	v.before, v.head, v.n = sum, 0, 0
}

// at is the i-th acknowledgement, oldest first.
func (v *sight) at(i int) *told { return &v.ring[(v.head+i)%sightSize] }

// first is the oldest acknowledgement that became effective after t and that
// ok accepts; nil if there is none.
func (v *sight) first(t, r int64, ok func(*told) bool) *told {
	for i := range v.n {
		if a := v.at(i); a.frame.Time+r > t && ok(a) {
			return a
		}
	}
	return nil
}

// known is what had become effective by t: the highest ACK, the right edge,
// and whether the window was shut.
func (v *sight) known(t, r int64) told {
	sum := v.before
	for i := range v.n {
		a := v.at(i)
		if a.frame.Time+r > t {
			break
		}
		sum.ack, sum.edge, sum.shut = sum.ack.Max(a.ack), sum.edge.Max(a.edge), a.shut
	}
	return sum
}

// shuts reports whether an acknowledgement shut the window that became effective
// between from and to.
func (v *sight) shuts(from, to, r int64) bool {
	for i := range v.n {
		if a := v.at(i); a.shut && a.frame.Time+r > from && a.frame.Time+r <= to {
			return true
		}
	}
	return false
}

// echo is the round trip that s proves at a sender, ns: from the first packet
// with the timestamp that it echoes; 0 if it proves none below limit. Only a
// timestamp that the packet before did not have tells which packet that was.
func (v *sight) echo(s *capture.Segment, limit int64) int64 {
	if !s.Options.Has(capture.OptTimestamps) {
		return 0
	}
	for i := v.n - 1; i >= 0; i-- {
		a, earlier := v.at(i), v.before.tsval
		if s.Time-a.frame.Time >= limit {
			return 0
		}
		if i > 0 {
			earlier = v.stamps[(v.head+i-1)%sightSize]
		}
		if a.tsval == s.Options.TSEcr && earlier != 0 && earlier != a.tsval {
			return s.Time - a.frame.Time
		}
	}
	return 0
}

// stamped reports whether timestamps can tell if s left before a came to its
// sender or behind it.
func (a *told) stamped(s *capture.Segment) bool {
	return s.Options.Has(capture.OptTimestamps) && a.tsval != 0
}

// echoed reports whether s proves that a had come to its sender: it echoes a's
// timestamp or a later one (RFC 7323 §4.3). Several that count as one prove
// nothing of those behind the first.
func (a *told) echoed(s *capture.Segment) bool {
	return a.stamped(s) && a.frame == a.last && int32(s.Options.TSEcr-a.tsval) >= 0
}

// toldBy is what a segment tells its peer.
func toldBy(c *reassembly.Connection, s *capture.Segment, side reassembly.Side) told {
	w := int(s.Window)
	const scaled = capture.OptWindowScale
	if s.Flags&capture.SYN == 0 && c.ScaleKnown() && c.Flow[0].Options&c.Flow[1].Options&scaled != 0 {
		w <<= c.Flow[side].Scale
	}
	return told{frame: s.Frame, last: s.Frame, ack: s.Ack, edge: s.Ack.Add(w), tsval: s.Options.TSVal,
		shut: w == 0 && s.Flags&(capture.SYN|capture.FIN) == 0}
}
