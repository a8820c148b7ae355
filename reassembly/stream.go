package reassembly

import "connlint/capture"

// armTolerance is how long bytes that were acknowledged before they were seen
// may still come: merged interfaces and taps put an ACK a little before the
// data it answers. 1 ms of capture time, or the peer's next data.
const armTolerance = int64(1e6)

// disarm skips a hole of owner that the receiver acknowledged, once there is no
// more hope that the bytes will come: they are not in the capture.
func (t *Tracker) disarm(c *Connection, s *capture.Segment, owner, sender Side) {
	f := &c.Flow[owner]
	if f.armed == 0 {
		return
	}
	answered := owner != sender && (s.Len > 0 || s.Flags&(capture.RST|capture.FIN) != 0)
	if answered || s.Time-f.armed > armTolerance {
		t.skipAcked(c, owner, s.Frame)
	}
}

// skipAcked passes over everything up to what the receiver acknowledged.
func (t *Tracker) skipAcked(c *Connection, side Side, proof capture.Frame) {
	f := &c.Flow[side]
	f.armed = 0
	if c.facing&oriented == 0 {
		f.want = f.want.Max(f.acked)
		return
	}
	for f.want.Before(f.acked) {
		to := f.acked
		if f.has&hasFIN != 0 && to.After(f.fin) {
			to = f.fin
		}
		if p := t.stash.first(f); p != nil && p.seq.Before(to) {
			to = p.seq
		}
		if !f.want.Before(to) {
			return // the FIN alone is left
		}
		c.Caveats |= CaptureDrops
		c.History.add(side, 'G')
		t.gap(c, side, to, GapCapture, proof)
		t.drain(c, side)
	}
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
	case start.After(f.want):
		t.later(c, s, r.Side, start)
	default:
		t.take(c, s, r.Side, start)
	}
	t.end(c, r.Side)
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

// later puts a segment away until the bytes before it have come. If there is
// no room, the hole before it is given up.
func (t *Tracker) later(c *Connection, s *capture.Segment, side Side, start capture.Seq) {
	f, end := &c.Flow[side], start.Add(s.Len)
	for end.After(f.want) {
		if !start.After(f.want) {
			t.take(c, s, side, start)
			return
		}
		if t.stash.put(f, s, start) {
			return
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

// drain hands on what waited and has become contiguous.
func (t *Tracker) drain(c *Connection, side Side) {
	f := &c.Flow[side]
	for {
		p := t.stash.first(f)
		if p == nil || p.seq.After(f.want) {
			break
		}
		got := t.stash.pop(f)
		if got.end.After(f.want) {
			t.hand(c, side, got.frame, got.bytes, got.seq, got.end)
		}
	}
	if !f.want.Before(f.acked) {
		f.armed = 0
	}
	t.end(c, side)
}

// end hands on the FIN when everything before it has been.
func (t *Tracker) end(c *Connection, side Side) {
	f := &c.Flow[side]
	if f.has&(hasFIN|hasEnded) != hasFIN || f.want.Before(f.fin) {
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
	if f.armed != 0 {
		t.skipAcked(c, side, c.Last)
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
