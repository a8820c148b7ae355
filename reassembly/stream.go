package reassembly

import "connlint/capture"

// How long bytes that were acknowledged before they were seen may still come,
// ns of capture time, unless their sender shows that it has the answer: merged
// interfaces and taps put an ACK, or the whole answer, before the data it
// answers. What the peer answers meanwhile waits, so that the order of the
// exchange is that of the ACK numbers.
const (
	armTolerance    = int64(1e6) // while nothing waits for them
	answerTolerance = int64(1e8) // else: by so much the clocks of joined captures may differ
)

// awaits reports whether bytes of a side wait for those of its peer that they
// answer. Never do those of both.
func (c *Connection) awaits(side Side) bool { return c.Flow[side.Peer()].armed != 0 }

// arm notes that the peer acknowledged bytes of f that were not seen.
func (f *Flow) arm(s *capture.Segment, p *Flow) {
	if f.want.Before(f.acked) && f.Seen() && f.armed == 0 && p.armed == 0 {
		f.armed = max(s.Time, 1)
	}
}

// disarm skips a hole of owner that the receiver acknowledged, once there is no
// more hope that the bytes will come: they are not in the capture.
func (t *Tracker) disarm(c *Connection, s *capture.Segment, owner, sender Side) {
	f, p := &c.Flow[owner], &c.Flow[owner.Peer()]
	if f.armed == 0 {
		return
	}
	limit := armTolerance
	if t.stash.answer(p) != nil {
		limit = answerTolerance
	}
	reset := owner != sender && s.Flags&capture.RST != 0
	answered := owner == sender && s.Flags&capture.ACK != 0 && s.Ack.After(p.want)
	if reset || answered || s.Time-f.armed > limit {
		t.giveUp(c, owner, s.Frame)
		if t.lacks(p) { // a hole in both: what follows it there may come first
			p.armed = max(s.Time, 1)
		}
		t.handOn(c, owner)
	}
}

// skipAcked passes over everything up to what the receiver acknowledged, and
// hands on what waited for it.
func (t *Tracker) skipAcked(c *Connection, side Side, proof capture.Frame) {
	t.giveUp(c, side, proof)
	t.handOn(c, side)
}

// handOn hands on what waited for bytes of a side that were given up.
func (t *Tracker) handOn(c *Connection, side Side) {
	if c.facing&oriented != 0 {
		t.drain(c, side.Peer())
		t.drain(c, side)
	}
}

// giveUp passes over everything up to what the receiver acknowledged. Nobody
// waits for it any more.
func (t *Tracker) giveUp(c *Connection, side Side, proof capture.Frame) {
	f, p := &c.Flow[side], &c.Flow[side.Peer()]
	f.armed = 0
	if c.facing&oriented == 0 {
		f.want = f.want.Max(f.acked)
		return
	}
	if answer := t.stash.answer(p); answer != nil {
		proof = answer.frame
	}
	for f.want.Before(f.acked) {
		to := f.acked
		if f.has&hasFIN != 0 && to.After(f.fin) {
			to = f.fin
		}
		if first := t.stash.first(f); first != nil && first.seq.Before(to) {
			to = first.seq
		}
		if !f.want.Before(to) {
			break // the FIN alone is left
		}
		c.Caveats |= CaptureDrops
		t.hole = max(t.hole, proof.Number())
		c.History.add(side, 'G')
		t.gap(c, side, to, GapCapture, proof)
		t.unstash(c, side, f.acked)
	}
}

// lacks reports whether the next bytes of f, which its receiver has, were not
// seen.
func (t *Tracker) lacks(f *Flow) bool {
	to := f.acked
	if f.has&hasFIN != 0 && to.After(f.fin) {
		to = f.fin
	}
	first := t.stash.first(f)
	return f.Seen() && f.want.Before(to) && (first == nil || first.seq.After(f.want))
}

// gap tells the handler of bytes that will not come.
func (t *Tracker) gap(c *Connection, side Side, to capture.Seq, kind Gap, proof capture.Frame) {
	f := &c.Flow[side]
	n := uint64(to.Sub(f.want))
	if kind != GapSnaplen {
		f.Missing += n
	}
	if kind == GapCapture {
		t.stats.Unseen += n
	}
	chunk := Chunk{Frame: proof, Offset: f.offset, Gap: kind, Missing: n}
	f.want = to
	f.offset += n
	t.h.Data(c, side, chunk)
}

// stream hands on the bytes of a segment whose turn has come, and puts the
// others away.
func (t *Tracker) stream(c *Connection, s *capture.Segment, r *Reading) {
	if c.facing&oriented == 0 {
		return
	}
	f, start := &c.Flow[r.Side], firstByte(s)
	switch {
	case r.Events&Data == 0 || !start.Add(s.Len).After(f.want):
	case c.awaits(r.Side) && t.stash.put(f, s, start, start.Max(f.want)):
	default:
		if c.awaits(r.Side) { // and there is no room to
			t.skipAcked(c, r.Side.Peer(), s.Frame)
		}
		t.later(c, s, r.Side, start)
	}
	t.drain(c, r.Side)
}

// take hands on a segment that reaches the next byte, but for what of it waits
// already.
func (t *Tracker) take(c *Connection, s *capture.Segment, side Side, start capture.Seq) {
	f, end := &c.Flow[side], start.Add(s.Len)
	for f.want.Before(end) {
		stop := end
		if p := t.stash.first(f); p != nil && p.seq.Before(stop) {
			stop = p.seq
		}
		have := min(len(s.Payload), stop.Sub(start))
		t.hand(c, side, s.Frame, s.Payload[:have], start, stop)
		t.drain(c, side)
	}
}

// later puts a segment away until the bytes before it have come, unless they
// have. If there is no room, the hole before it is given up.
func (t *Tracker) later(c *Connection, s *capture.Segment, side Side, start capture.Seq) {
	f, end := &c.Flow[side], start.Add(s.Len)
	for end.After(f.want) {
		if !start.After(f.want) {
			t.take(c, s, side, start)
			return
		}
		if t.stash.put(f, s, start, start) {
			return
		}
		if f.armed != 0 { // no room to wait for what the peer has
			t.skipAcked(c, side, s.Frame)
			continue
		}
		to := start
		if p := t.stash.first(f); p != nil && p.seq.Before(to) {
			to = p.seq
		}
		c.Caveats |= LimitReached
		t.stats.HolesGiven++
		t.gap(c, side, to, GapLimit, s.Frame)
		t.drain(c, side)
	}
}

// hand gives the handler the bytes of [seq, end) from f.want on; payload may
// stop short of end under a snap length.
func (t *Tracker) hand(c *Connection, side Side, frame capture.Frame, payload []byte, seq, end capture.Seq) {
	f := &c.Flow[side]
	skip := f.want.Sub(seq)
	if have := seq.Add(len(payload)); have.After(f.want) {
		chunk := Chunk{Frame: frame, Offset: f.offset, Bytes: payload[skip:]}
		f.want = have
		f.offset += uint64(len(chunk.Bytes))
		t.h.Data(c, side, chunk)
	}
	if f.want.Before(end) {
		t.gap(c, side, end, GapSnaplen, frame)
	}
}

// drain hands on what waited and has become contiguous: what the peer has
// acknowledged, then its answer, then the rest.
func (t *Tracker) drain(c *Connection, side Side) {
	f := &c.Flow[side]
	if c.awaits(side) {
		return
	}
	if f.armed != 0 {
		t.unstash(c, side, f.acked)
		t.end(c, side)
		if f.want.Before(f.acked) {
			return
		}
		f.armed = 0
		if p := &c.Flow[side.Peer()]; t.stash.answer(p) != nil {
			c.Caveats |= Misordered
		}
		t.drain(c, side.Peer())
	}
	t.unstash(c, side, f.next)
	t.end(c, side)
}

// unstash hands on the pieces before limit whose turn has come.
func (t *Tracker) unstash(c *Connection, side Side, limit capture.Seq) {
	f := &c.Flow[side]
	for p := t.stash.first(f); p != nil && !p.seq.After(f.want) && p.seq.Before(limit); p = t.stash.first(f) {
		got := t.stash.pop(f)
		if got.end.After(f.want) {
			t.hand(c, side, got.frame, got.bytes, got.seq, got.end)
		}
	}
}

// end hands on the FIN when everything before it has been.
func (t *Tracker) end(c *Connection, side Side) {
	f := &c.Flow[side]
	if f.has&(hasFIN|hasEnded) != hasFIN || f.want.Before(f.fin) || c.awaits(side) {
		return
	}
	f.has |= hasEnded
	f.want = f.fin + 1
	t.h.Data(c, side, Chunk{Frame: c.Teardown.FIN[side], Offset: f.offset, FIN: true})
}

// flush hands on everything that waits when a connection is over; what lies
// between is gone, acknowledged or not.
func (t *Tracker) flush(c *Connection, side Side) {
	f := &c.Flow[side]
	if c.facing&oriented == 0 || f.has&hasSeq == 0 {
		return
	}
	for _, armed := range [2]Side{side, side.Peer()} {
		if c.Flow[armed].armed != 0 {
			t.skipAcked(c, armed, c.Last)
		}
	}
	for p := t.stash.first(f); p != nil; p = t.stash.first(f) {
		if f.want.Before(p.seq) {
			t.gap(c, side, p.seq, GapUnproven, p.frame)
		}
		t.drain(c, side)
	}
	if f.has&hasFIN != 0 && f.want.Before(f.fin) {
		t.gap(c, side, f.fin, GapUnproven, c.Teardown.FIN[side])
	}
	t.end(c, side)
}
