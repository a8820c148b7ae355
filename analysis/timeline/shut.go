package timeline

import "connlint/capture"

// wasShut: the receiver had shut its window, from the ACK that said so to the
// one that opened it, as the sender came to know them. What an opening is too
// small for the sender does not use (RFC 9293 §3.8.6.2.1): until more comes the
// window is its limit.
func (k *tracked) wasShut(v *view) bool {
	before := v.w.sight.known(v.prev, v.r)
	if !before.shut && !v.w.sight.shuts(v.prev, v.at+clockError, v.r) {
		return false
	}
	at, cause := v.prev, grown
	if before.shut {
		cause = ZeroWindow
	}
	need := min(v.s.Len, max(v.full, 1))
	stall := Stall{Cause: ZeroWindow, Side: v.side, From: v.f.last, To: v.s.Frame}
	step := func(to int64, next Cause, ack capture.Frame) {
		if to = min(to, v.at); cause == ZeroWindow && to > at {
			stall.Wait += to - at
			stall.Release = ack
		}
		v.w.add(at, to, cause)
		at, cause = max(at, to), next
	}
	for i := range v.w.sight.n {
		a := v.w.sight.at(i)
		effective := a.frame.Time + v.r
		switch {
		case effective <= v.prev:
			continue
		case effective > v.at+clockError:
		case a.shut:
			step(effective, ZeroWindow, capture.Frame{})
		case cause != grown && k.conn.ScaleKnown() && a.edge.Sub(v.f.end) < need:
			step(effective, ReceiveWindow, a.frame)
		default:
			step(effective, grown+1, a.frame)
		}
	}
	step(v.at, grown, capture.Frame{})
	if stall.Wait > 0 {
		v.w.stall(stall)
	}
	return true
}
