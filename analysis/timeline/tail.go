package timeline

import (
	"math"

	"connlint/capture"
)

// tails is what the short segments behind full ones show of a sender. Nagle's
// algorithm as RFC 896 has it holds such a segment until all before it is
// acknowledged; as Linux has it (Minshall), only behind another short one.
type tails struct {
	pushed bool   // the latest segment with new bytes came with PSH
	free   uint16 // short segments that left while a full one before them was not acknowledged
}

// note takes a segment with new bytes that goes on with a message.
func (t *tails) note(k *tracked, v *view) {
	if v.wasPartial || !v.partial || v.f.length == 0 || v.rtt == 0 {
		return
	}
	if v.w.sight.known(v.at+clockError, v.r).ack.Before(v.f.end) {
		t.free = min(t.free, math.MaxUint16-1) + 1
		return
	}
	if !t.pushed && v.s.Flags&capture.PSH != 0 && v.gap >= leastDelay && v.missing == 0 && !v.unseen {
		k.tailHeld(v)
	}
}

// tailHeld keeps a short segment that left with the acknowledgement of all
// before it, when that had waited for the receiver's timer, and nothing else
// was in the way: full segments without PSH show that it was waiting, the
// receiver's window had room, and the congestion window had been larger.
func (k *tracked) tailHeld(v *view) {
	f, sight := v.f, &v.w.sight
	cover := sight.first(v.prev, v.r, func(a *told) bool { return !a.ack.Before(f.end) })
	if cover == nil || cover.frame.Time+v.r > v.at+clockError || v.at-(cover.frame.Time+v.r) > v.eps {
		return
	}
	before := sight.known(cover.frame.Time+v.r-1, v.r)
	out := f.end.Sub(before.ack) // while it waited
	if before.edge.Sub(f.end) < v.s.Len || !k.windowHeld(v, uint64(max(0, out)+v.s.Len)) {
		return
	}
	late := cover.frame.Time - v.prev - k.conn.Flow[v.side.Peer()].MinRTT
	if late < leastDelay || late >= mostDelay {
		return
	}
	v.w.stall(Stall{Cause: CongestionWindow, Tail: true, Side: v.side, Wait: v.gap, From: f.last, Release: cover.frame, To: v.s.Frame, Late: late})
}

// windowHeld reports whether the congestion window has been seen to hold n
// bytes, and nothing has happened since that makes a sender shrink it: no
// loss, no idle time (RFC 5681 §4.1).
func (k *tracked) windowHeld(v *view, n uint64) bool {
	flow, g := &k.conn.Flow[v.side], &v.w.growth
	if flow.Retransmissions > 0 || v.f.lost > 0 || g.lossy {
		return false
	}
	seen := uint64(0)
	if g.idle <= max(restartIdle, v.rtt) {
		seen = max(g.base, g.most)
	}
	for _, d := range g.bytes[:min(g.bin+1, maxRounds)] {
		seen = max(seen, d)
	}
	return n <= seen
}
