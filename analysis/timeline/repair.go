package timeline

import (
	"slices"

	"connlint/capture"
	"connlint/reassembly"
)

// repeats takes a segment that was sent again.
func (k *tracked) repeats(f *sender, s *capture.Segment, r *reassembly.Reading) {
	w := f.work
	if w == nil {
		return
	}
	if r.Events.Is(reassembly.FillsGap) && w.run && w.filled.To == 0 {
		w.filled = Span{Retransmit, w.growth.first.Time, s.Time}
	}
	v := k.view(f, s, r.Side)
	if w.sight.known(v.at+clockError, v.r).shut {
		if v.gap > 0 {
			w.add(v.prev, v.at, ZeroWindow) // it asks whether the window is open (RFC 9293 §3.8.6.1)
			w.stall(Stall{Cause: ZeroWindow, Side: v.side, Wait: v.gap, From: f.last, To: s.Frame})
		}
		return
	}
	if w.maybe.Wait != 0 {
		w.wasProbe(f, v.rtt)
	}
	if !r.Events.Is(reassembly.Spurious) {
		w.growth.loss()
	}
	if v.gap <= 0 {
		return
	}
	w.add(v.prev, v.at, Retransmit)
	switch reported := !f.dup.IsZero(); {
	case reported && v.at-(f.dup.Time+v.r) <= v.rtt/2+v.eps:
		bump(&f.fast)
	case v.gap > max(v.rtt/2, 10e6):
		k.timedOut(v, r.Events.Is(reassembly.Spurious))
	}
}

// longestProbe is how long a probe may take beyond four round trips, ns: with
// one segment out it waits for the peer's ACK timer as well, 200 ms on Linux,
// and as long again is left to round trips longer than the least.
const longestProbe = int64(400e6)

// probes reports whether a tail loss probe may have ended a wait, ns, on a path
// of rtt; the retransmission timer takes longer.
func probes(wait, rtt int64) bool { return wait <= 4*rtt+longestProbe }

// timedOut keeps a repair that waited for a timer. The first for the end of
// what was sent is the tail loss probe (RFC 8985 §7.2), any other the
// retransmission timer; several without progress between them are one stall.
// It is needless if the receiver had the bytes.
func (k *tracked) timedOut(v *view, needless bool) {
	f, w := v.f, v.w
	repair := Timeout
	if f.timers == 0 && v.missing == 0 && !v.s.End().Before(f.end) && probes(v.gap, v.rtt) {
		repair = Probe
	}
	bump(&f.timers)
	if n := len(w.stalls); f.timers > 1 && n > 0 && w.stalls[n-1].Cause == Retransmit {
		last := &w.stalls[n-1]
		last.Wait += v.gap
		last.To, last.Repair = v.s.Frame, repair
		last.Needless = last.Needless && needless
		return
	}
	w.stall(Stall{Cause: Retransmit, Repair: repair, Side: v.side, Wait: v.gap, From: f.last, To: v.s.Frame, Needless: needless})
}

// wasNeedless: the receiver reports bytes that came twice (RFC 2883). One that
// has itself sent what the capture lacks lost an acknowledgement with it: then
// the repair was needless, but not the wait. That shows in bytes that never
// came, or, absent, in the numbers of the packets before its latest message.
func (w *work) wasNeedless(r *reassembly.Reading, absent bool) {
	if !r.Events.Is(reassembly.DSACK) {
		return
	}
	for i := len(w.stalls) - 1; i >= 0; i-- {
		if s := &w.stalls[i]; s.Cause == Retransmit {
			s.Needless, s.AckLost = true, absent || r.Events.Is(reassembly.Jump)
			if !s.AckLost && s.Count == 1 {
				w.pardon(s)
			}
			return
		}
	}
}

// ackWasLost: what carried the acknowledgement was lost, so that the latest
// repair by a probe was needless, but not the wait. w may be nil.
func (w *work) ackWasLost() {
	if w == nil {
		return
	}
	if n := len(w.stalls); n > 0 && w.stalls[n-1].Cause == Retransmit && w.stalls[n-1].Repair == Probe {
		w.stalls[n-1].Needless, w.stalls[n-1].AckLost = true, true
	}
}

// pardon takes back that the sender waited for a repair: the peer had what it
// sent, and took its time.
func (w *work) pardon(s *Stall) {
	for i := len(w.spans) - 1; i >= 0; i-- {
		if sp := w.spans[i]; sp.Cause == Retransmit && sp.From == s.From.Time && sp.To == s.To.Time {
			w.spans = slices.Delete(w.spans, i, i+1)
			return
		}
	}
}

// wasProbe: what was sent again shows that the segment before it, which
// nothing had let go, was a probe.
func (w *work) wasProbe(f *sender, rtt int64) {
	w.rename(maybeProbe, Retransmit)
	w.maybe.Cause, w.maybe.Repair = Retransmit, Timeout
	if probes(w.maybe.Wait, rtt) {
		w.maybe.Repair = Probe
	}
	w.stall(w.maybe)
	w.maybe.Wait = 0
	bump(&f.timers)
}

// noProbe: the acknowledgement covers what went before as well, so nothing had
// been lost. A small segment behind a small one was then held by Nagle's
// algorithm until the probe timer let it go before the peer's ACK timer did;
// any other came when the application had it.
func (w *work) noProbe(f *sender, covered capture.Frame) {
	cause := SenderIdle
	if f.nagle.proved() {
		cause = NagleDelayedAck
		w.maybe.Cause, w.maybe.Release = cause, covered
		w.maybe.Late = w.maybe.Wait
		w.stall(w.maybe)
	}
	w.rename(maybeProbe, cause)
	w.maybe.Wait = 0
}
