package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
)

// Flight is what a sender sent of a message before the first acknowledgement
// of it could have come: on a connection that is new, its initial window.
type Flight struct {
	Segments int // as they were on the wire, whatever a host coalesced
	// Last is its last segment, Next the one behind it.
	Last, Next capture.Frame
	// Limited: the congestion window ended it. The last segment was full and
	// without PSH, so that more was waiting; the receiver's window had room for
	// another one; the next left with the first acknowledgement. Never set
	// where a part of the flight did not pass the capture point.
	Limited bool
}

// flight is a Flight in the making.
type flight struct {
	Flight
	first          capture.Seq // of the message
	pushed, broken bool        // the last segment had PSH; a part was not seen
	over           bool
}

// note takes a segment with new bytes, before the sender's record does.
func (g *flight) note(k *tracked, f *sender, s *capture.Segment, r *reassembly.Reading) {
	if g.over {
		return
	}
	c, side := k.conn.Connection, r.Side
	full := f.size.of(c, side)
	switch {
	case full == 0:
		g.over = true
		return
	case g.Segments == 0:
		g.first = s.Seq
	case f.work.sight.known(s.Time+k.tolerance(side), c.Flow[side].MinRTT).ack.After(g.first):
		g.end(k, f, s, side, full)
		return
	case f.end != s.Seq:
		g.broken = true
	}
	g.Segments += (s.Len + full - 1) / full
	g.Last, g.pushed = s.Frame, s.Flags&capture.PSH != 0
}

// end judges the flight when s, the first segment behind it, has left.
func (g *flight) end(k *tracked, f *sender, s *capture.Segment, side reassembly.Side, full int) {
	r := k.conn.Flow[side].MinRTT
	sight := &f.work.sight
	g.over, g.Next = true, s.Frame
	if g.broken || g.pushed || f.work.growth.lossy || f.end != s.Seq || partial(f.length, full) ||
		sight.known(g.Last.Time, r).edge.Sub(f.end) < full {
		return
	}
	release := sight.first(g.Last.Time, r, func(a *told) bool { return a.ack.After(g.first) })
	g.Limited = release != nil && s.Time-(release.frame.Time+r) <= k.tolerance(side)
}

// tolerance is by how much the sender's reaction to an acknowledgement may be
// off, ns: what left so much too early was let go by it all the same.
func (k *tracked) tolerance(side reassembly.Side) int64 {
	return k.conn.Pair.jitter[side].tolerance(k.conn.RTT(), k.conn.Tick)
}
