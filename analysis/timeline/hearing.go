package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
)

// Delayed ACKs: Linux waits 40 ms at least (TCP_DELACK_MIN, include/net/tcp.h),
// no host may wait for 500 (RFC 9293 §3.8.6.3).
const (
	leastDelay = int64(30e6)
	mostDelay  = int64(600e6)
)

// hears takes what a segment tells the other side.
func (k *tracked) hears(s *capture.Segment, r *reassembly.Reading) {
	c, side := k.conn.Connection, r.Side.Peer()
	f := &k.sender[side]
	t := toldBy(c, s, r.Side)
	w := f.work
	if w != nil {
		w.sight.add(t, c.Flow[side].MinRTT)
		w.wasNeedless(r, k.sender[r.Side].absent)
	}
	if f.heard {
		t.ack, t.edge = t.ack.Max(f.told.ack), t.edge.Max(f.told.edge)
	}
	f.told, f.heard = t, true
	f.hidden = f.hidden || r.Events.Is(reassembly.AckUnseen)
	k.t.stats.ACKs.count(s, r)
	if r.RTT > 0 {
		k.sampled(f, s, r)
	}
	k.hearsOfHoles(f, s, r, side)
	if r.Acked > 0 {
		f.timers = 0
		if w != nil && w.maybe.Wait != 0 && !s.Ack.Before(f.end) {
			w.noProbe(f, s.Frame)
		}
		if w != nil && s.Ack == f.end {
			if side == reassembly.Client && w.run && w.queue.stands(c.RTT()) {
				k.drains(f, w, s.Time)
			}
			k.restWhenDone(f, side)
		}
	}
}

// sampled takes an acknowledgement that is a round trip: how much later than the
// quickest it came, and whether the path or a timer kept it.
func (k *tracked) sampled(f *sender, s *capture.Segment, r *reassembly.Reading) {
	c, w := k.conn.Connection, f.work
	late := r.RTT - c.Flow[r.Side].MinRTT
	k.keepsBack(f, s, r, late)
	k.conn.Pair.jitter[r.Side].add(late)
	if w != nil && !f.hole {
		w.queue.behind.add(late) // what waited for a repair did not stand in a queue
		if s.Ack != f.end {
			w.queue.latest = late
		}
	}
	// A timer keeps back the ACK of the last segment and a half of what
	// was sent; any other is late because the path is.
	if late >= leastDelay && late < mostDelay && r.Events.Is(reassembly.PureACK) &&
		s.Ack == f.end && r.Acked < 2*f.size.of(c, r.Side.Peer()) {
		f.lateACK(s.Frame)
		k.t.stats.ACKs.Timed++
	}
}

// drains gives the time that the last bytes of a request still stood in the queue
// of the path, beyond the round trip, to the path's rate: as much as those before
// them did. The ACK, seen at t ns, may have waited for the answer.
func (k *tracked) drains(f *sender, w *work, t int64) {
	from := f.last.Time + k.conn.Flow[reassembly.Server].MinRTT
	w.add(from, min(t, from+w.queue.latest), PathRate)
	w.drained = f.last.Time
}

// lateACK notes an ACK that waited for its timer. The one before it has been
// waited for by nobody.
func (f *sender) lateACK(at capture.Frame) {
	if !f.late.IsZero() {
		bump(&f.harmless)
	}
	f.late = at
}

// hearsOfHoles follows the receiver's reports of holes (RFC 2018 §4). A hole
// that closes though nothing was sent again was made by packets that overtook
// each other.
func (k *tracked) hearsOfHoles(f *sender, s *capture.Segment, r *reassembly.Reading, side reassembly.Side) {
	blocks := int(s.Options.SACKBlocks)
	if r.Events.Is(reassembly.DSACK) {
		blocks--
	}
	if r.Acked > 0 {
		f.dup = capture.Frame{}
	}
	if blocks > 0 || r.Events.Is(reassembly.DupACK) && s.Options.SACKBlocks == 0 {
		if f.dup.IsZero() {
			f.dup = s.Frame
		}
	}
	repaired := k.conn.Flow[side].Retransmissions
	switch {
	case blocks > 0 && !f.hole:
		f.hole, f.repaired = true, repaired
	case blocks <= 0 && f.hole && r.Acked > 0:
		f.hole = false
		if f.repaired == repaired {
			bump(&f.reordered)
		}
	}
}
