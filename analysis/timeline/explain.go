package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
)

// Provisional causes: what a silence was is known when the message is over.
const (
	// growing stands for the transport's clock in a round trip of the message;
	// the number of the round trip, twice, is added, and 1 if it was short.
	growing    Cause = 64
	grown      Cause = 200 // the same once the window grows no more; + 1 if it was short
	emptyPipe  Cause = 204 // nothing was unacknowledged, no ACK let the next go
	maybeProbe Cause = 205 // a loss probe, or what the ACK timer outlived
)

// view is what one send is held against.
type view struct {
	f          *sender
	w          *work
	s          *capture.Segment
	side       reassembly.Side
	at, prev   int64 // of this send and of the one before it
	gap        int64
	rtt, r     int64 // of the path; between the capture point and the sender
	eps        int64 // tolerance of the sender's reaction
	full       int   // size of a full segment
	wasPartial bool
	partial    bool
	missing    int  // packets that left and did not pass the capture point
	unseen     bool // bytes did
	incomplete bool // the message does not end with the segment before
}

// moving is time in which a message of side is on its way.
func moving(side reassembly.Side) Cause {
	if side == reassembly.Client {
		return Request
	}
	return Response
}

// startsMessage takes the first segment behind something that the peer said.
func (k *tracked) startsMessage(f *sender, s *capture.Segment, r *reassembly.Reading) {
	side := r.Side
	c := &k.conn
	w := f.work
	if w == nil {
		if w = k.startWork(f, s, side); w == nil {
			return
		}
	}
	k.endRun(side)
	if k.conn.Traits.Is(otherProtocols) {
		w.spans, w.ramps = w.spans[:0], w.ramps[:0] // no transaction will read them
	}
	idle := int64(0)
	if f.begun {
		idle = s.Time - f.last.Time
	}
	w.flight = flight{}
	w.growth.begin(s.Frame, c.RTT(), idle, f.most)
	w.queue, w.run = queueDelay{}, true
	w.beat.reset()
	f.passLate()
	w.filled = Span{}
	k.answersLate(f, w, s, r)
}

// answersLate looks whether the first segment behind something that the peer
// said came so late because the transmissions before it were lost.
func (k *tracked) answersLate(f *sender, w *work, s *capture.Segment, r *reassembly.Reading) {
	c, side := &k.conn, r.Side
	asked := k.sender[side.Peer()].fresh
	wait := s.Time - asked.Time
	n, sure := k.lostBefore(f, s, side)
	// A host that was only thinking would have acknowledged meanwhile. Where one
	// number is missing for longer than a probe takes, it may have.
	if r.Acked > 0 && (f.ids.missing > 1 || probes(wait, c.RTT())) {
		if wait-c.Flow[side].MinRTT >= silentProbe && k.few(f, side) {
			n = max(n, int(f.ids.missing))
		}
		sure = sure || wait >= probeSilence
	}
	f.absent = n > 0
	if n > 0 && r.Acked > 0 {
		k.sender[side.Peer()].work.ackWasLost()
	}
	if (n > 0 && sure || f.unseen) && !f.hidden && c.RTT() > 0 && !asked.IsZero() && !beside(c.Flow[side].MinRTT, c.RTT()) && wait >= repairSilence(c.RTT()) {
		bump(&f.lost)
		w.add(asked.Time, s.Time, Retransmit)
		w.stall(Stall{Cause: Retransmit, Repair: unseenRepair(n, wait, c.RTT()), Side: side, Wait: wait, From: asked, To: s.Frame, Inferred: true})
	}
}

// silentProbe is the least time beyond the round trip, ns, in which a probe comes
// for a single segment (RFC 8985 §7.2: with 200 ms for the peer's ACK timer), and
// by which hosts that have received something have said so.
const silentProbe = int64(190e6)

// few reports whether no more numbers of side are missing than a probe and what
// it repeats take, and no other connection may have them. Behind a silence
// without an acknowledgement that is enough, also where losses are all that its
// numbers have shown so far.
func (k *tracked) few(f *sender, side reassembly.Side) bool {
	p := k.conn.Pair
	return f.ids.missing >= 1 && f.ids.missing <= 2 && !p.numbers[side].shared && p.open <= 1
}

// lostBefore is how many packets of side left before s, did not pass the
// capture point and carried nothing that the capture still lacks: repairs that
// were lost, or the first transmission of s itself. A hole before s took its
// own. It is sure where the side's numbers have been told by two silences at
// least, or by that the hole and s are exactly what is missing, unless most
// silences were odd: a host that counts for others too comes to it by chance.
func (k *tracked) lostBefore(f *sender, s *capture.Segment, side reassembly.Side) (n int, sure bool) {
	n, sure = k.gone(side), f.ids.calm > 1
	full := f.size.of(k.conn.Connection, side)
	hole := s.Seq.Sub(f.end)
	if !f.begun || hole <= 0 || full == 0 {
		return n, sure
	}
	packets := (hole + full - 1) / full
	if n == 0 && !k.conn.Pair.numbers[side].shared && int(f.ids.missing) == packets+1 && f.ids.odd <= f.ids.calm+2 {
		return 1, true
	}
	return max(0, n-packets), sure
}

// unseenRepair is which timer repaired a loss before the capture point: behind
// one packet the probe, if it came soon enough, behind more the probe was lost
// as well.
func unseenRepair(missing int, wait, rtt int64) Repair {
	switch {
	case missing == 0:
		return Timer
	case missing == 1 && probes(wait, rtt):
		return Probe
	}
	return Timeout
}

// passLate counts a delayed ACK for which nobody waited.
func (f *sender) passLate() {
	if !f.late.IsZero() {
		bump(&f.harmless)
		f.late = capture.Frame{}
	}
}

// goesOn explains the time before a segment that continues a message.
func (k *tracked) goesOn(f *sender, s *capture.Segment, side reassembly.Side) {
	v := k.view(f, s, side)
	w := f.work
	f.tails.note(k, v)
	if v.gap > max(1e6, v.rtt/8) {
		defer w.beat.restart()
	}
	switch {
	case v.gap <= 0:
	case f.hidden:
		w.add(v.prev, v.at, Unknown) // what the capture lacks was sent in it
	case v.rtt == 0:
		w.add(v.prev, v.at, moving(side))
	case k.wasLost(v) || k.wasShut(v):
	case v.gap <= max(1e6, v.rtt/8):
		w.transport(v, true)
	case k.wasFull(v) || k.wasHeld(v) || k.wasIdle(v):
	default:
		w.transport(v, false)
	}
	if !f.late.IsZero() && v.at-(f.late.Time+v.r) <= v.eps {
		f.late = capture.Frame{} // somebody waited for it
	}
}

func (k *tracked) view(f *sender, s *capture.Segment, side reassembly.Side) *view {
	c := &k.conn
	v := &k.t.view
	*v = view{f: f, w: f.work, s: s, side: side, at: s.Time, prev: f.last.Time, rtt: c.RTT(), r: c.Flow[side].MinRTT,
		full: f.size.of(c.Connection, side), unseen: f.unseen}
	v.missing, _ = k.lostBefore(f, s, side)
	v.gap = v.at - v.prev
	v.eps = c.Pair.jitter[side].tolerance(v.rtt, c.Tick)
	v.wasPartial, v.partial = partial(f.length, v.full), partial(s.Len, v.full)
	v.incomplete = k.tls != nil || k.http.Open(direction(side)) != nil || k.conn.Traits.Is(otherProtocols)
	return v
}

// repairSilence is the least silence before the repair of a loss that no
// acknowledgement reported, ns: a tail loss probe waits for two round trips
// (RFC 8985 §7.2), which jitter may shorten.
func repairSilence(rtt int64) int64 { return max(rtt*19/10, 10e6) }

// beside reports whether the capture was taken at the sender, r away from it on
// a path of rtt: there no packet is lost before it is captured.
func beside(r, rtt int64) bool { return r*4 < rtt }

// wasLost: the silence was broken by the repair of packets that the capture
// point never saw.
func (k *tracked) wasLost(v *view) bool {
	if v.missing == 0 && !v.unseen || v.gap < repairSilence(v.rtt) || beside(v.r, v.rtt) {
		return false
	}
	bump(&v.f.lost)
	v.w.growth.loss()
	v.w.add(v.prev, v.at, Retransmit)
	if v.f.hole {
		bump(&v.f.fast) // the receiver had reported it: no timer was waited for
		return true
	}
	v.w.stall(Stall{Cause: Retransmit, Repair: unseenRepair(v.missing, v.gap, v.rtt), Side: v.side, Wait: v.gap, From: v.f.last, To: v.s.Frame, Inferred: true})
	return true
}

// wasFull: the sender fell silent within one segment of the window's edge and
// went on when the edge had moved. Without a known scale there is no edge.
func (k *tracked) wasFull(v *view) bool {
	sight := &v.w.sight
	if !k.conn.ScaleKnown() || v.full == 0 || sight.known(v.prev, v.r).edge.Sub(v.f.end) >= v.full {
		return false
	}
	need := min(v.s.Len, v.full)
	if sight.known(v.at-v.eps, v.r).edge.Sub(v.f.end) >= need {
		return false // it could have gone on before
	}
	opened := sight.first(v.prev, v.r, func(a *told) bool { return a.edge.Sub(v.f.end) >= need })
	if opened == nil || opened.frame.Time+v.r > v.at+clockError {
		return false
	}
	v.w.add(v.prev, v.at, ReceiveWindow)
	v.w.stall(Stall{Cause: ReceiveWindow, Side: v.side, Wait: v.gap, From: v.f.last, Release: opened.last, To: v.s.Frame})
	return true
}

// wasIdle: the sender had nothing to send, or its stack spread what it had.
func (k *tracked) wasIdle(v *view) bool {
	if v.wasPartial {
		v.w.add(v.prev, v.at, SenderIdle)
		return true
	}
	sight := &v.w.sight
	if !sight.known(v.at-v.eps, v.r).ack.Before(v.f.end) {
		v.w.beat.note(v)
		v.w.add(v.prev, v.at, emptyPipe)
		return true
	}
	released := sight.first(v.prev, v.r, func(*told) bool { return true })
	v.w.beat.wait(v, released != nil && v.at-(released.frame.Time+v.r) > v.eps)
	if (released == nil || released.frame.Time+v.r > v.at+clockError) && v.gap >= repairSilence(v.rtt) {
		v.w.add(v.prev, v.at, maybeProbe)
		v.w.maybe = Stall{Side: v.side, Wait: v.gap, From: v.f.last, To: v.s.Frame}
		return true
	}
	return false
}

// transport gives a silence to the transport's own clock: which of its limits
// that was shows when the bytes of the next round trips are counted.
func (w *work) transport(v *view, short bool) {
	g := &w.growth
	cause := grown
	if !g.over {
		for g.bin < g.at(v.at) && !g.over {
			g.sent(v.at, 0)
		}
	}
	if !g.over {
		cause = growing + 2*Cause(g.bin)
		g.time[g.bin] += v.gap
	}
	if short {
		cause++
	}
	w.add(v.prev, v.at, cause)
}
