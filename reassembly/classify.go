package reassembly

import "connlint/capture"

// judge holds a segment against what is known of its flow before anything in
// it is believed. It reports false for one that its receiver would drop.
func (c *Connection) judge(s *capture.Segment, r *Reading) bool {
	f, p := &c.Flow[r.Side], &c.Flow[r.Side.Peer()]
	if s.Flags&capture.RST != 0 {
		if f.has&hasSeq != 0 && !f.acceptable(s.Seq, p) {
			r.Events |= OutOfWindowReset
		}
	} else {
		c.locate(f, firstByte(s))
		if f.isStray(s) {
			r.Events |= Stray
		}
	}
	return r.Events&(OutOfWindowReset|Stray) == 0
}

// firstByte is the sequence number of the payload: behind the SYN, if any.
func firstByte(s *capture.Segment) capture.Seq {
	if s.Flags&capture.SYN != 0 {
		return s.Seq + 1
	}
	return s.Seq
}

// locate sets where the flow's numbers begin, if that is not known. An ACK by
// the peer is a guess only: in a capture that starts in mid-stream what lies
// between it and the first packet had passed before.
func (c *Connection) locate(f *Flow, start capture.Seq) {
	guessed := f.Packets == 1 && c.Handshake.SYN.IsZero() && c.Handshake.SYNACK.IsZero()
	switch d := start.Sub(f.next); {
	case f.has&hasSeq == 0 || guessed && (d > maxWindow || d < -maxWindow):
		f.begin(start)
	case guessed && d > 0:
		f.next, f.want = start, start
	}
}

// isStray reports whether a segment cannot be of this stream: further off
// than any window reaches, behind its FIN, or a SYN at another number.
func (f *Flow) isStray(s *capture.Segment) bool {
	start := firstByte(s)
	if d := start.Sub(f.next); d < -maxWindow || d > maxWindow || int64(d)+int64(f.next.Sub(f.want)) > maxWindow {
		return true
	}
	if s.Flags&capture.SYN != 0 && s.Seq != f.isn {
		return true
	}
	return f.has&hasFIN != 0 && start.Add(s.Len).After(f.fin) && s.Len > 0
}

// classify says what a segment's own bytes are: new, repeated, reordered, a
// copy, a probe. It moves SND.NXT on.
func (t *Tracker) classify(c *Connection, s *capture.Segment, r *Reading) {
	f := &c.Flow[r.Side]
	switch {
	case s.Flags&capture.RST != 0:
	case s.Len <= 1 && s.Flags&(capture.SYN|capture.FIN) == 0 && f.isProbe(s):
		t.probe(c, r)
	case s.Len == 0 && s.Flags&(capture.SYN|capture.FIN) == 0:
		t.empty(c, s, r)
	default:
		t.occupy(c, s, r)
	}
}

// occupy takes a segment that takes sequence space.
func (t *Tracker) occupy(c *Connection, s *capture.Segment, r *Reading) {
	f := &c.Flow[r.Side]
	start, end := firstByte(s), s.End()
	if s.Len > 0 {
		f.Segments++
		f.MaxLen = max(f.MaxLen, uint32(s.Len))
		r.Events |= Data
		c.History.add(r.Side, 'D')
		t.size(c, s, r)
		f.push(s, end)
	}
	if s.Flags&capture.FIN != 0 && f.has&hasFIN == 0 && !end.Before(f.next) {
		f.has |= hasFIN
		f.fin = start.Add(s.Len)
		if c.crossed(s, r.Side) {
			c.Teardown.Crossing[r.Side] |= CrossedFIN
		}
		c.Teardown.FIN[r.Side] = s.Frame
		c.History.add(r.Side, 'F')
	}
	t.place(c, s, r, start, end)
}

// place compares the segment's place in the stream with what was seen.
func (t *Tracker) place(c *Connection, s *capture.Segment, r *Reading, start, end capture.Seq) {
	f := &c.Flow[r.Side]
	switch {
	case start == end: // a SYN alone
	case !start.Before(f.next):
		if start.After(f.next) {
			r.Events |= Jump
		}
		if p := &c.Flow[r.Side.Peer()]; s.Len == 1 && p.Window == 0 && p.Seen() {
			t.probe(c, r) // with a new byte, as RFC 9293 §3.8.6.1 has it
		}
		r.New = s.Len
		t.advance(f, end)
		t.remember(c, s, r.Side, end)
	case end.After(f.next):
		t.straddle(c, s, r, start, end)
	default:
		t.old(c, s, r, start, end)
	}
	f.Bytes += uint64(r.New)
	if s.Len > r.New && r.Events&(Duplicate|ZeroWindowProbe) == 0 {
		f.Resent += uint64(s.Len - r.New)
	}
}

// advance moves SND.NXT on to next. Where no ACK is in the capture SND.UNA is
// drawn behind it: no more than a window can be in flight. The distance is
// added up from two steps of a window each: from half the space on the two
// numbers could not be told apart.
func (t *Tracker) advance(f *Flow, next capture.Seq) {
	flight := int64(f.next.Sub(f.acked)) + int64(next.Sub(f.next))
	f.next = next
	if flight > maxWindow {
		f.acked = next - maxWindow/2
		f.has |= hasAcked
		t.sent.drop(&f.sent)
	}
}

// straddle takes a segment of which a part lies below the highest number seen.
func (t *Tracker) straddle(c *Connection, s *capture.Segment, r *Reading, start, end capture.Seq) {
	f := &c.Flow[r.Side]
	hole := t.stash.hole(f, start.Max(f.want), f.next)
	r.New = hole + max(0, start.Add(s.Len).Sub(f.next))
	if hole > 0 {
		r.Events |= FillsGap
	}
	if hole == 0 || f.next.After(f.acked) {
		t.again(c, s, r)
	}
	t.sent.repeat(f, s, start, f.next)
	t.advance(f, end)
	t.remember(c, s, r.Side, end)
}

// old takes a segment all of whose numbers lie below the highest seen.
func (t *Tracker) old(c *Connection, s *capture.Segment, r *Reading, start, end capture.Seq) {
	f, p := &c.Flow[r.Side], &c.Flow[r.Side.Peer()]
	if hole := t.stash.hole(f, start.Max(f.want), start.Add(s.Len)); hole > 0 {
		r.New = hole
		t.fill(c, s, r, end)
		return
	}
	switch {
	case r.Events&Duplicate != 0:
	case t.sent.isCopy(f, s, end):
		t.copied(c, r)
	case s.Len == 1 && p.Window == 0 && p.Seen() && start == f.acked:
		t.probe(c, r)
	default:
		if s.Len > 0 && f.has&hasAcked != 0 && !end.After(f.acked) {
			r.Events |= Spurious
			f.Spurious++
			owe(f)
		}
		t.again(c, s, r)
		t.sent.repeat(f, s, start, end)
	}
}

// fill takes a segment that fills a hole: the first transmission captured
// late, one that others overtook, or a repair.
func (t *Tracker) fill(c *Connection, s *capture.Segment, r *Reading, end capture.Seq) {
	f, p := &c.Flow[r.Side], &c.Flow[r.Side.Peer()]
	r.Events |= FillsGap
	behind := t.stash.after(f, end)
	switch {
	case f.has&hasAcked != 0 && !end.After(f.acked):
		return // its receiver had it already: the capture is out of order, not the path
	case behind != nil && behind.overtook(s, f.MinRTT+p.MinRTT):
		r.Events |= OutOfOrder
		f.OutOfOrder++
		c.History.add(r.Side, 'O')
	default:
		t.again(c, s, r)
	}
	t.remember(c, s, r.Side, end)
}

// again counts a repetition of bytes.
func (t *Tracker) again(c *Connection, s *capture.Segment, r *Reading) {
	switch {
	case s.Len == 0:
		r.Events |= FINRepeated
		return
	case c.refused(r.Side):
		return
	}
	r.Events |= Retransmission
	c.Flow[r.Side].Retransmissions++
	c.History.add(r.Side, 'T')
}

// refused reports whether what a side sends again are the data of its SYN that
// the SYN-ACK did not take (RFC 7413 §4.2.2): they were not lost, and no timer
// brought them back. Sent a third time they were.
func (c *Connection) refused(side Side) bool {
	f := &c.Flow[Client]
	return side == Client && c.Handshake.FastOpen == FastOpenRefused && f.acked == f.isn+1 && f.Resent == 0
}

// copied counts a copy of a packet.
func (t *Tracker) copied(c *Connection, r *Reading) {
	r.Events |= Duplicate
	f := &c.Flow[r.Side]
	f.Duplicates++
	t.stats.Copies++
	if r.Events&Data != 0 {
		owe(f)
	}
}

// empty takes a segment that carries nothing.
func (t *Tracker) empty(c *Connection, s *capture.Segment, r *Reading) {
	f := &c.Flow[r.Side]
	if s.Seq.After(f.next) && f.has&hasFIN == 0 {
		// It stands behind bytes that were not seen: the sender sent them.
		t.advance(f, s.Seq)
		r.Events |= Jump
		if c.facing&oriented == 0 {
			f.want = s.Seq // the stream begins with the first payload in the capture
		}
	}
	if s.Flags&capture.ACK != 0 {
		r.Events |= PureACK
		if r.Events&Duplicate == 0 {
			f.PureACKs++
		}
		c.History.add(r.Side, 'A')
	}
}

// isProbe recognises a keep-alive or window probe: one number below SND.NXT,
// at most one byte (RFC 9293 §3.8.4), the byte there already acknowledged.
func (f *Flow) isProbe(s *capture.Segment) bool {
	return s.Seq+1 == f.next && f.next == f.acked && f.has&hasFIN == 0 && f.Packets > 1
}

func (t *Tracker) probe(c *Connection, r *Reading) {
	count(&c.Flow[r.Side].KeepAlives)
	c.History.add(r.Side, 'K')
	if p := &c.Flow[r.Side.Peer()]; p.Window == 0 && p.Seen() {
		r.Events |= ZeroWindowProbe
		return
	}
	r.Events |= KeepAliveProbe
}

// size notes packets that were cut, and segments that no wire carried: longer
// than the receiver's MSS.
func (t *Tracker) size(c *Connection, s *capture.Segment, r *Reading) {
	if len(s.Payload) < s.Len {
		c.Caveats |= SnaplenCut
	}
	if mss := c.Flow[r.Side.Peer()].MSS; mss != 0 && s.Len > int(mss) {
		r.Events |= SuperSegment
		c.Caveats |= SuperSegments
	}
}

// acceptable reports whether the peer would take a reset at seq: at the next
// number it expects or within its window (RFC 9293 §3.10.7.4; RFC 5961 §3.2 is
// stricter, but a sender does not know what its peer runs). What the capture
// lacks is allowed for by one window more.
func (f *Flow) acceptable(seq capture.Seq, p *Flow) bool {
	slack := max(int(p.Window), 65535)
	return seq.Sub(f.acked) >= -slack && seq.Sub(f.next) <= slack
}
