package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// reset ends a direction by an RST. Bytes that the peer acknowledged and the
// capture lacks are told of when they have had time to come; an RST leaves
// none, and without a word of them the capture would look like a cut message.
func (k *tracked) reset(side reassembly.Side, f capture.Frame) {
	if acked := k.conn.Flow[side].AckedOffset(); acked > k.position[side] && k.tls == nil && !k.ended[side] {
		k.http.Gap(direction(side), f, acked-k.position[side], http1.Hole)
	}
	k.end(side, f, http1.CutByReset)
}

// end tells the parser once that a direction is over.
func (k *tracked) end(side reassembly.Side, f capture.Frame, why http1.End) {
	if k.ended[side] {
		return
	}
	if !k.ended[side.Peer()] {
		k.conn.Beside = max(0, k.conn.Pair.Transactions-k.conn.pairThen)
	}
	k.ended[side] = true
	k.conn.Pair.withdraw(&k.conn)
	if why == http1.CutByClose || why == http1.CutByReset {
		k.conn.notSpare()
	}
	switch {
	case k.tls == nil:
		k.http.End(direction(side), f, why)
	case side == reassembly.Server:
		k.idle(f) // what has no answer by now gets none
	}
}

// Close is part of reassembly.Handler.
func (t *Tracker) Close(c *reassembly.Connection, why reassembly.Reason) {
	k := t.at(c)
	if k == nil {
		k = t.track(c)
	}
	k.conn.Why, k.conn.Tick = why, t.tick
	k.conn.End = c.Last.Time
	if k.conn.Open() {
		k.conn.End = max(c.ClosedAt(), c.Last.Time)
	}
	k.end(reassembly.Client, c.Last, k.endOf(why))
	k.end(reassembly.Server, c.Last, k.endOf(why))
	k.finishTurn(true)
	k.release(len(k.waiting))
	k.idle(c.Last)
	k.rest()
	k.setup()
	k.character()
	k.evidence()
	k.idleToTheEnd()
	k.conn.refused()
	t.opened(&k.conn)
	t.conclude(k)
	t.tracked[c.Slot()] = nil
	if len(t.spare) < maxSpare {
		t.spare = append(t.spare, k)
	}
}

// maxSpare is how many records of closed connections are kept for reuse.
const maxSpare = 4096

// conclude counts the connection and tells the handler.
func (t *Tracker) conclude(k *tracked) {
	c := &k.conn
	p := k.pair()
	if !c.Handshake.SYN.IsZero() {
		p.Caller.kinds.see(&c.Flow[reassembly.Client], reassembly.Client)
	}
	if p.Caller.Kinds() > 1 {
		c.Caveats |= reassembly.NATSuspected
	}
	c.Reuse = t.hosts.reuse(c.Connection)
	t.hosts.add(c, t.h)
	if c.busySince == 0 && !c.Predecessor.IsZero() {
		p.free++ // nothing was asked on it after all
	}
	p.attempted(c)
	for _, side := range [...]reassembly.Side{reassembly.Client, reassembly.Server} {
		c.Skipped[side] = k.http.Skipped(direction(side))
	}
	t.h.Close(c)
	t.openings.end(c.Slot())
	c.part()
	p.leave(c)
	if t.paths != nil {
		t.paths.ended(k)
	}
	t.pairs.leave(p)
	if p.latest == c {
		p.latest = nil
	}
	k.http.Reset()
	k.restSenders()
	k.conn.Connection, k.conn.Repeated, k.tls = nil, nil, nil
}

// ready is when the connection could have carried its first request, ns since
// the epoch; where that is not in the capture, its first packet.
func (k *tracked) ready() int64 {
	t := k.established()
	if k.tls != nil {
		t = max(t, k.secured())
	}
	if t == 0 {
		t = k.conn.First.Time
	}
	return t
}

// idleToTheEnd adds the time from the last transaction to the first sign of a
// close. A connection that went over to another protocol, or was never
// established, is not idle.
func (k *tracked) idleToTheEnd() {
	c := &k.conn
	if c.Traits.Is(otherProtocols) || k.established() == 0 && c.Transactions == 0 {
		return
	}
	until := c.End
	if _, f, ok := c.Teardown.First(); ok {
		until = f.Time
	}
	c.Idle += max(0, until-max(k.lastEnd, k.ready()))
}

// endOf is what a connection's end means to the messages on it. Where its
// ports were used again and nobody was seen to close it, its end is one more
// thing that the capture lacks.
func (k *tracked) endOf(why reassembly.Reason) http1.End {
	switch why {
	case reassembly.Reused:
		if _, _, closed := k.conn.Teardown.First(); !closed {
			return http1.CutByGap
		}
		return http1.CutByClose
	case reassembly.Closed:
		return http1.CutByClose
	case reassembly.Reset:
		return http1.CutByReset
	case reassembly.Evicted:
		return http1.Evicted
	}
	return http1.StillOpen
}
