package timeline

import (
	"slices"

	"connlint/capture"
	"connlint/reassembly"
)

// add appends a stretch of a sender's time. Stretches come in order; what lies
// in the past is passed over.
func (w *work) add(from, to int64, c Cause) {
	if n := len(w.spans); n > 0 {
		last := &w.spans[n-1]
		from = max(from, last.To)
		if to > from && last.To == from && last.Cause == c {
			last.To = to
			return
		}
	}
	if to <= from {
		return
	}
	if len(w.spans) >= maxSpans {
		w.spans = coarser(w.spans)
	}
	w.spans = append(w.spans, Span{c, from, to})
}

// maxSpans bounds the spans of one sender between two transactions.
const maxSpans = 512

// coarser halves a list of spans: of two neighbours the longer names both.
func coarser(spans []Span) []Span {
	n := 0
	for i := 0; i+1 < len(spans); i += 2 {
		a, b := spans[i], spans[i+1]
		if a.To != b.From {
			spans[n], spans[n+1] = a, b
			n += 2
			continue
		}
		c := a.Cause
		if b.To-b.From > a.To-a.From {
			c = b.Cause
		}
		spans[n] = Span{c, a.From, b.To}
		n++
	}
	return spans[:n]
}

// rename gives spans with a provisional cause their final one.
func (w *work) rename(from, to Cause) {
	for i := len(w.spans) - 1; i >= 0; i-- {
		if w.spans[i].Cause == from {
			w.spans[i].Cause = to
		}
	}
}

// endRun is called when a message of side is over: what was provisional is
// settled.
func (k *tracked) endRun(side reassembly.Side) {
	f := &k.sender[side]
	w := f.work
	if w == nil || !w.run {
		return
	}
	w.run = false
	g := &w.growth
	if g.rtt > 0 {
		g.finish()
		f.most = max(f.most, g.most)
	}
	if g.ramp() {
		k.addRamp(f, w, side)
	}
	k.resolve(f, w, side)
}

// addRamp keeps what the growth of a message cost.
func (k *tracked) addRamp(f *sender, w *work, side reassembly.Side) {
	g := &w.growth
	r := Ramp{Side: side, Lost: g.lost(), First: g.bytes[0], Peak: slices.Max(g.bytes[:g.top]),
		SegmentSize: f.size.of(k.conn.Connection, side), AfterIdle: g.after, Idle: g.idle, Before: g.base, From: g.first, To: f.last, Flight: w.flight.Flight}
	for _, n := range g.bytes[:g.top] {
		if n > 0 {
			r.Rounds++
		}
	}
	if len(w.ramps) < maxRamps {
		w.ramps = append(w.ramps, r)
	}
}

// maxRamps bounds the ramps between two transactions: one for each direction
// is what there can be, but pipelines hold transactions back.
const maxRamps = 16

// resolve gives every provisional span of the message its cause.
func (k *tracked) resolve(f *sender, w *work, side reassembly.Side) {
	if w.maybe.Wait != 0 {
		w.noProbe(f, capture.Frame{})
	}
	empty, window := SenderIdle, k.noWindow(f, w, side)
	if w.beat.regular() {
		empty = Paced
	}
	if !f.nagle.proved() {
		w.unprove()
	}
	queue := w.queue.stands(w.growth.rtt) || k.evenly(w, side)
	for i := range w.spans {
		switch c := w.spans[i].Cause; {
		case c == emptyPipe:
			w.spans[i].Cause = empty
		case c == maybeProbe:
			w.spans[i].Cause = SenderIdle
		case c >= growing:
			w.spans[i].Cause = w.transportCause(c, queue, side, window)
		}
	}
	w.spans = joined(w.spans)
}

// noWindow is the cause of the silences that an ACK may have ended and that no
// other limit of the transport explains: the congestion window, unless the rhythm
// of the message shows that none was the limit.
func (k *tracked) noWindow(f *sender, w *work, side reassembly.Side) Cause {
	b, g := &w.beat, &w.growth
	whole := f.last.Time - g.first.Time
	switch {
	case g.lossy || g.rtt == 0:
	case b.pieces(whole, g.rtt) && g.steady(f.last.Time, f.size.of(k.conn.Connection, side)) && k.roomy(w, side):
		return SenderIdle
	case b.regular() && b.offBeat(whole, g.rtt):
		return Paced
	}
	return CongestionWindow
}

// roomy reports whether the receiver's window was no limit of a message that did
// not grow: it is known, twice what was sent in a round trip, and was never run into.
func (k *tracked) roomy(w *work, side reassembly.Side) bool {
	return k.conn.ScaleKnown() && uint64(k.conn.Flow[side.Peer()].Window) >= 2*w.growth.room &&
		!slices.ContainsFunc(w.spans, func(s Span) bool { return s.Cause == ReceiveWindow || s.Cause == ZeroWindow })
}

// unprove takes back what was given to Nagle's algorithm of a sender that turns
// out not to use it: it had nothing to send.
func (w *work) unprove() {
	w.rename(NagleDelayedAck, SenderIdle)
	w.rename(NagleWait, SenderIdle)
	w.stalls = slices.DeleteFunc(w.stalls, func(s Stall) bool { return s.Cause == NagleDelayedAck || s.Cause == NagleWait })
}

// transportCause settles which of the transport's limits a silence was; window
// is what it was if no other shows.
func (w *work) transportCause(c Cause, queue bool, side reassembly.Side, window Cause) Cause {
	g := &w.growth
	short := c&1 != 0
	ramp := g.ramp()
	if c < grown && int(c-growing)/2 < g.rounds() {
		fresh := g.base == 0 || g.after || g.grew > 0
		if ramp || fresh && !queue && !short && g.room == 0 && !g.lossy {
			return SlowStart
		}
	}
	switch {
	case queue:
		return PathRate
	case short:
		return moving(side)
	}
	return window
}

// evenly: seen from the receiver, without timestamps, even distances are all
// that a bottleneck shows.
func (k *tracked) evenly(w *work, side reassembly.Side) bool {
	c := &k.conn
	return w.queue.even.regular() && c.Flow[side].MinRTT*2 > c.RTT() && !w.growth.ramp()
}

// joined folds neighbours that have become alike.
func joined(spans []Span) []Span {
	n := 0
	for _, s := range spans {
		if n > 0 && spans[n-1].Cause == s.Cause && spans[n-1].To == s.From {
			spans[n-1].To = s.To
			continue
		}
		spans[n] = s
		n++
	}
	return spans[:n]
}

// settle makes final what the account of a transaction that ends at end reads.
func (k *tracked) settle(end int64) {
	for side := range k.sender {
		f := &k.sender[side]
		w := f.work
		switch {
		case w == nil:
		case f.last.Time <= end:
			k.endRun(reassembly.Side(side))
		default:
			k.resolve(f, w, reassembly.Side(side)) // a pipeline goes on
		}
	}
}

// forget drops what lies before t: no later transaction reads it.
func (w *work) forget(t int64) {
	n := 0
	for n < len(w.spans) && w.spans[n].To <= t {
		n++
	}
	w.spans = append(w.spans[:0], w.spans[n:]...)
	w.stalls = slices.DeleteFunc(w.stalls, func(s Stall) bool { return s.To.Time <= t })
	w.ramps = slices.DeleteFunc(w.ramps, func(r Ramp) bool { return r.To.Time <= t })
}
