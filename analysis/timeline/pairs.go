package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
)

// pairs keeps what one client address and one server endpoint have with each
// other. There are at most limit of them: beyond, the one that has been without
// an open connection for longest is reported and forgotten.
type pairs struct {
	byKey map[pairKey]*Pair
	// quiet have no open connection, in the order in which they lost it; live
	// have some, in the order in which they got one. A flood makes pairs as
	// fast as packets come: none may be looked for.
	quiet, live pairList
	callers     map[callerKey]*Caller
	slotsFree   []int
	slots       int
	made        uint64 // how many there ever were
	limit       int
}

// pairList is linked through the pairs, of which each is in one list.
type pairList struct{ first, last *Pair }

type pairKey struct {
	client, server capture.Endpoint
	source         uint16
}

func keyOf(c *reassembly.Connection) pairKey {
	return pairKey{c.Client().Host(), c.Server(), c.First.Source()}
}

// pairOf is the pair of a connection, made if it is not there.
func (t *Tracker) pairOf(c *reassembly.Connection) *Pair {
	key := keyOf(c)
	if p := t.pairs.byKey[key]; p != nil {
		return p
	}
	if len(t.pairs.byKey) >= t.pairs.limit {
		t.evictPair()
	}
	t.pairs.made++
	p := &Pair{Client: key.client, Server: key.server, Source: key.source, made: t.pairs.made}
	p.Caller = t.pairs.callerOf(p)
	if n := len(t.pairs.slotsFree); n > 0 {
		p.slot = t.pairs.slotsFree[n-1]
		t.pairs.slotsFree = t.pairs.slotsFree[:n-1]
	} else {
		p.slot = t.pairs.slots
		t.pairs.slots++
	}
	t.pairs.byKey[key] = p
	t.pairs.quiet.append(p)
	return p
}

// join counts an open connection of the pair.
func (ps *pairs) join(p *Pair) {
	if p.open == 0 {
		ps.quiet.remove(p)
		ps.live.append(p)
	}
	p.open++
}

// leave counts one that is closed.
func (ps *pairs) leave(p *Pair) {
	p.open--
	if p.open == 0 {
		ps.live.remove(p)
		ps.quiet.append(p)
	}
}

func (l *pairList) append(p *Pair) {
	p.prev, p.next = l.last, nil
	if l.last != nil {
		l.last.next = p
	} else {
		l.first = p
	}
	l.last = p
}

func (l *pairList) remove(p *Pair) {
	if p.prev != nil {
		p.prev.next = p.next
	} else {
		l.first = p.next
	}
	if p.next != nil {
		p.next.prev = p.prev
	} else {
		l.last = p.prev
	}
	// Whoever still points to a pair that is gone must not hold on to those
	// that stood beside it, and these to theirs.
	p.prev, p.next = nil, nil
}

// evictPair makes room for a pair. One that goes though it has an open
// connection starts anew with that one's next event.
func (t *Tracker) evictPair() {
	p := t.pairs.quiet.first
	if p == nil {
		p = t.pairs.live.first
	}
	t.stats.PairsEvicted++
	t.finishPair(p)
}

func (t *Tracker) finishPair(p *Pair) {
	t.h.Pair(p)
	t.forgetPair(p)
}

func (t *Tracker) forgetPair(p *Pair) {
	if p.open > 0 {
		t.pairs.live.remove(p)
	} else {
		t.pairs.quiet.remove(p)
	}
	t.pairs.leaveCaller(p)
	delete(t.pairs.byKey, pairKey{p.Client, p.Server, p.Source})
	t.pairs.slotsFree = append(t.pairs.slotsFree, p.slot)
	p.gone = true
}

// begin notes that a connection of the pair has something to do. Another one
// is busy at the same time if it is still at work, or if its last byte had not
// reached the client when this request left it: behind the capture point both
// are a part of a round trip away, and a tenth of that is left to jitter.
func (p *Pair) begin(c *Connection, now int64, f capture.Frame) {
	travelling := p.latest != nil && p.latest != c && now-p.lastEnd.Time < c.Flow[reassembly.Client].MinRTT*9/10
	if p.Busy > 0 || travelling {
		p.lastOverlap = now
		c.Traits |= ParallelConnections
	}
	if travelling {
		p.latest.Traits |= ParallelConnections
	}
	if c.busySince != 0 {
		p.free = max(0, p.free-1) // it is used again itself
	}
	p.partings.remove(c)
	p.partings.arrived(now)
	p.oneMore(f)
	c.busySince = now
}

// oneMore counts a busy connection; f is the packet that showed it.
func (p *Pair) oneMore(f capture.Frame) {
	p.Busy++
	if n := p.Busy + p.partings.n; n > p.PeakBusy {
		p.PeakBusy, p.Peak = n, f
	}
}

// end notes that it has nothing more to do for the time being.
func (p *Pair) end(c *Connection, f capture.Frame) {
	p.Busy--
	if p.lastOverlap >= c.busySince {
		c.Traits |= ParallelConnections
	}
	p.lastEnd, p.latest = f, c
	p.free++
	p.partings.append(c, f.Time)
}

// take is the end of the latest transaction if a connection whose transaction
// is over could be used now, and counts it as used; else zero.
func (p *Pair) take() capture.Frame {
	if p == nil || p.free == 0 {
		return capture.Frame{}
	}
	p.free--
	return p.lastEnd
}
