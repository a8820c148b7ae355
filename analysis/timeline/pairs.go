package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
)

// pairs keeps what one client address and one server endpoint have with each
// other. There are at most limit of them: beyond, the one that was made
// longest ago and has no open connection is reported and forgotten.
type pairs struct {
	byKey       map[pairKey]*Pair
	first, last *Pair // in the order in which they were made
	free        []int // slots to use again
	slots       int
	limit       int
}

type pairKey struct {
	client, server capture.Endpoint
	source         uint16
}

func keyOf(c *reassembly.Connection) pairKey {
	return pairKey{c.Client().Host(), c.Server(), c.First.Source()}
}

// of is the pair of a connection, made if it is not there.
func (t *Tracker) pairOf(c *reassembly.Connection) *Pair {
	key := keyOf(c)
	if p := t.pairs.byKey[key]; p != nil {
		return p
	}
	if len(t.pairs.byKey) >= t.pairs.limit {
		t.evictPair()
	}
	p := &Pair{Client: key.client, Server: key.server, Source: key.source, First: c.First, Last: c.First}
	if n := len(t.pairs.free); n > 0 {
		p.slot = t.pairs.free[n-1]
		t.pairs.free = t.pairs.free[:n-1]
	} else {
		p.slot = t.pairs.slots
		t.pairs.slots++
	}
	t.pairs.byKey[key] = p
	t.pairs.append(p)
	return p
}

func (ps *pairs) append(p *Pair) {
	p.prev, p.next = ps.last, nil
	if ps.last != nil {
		ps.last.next = p
	} else {
		ps.first = p
	}
	ps.last = p
}

func (ps *pairs) remove(p *Pair) {
	if p.prev != nil {
		p.prev.next = p.next
	} else {
		ps.first = p.next
	}
	if p.next != nil {
		p.next.prev = p.prev
	} else {
		ps.last = p.prev
	}
}

// maxTurns is how many pairs with open connections get another turn before
// one of them has to go all the same.
const maxTurns = 64

// evictPair reports the oldest pair without an open connection. A pair that
// goes though it has one starts anew with that one's next event.
func (t *Tracker) evictPair() {
	p := t.pairs.first
	for range maxTurns {
		if p.open == 0 {
			break
		}
		t.pairs.remove(p)
		t.pairs.append(p)
		p = t.pairs.first
	}
	t.stats.PairsEvicted++
	t.finishPair(p)
}

func (t *Tracker) finishPair(p *Pair) {
	t.h.Pair(p)
	t.forgetPair(p)
}

func (t *Tracker) forgetPair(p *Pair) {
	t.pairs.remove(p)
	delete(t.pairs.byKey, pairKey{p.Client, p.Server, p.Source})
	t.pairs.free = append(t.pairs.free, p.slot)
	p.gone = true
}

// begin notes that a connection of the pair has something to do. Another one
// is busy at the same time if it is still at work, or if its last byte had not
// reached the client when this request left it: behind the capture point both
// are a part of a round trip away, and a tenth of that is left to jitter.
func (p *Pair) begin(c *Connection, now int64) {
	travelling := p.latest != nil && p.latest != c && now-p.lastEnd.Time < c.Flow[reassembly.Client].MinRTT*9/10
	if p.Busy > 0 || travelling {
		p.lastOverlap = now
		c.Traits |= ParallelConnections
	}
	if travelling {
		p.latest.Traits |= ParallelConnections
	}
	p.Busy++
	p.PeakBusy = max(p.PeakBusy, p.Busy)
	c.busySince = now
}

// end notes that it has nothing more to do for the time being.
func (p *Pair) end(c *Connection, f capture.Frame) {
	p.Busy--
	if p.lastOverlap >= c.busySince {
		c.Traits |= ParallelConnections
	}
	p.lastEnd, p.latest = f, c
}
