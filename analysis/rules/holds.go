package rules

import (
	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// holds is what Nagle's algorithm held back on one connection, by sender. Both
// rules that speak of it gather the same and report their own part.
type holds [2]sideHolds

// sideHolds sorts the holds of one sender by how late the ACK came that let
// the write go.
type sideHolds struct {
	timer  heldWrites // a timer had kept the ACK back
	ticks  heldWrites // later than at once, sooner than Linux's timer: the ticks of old stacks, or jitter
	prompt heldWrites // the peer acknowledged at once

	product product
	warmed  bool // a prompt one came in an earlier exchange than any of timer
	opaque  bool
	varied  bool // prompt has some that were later than at once
}

// heldWrites are writes that were held.
type heldWrites struct {
	n, proven int
	first     int // index of the first transaction
	from, to  int64
	wait      int64 // ns
	outside   int64 // ns, of wait, what lies outside transactions
	late      int64 // ns, how long the peer kept the ACKs back
	evidence  analysis.Evidence
}

// soonest is the least delay of an ACK, ns, that may be a clock tick of the
// peer's: below it, or a tenth of the round trip, it was sent at once.
const soonest = int64(4e6)

// add takes the holds of a transaction; least is the shortest of interest, ns.
func (h *holds) add(c *timeline.Connection, x *timeline.Transaction, least int64) {
	for i := range x.Stalls {
		s := &x.Stalls[i]
		o := &h[s.Side]
		switch {
		case s.Cause == timeline.NagleDelayedAck:
			if s.Wait >= least*int64(s.Count) {
				o.timer.add(x, s)
			}
		case s.Cause != timeline.NagleWait:
			continue
		case s.Late >= max(soonest, c.RTT()/10):
			o.ticks.add(x, s)
		default:
			o.prompt.add(x, s)
			o.warmed = o.warmed || o.timer.n == 0
		}
		o.product.note(x, s.Side)
		o.opaque = o.opaque || x.Opaque()
	}
}

// addBehind adds what was held after the connection had gone over to another
// protocol, as one exchange that cannot be read.
func (h *holds) addBehind(c *timeline.Connection, least int64) {
	h.add(c, &timeline.Transaction{Index: c.Transactions + 1, Stalls: c.Stalls}, least)
}

// holdsAny reports whether there is anything to add: nothing is kept of a
// connection before.
func holdsAny(x *timeline.Transaction) bool {
	for i := range x.Stalls {
		if c := x.Stalls[i].Cause; c == timeline.NagleDelayedAck || c == timeline.NagleWait {
			return true
		}
	}
	return false
}

func (w *heldWrites) add(x *timeline.Transaction, s *timeline.Stall) {
	if w.n == 0 {
		w.first, w.from = x.Index, s.From.Time
	}
	w.n += s.Count
	if s.Proven {
		w.proven += s.Count
	}
	w.to = s.To.Time
	w.wait += s.Wait
	if x.Start.IsZero() {
		w.outside += s.Wait
	}
	w.late += s.Late * int64(s.Count)
	w.evidence.Cite(s.To, "released write")
	if ack := "ACK that released it"; s.Release.Number() > s.From.Number() {
		if s.Cause == timeline.NagleDelayedAck {
			ack = "late ACK"
		}
		w.evidence.Cite(s.Release, ack)
	}
	w.evidence.Cite(s.From, "small segment before it")
}

// join adds what o holds.
func (w *heldWrites) join(o *heldWrites) {
	if w.n == 0 {
		*w = *o
		return
	}
	w.n += o.n
	w.proven += o.proven
	w.from, w.to = min(w.from, o.from), max(w.to, o.to)
	w.wait += o.wait
	w.outside += o.outside
	w.late += o.late
	for _, c := range o.evidence.Frames {
		w.evidence.Cite(c.Frame, c.Role)
	}
	w.evidence.Omitted += o.evidence.Omitted
}

// sort gives the doubtful ones to where most of the others are: a tick clock
// acknowledges at any time up to its period. A prompt ACK may be late by as much
// as the path varies, a part of the round trip; what is neither is left aside.
func (o *sideHolds) sort(c *timeline.Connection) {
	n := int64(o.ticks.n)
	switch {
	case n == 0:
	case o.timer.n >= 2 && 2*o.timer.n > o.timer.n+o.ticks.n+o.prompt.n:
		o.timer.join(&o.ticks)
	case o.ticks.late/n < c.RTT()/2:
		o.prompt.join(&o.ticks)
		o.varied = true
	}
	o.ticks = heldWrites{}
}

// tell forgets what was told, and what sort may have counted with it: the
// connection goes on.
func (o *sideHolds) tell(w *heldWrites) { *w, o.ticks = heldWrites{}, heldWrites{} }

// finding makes what both rules report of w, of the sender side. among is how
// many such holds the pair has had so far, these included: connections that
// carry one exchange each show one hold each.
func (o *sideHolds) finding(c *timeline.Connection, side reassembly.Side, w *heldWrites, among int) *analysis.Finding {
	f := &analysis.Finding{
		Subject:  analysis.Connection(c),
		Culprit:  role(side),
		Count:    w.n,
		Lost:     analysis.Cost{Time: w.wait},
		Saved:    analysis.Cost{Time: w.wait},
		Outside:  w.outside,
		Evidence: w.evidence,
	}
	f.Subject.From, f.Subject.To = w.from, w.to
	switch {
	case among == 1:
		doubt(f, 0.6, "it happened once: the application may by chance have written at that moment")
	case among == 2:
		doubt(f, 0.8, "it happened twice only")
	case w.proven < w.n:
		doubt(f, 0.9, "no TCP timestamps prove that each write left after the ACK had come")
	default:
		doubt(f, 0.97, "an application that waits for its peer's ACKs looks the same")
	}
	if c.Nagle[side].Against > 0 {
		doubt(f, 0.8, "some small segments of the same sender did not wait")
	}
	if o.opaque {
		doubt(f, 0.8, "encrypted: whether a message was incomplete cannot be read")
	}
	return f
}
