package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
)

// nagle is the evidence for and against Nagle's algorithm at one sender.
type nagle struct {
	releases uint16 // small segments that left with the ACK of the small one before
	against  uint16 // small segments that left before it: TCP_NODELAY
	held     uint16 // releases whose ACK a timer had kept back
	stray    uint16 // small segments that left well after it
}

// proved reports whether the sender uses Nagle's algorithm: nothing speaks
// against it, or three releases do for it on each segment that does.
func (n *nagle) proved() bool {
	return n.evidence().Proved()
}

// evidence is what the flow has shown so far.
func (n *nagle) evidence() NagleEvidence {
	return NagleEvidence{int(n.releases), int(n.against), int(n.held)}
}

// bump adds one to a counter that stops at its largest value.
func bump(n *uint16) { *n = min(*n, 1<<16-2) + 1 }

// clockError is how much the round trip to a sender may be overestimated, ns:
// a sample is that much above the least there is on a path of 0.2 ms.
const clockError = int64(300e3)

// probeSilence is the least silence behind which a small segment that nothing
// let go may be a loss probe, ns. One with a single segment out waits for the
// peer's ACK timer (RFC 8985 §7.2), 200 ms on Linux.
const probeSilence = int64(150e6)

// againstNagle looks whether a small segment left while an earlier one was not
// acknowledged: with Nagle's algorithm it would not (RFC 9293 §3.7.4). Once it
// is acknowledged, the earlier one tells nothing more.
func (k *tracked) againstNagle(f *sender, s *capture.Segment, side reassembly.Side, small bool) {
	r := k.conn.Flow[side].MinRTT
	if f.work == nil || !f.small || r == 0 || s.Time < f.told.frame.Time {
		return
	}
	switch known := f.work.sight.known(s.Time+clockError, r); {
	case !known.ack.Before(f.smallEnd):
		f.small = false
	case small && s.Time-f.last.Time < probeSilence && !f.mayKnow(s, r):
		bump(&f.nagle.against)
	}
}

// mayKnow reports whether a sender may have had the acknowledgement of its
// latest small segment when it sent s, though by the round trip to it that is
// known so far it had not. A path's first packets are often its slowest: they
// wait for an address to be resolved, or for a radio. Only timestamps tell.
// Without them an ACK that was captured three quarters of that round trip
// before proves nothing.
func (f *sender) mayKnow(s *capture.Segment, r int64) bool {
	cover := f.work.sight.first(f.last.Time, r, func(a *told) bool { return !a.ack.Before(f.smallEnd) })
	if cover == nil {
		return false
	}
	return cover.echoed(s) || !cover.stamped(s) && s.Time-cover.frame.Time >= r*3/4
}

// wasHeld: Nagle's algorithm kept a small segment until the small one before
// it was acknowledged (RFC 9293 §3.7.4; Linux: tcp_nagle_check in
// net/ipv4/tcp_output.c, which asks for a small one before it as Minshall
// does).
func (k *tracked) wasHeld(v *view) bool {
	if !v.wasPartial || v.s.Len >= v.full || !v.incomplete {
		return false // what fills a segment is never held, nor is the start of what fills several
	}
	n := &v.f.nagle
	cover := v.w.sight.first(v.prev, v.r, func(a *told) bool { return !a.ack.Before(v.f.end) })
	if cover == nil || cover.frame.Time+v.r > v.at+clockError && !cover.echoed(v.s) {
		if v.gap < probeSilence {
			return false
		}
		v.w.add(v.prev, v.at, maybeProbe)
		v.w.maybe = Stall{Side: v.side, Wait: v.gap, From: v.f.last, To: v.s.Frame}
		return true
	}
	stamped := cover.stamped(v.s)
	before := stamped && int32(v.s.Options.TSEcr-cover.tsval) < 0 // it left before the ACK came
	late := v.at - (cover.frame.Time + v.r)
	switch {
	case before:
		bump(&n.against)
		return false
	case late <= v.eps:
		bump(&n.releases)
		k.held(v, cover, v.at, stamped)
	case n.proved():
		k.held(v, cover, cover.frame.Time+v.r, stamped)
		v.w.add(cover.frame.Time+v.r, v.at, SenderIdle)
	case late <= 3*v.eps && n.against == 0:
		// Jitter as large as the evidence: nobody is blamed.
		v.w.add(v.prev, v.at, moving(v.side))
	default:
		bump(&n.stray)
		return false
	}
	return true
}

// held gives the time up to until to Nagle's algorithm. Whether the peer kept
// its ACK back is told by how long it took beyond the path: at once, less than
// a tenth of a round trip or 4 ms; by timer, 30 ms and more. Between lie the
// ticks of old stacks: then the flow's other stalls tell.
func (k *tracked) held(v *view, cover *told, until int64, stamped bool) {
	n := &v.f.nagle
	late := cover.frame.Time - v.prev - k.conn.Flow[v.side.Peer()].MinRTT
	cause := NagleWait
	switch {
	case late >= leastDelay:
		bump(&n.held)
		cause = NagleDelayedAck
	case late >= max(4e6, v.rtt/10) && n.held >= 2:
		cause = NagleDelayedAck
	}
	v.w.add(v.prev, until, cause)
	v.w.stall(Stall{Cause: cause, Side: v.side, Wait: until - v.prev, From: v.f.last, Release: cover.last, To: v.s.Frame,
		Late: max(0, late), Proven: stamped})
}
