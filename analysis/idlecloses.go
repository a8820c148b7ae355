package analysis

import (
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// idleLimits are the idle times, in seconds, that closes are counted by: those
// that servers, clients and balancers have as their defaults, and some between.
var idleLimits = [...]int{0, 1, 2, 5, 10, 15, 30, 60, 75, 90, 120, 180, 240, 300, 600}

// IdleCloses counts the connections of a pair that were closed after their last
// whole exchange, by the side that closed first and by how long they had been
// idle then. It is made of sums, so that those of workers merge.
type IdleCloses [2][len(idleLimits)]uint32

// IdleClose is one count of them.
type IdleClose struct {
	By reassembly.Side
	// After is the idle time in seconds: from nine tenths of it up to nine
	// tenths of the next one, since timers in use are early by their
	// resolution and late by any time. 0 is less than 0.9 s.
	After int
	Count uint32
}

// count takes a connection that was closed when it had been idle for ns.
func (h *IdleCloses) count(by reassembly.Side, ns int64) {
	i := len(idleLimits) - 1
	for i > 0 && ns < int64(idleLimits[i])*9e8 {
		i--
	}
	h[by][i]++
}

func (h *IdleCloses) add(o *IdleCloses) {
	for side := range h {
		for i, n := range o[side] {
			h[side][i] += n
		}
	}
}

// All lists the counts that are not 0: the client's before the server's,
// shorter times first.
func (h *IdleCloses) All() []IdleClose {
	var all []IdleClose
	for side := range h {
		for i, n := range h[side] {
			if n > 0 {
				all = append(all, IdleClose{reassembly.Side(side), idleLimits[i], n})
			}
		}
	}
	return all
}

// connection counts how a connection ended, if it was idle then.
func (t *pairTable) connection(c *timeline.Connection) {
	side, _, idle, ok := c.IdleClose()
	if !ok {
		return
	}
	slot := c.Pair.Slot()
	for slot >= len(t.closes) {
		t.closes = append(t.closes, nil)
	}
	if t.closes[slot] == nil {
		t.closes[slot] = new(IdleCloses) // a pair's first; the next pair of the slot takes it over
	}
	t.closes[slot].count(side, idle)
}

// closed moves what was counted of a pair that is over to its row.
func (t *pairTable) closed(p *timeline.Pair, r *PairRow) {
	if p.Slot() >= len(t.closes) || t.closes[p.Slot()] == nil {
		return
	}
	h := t.closes[p.Slot()]
	if r != nil {
		r.IdleCloses.add(h)
	}
	*h = IdleCloses{}
}
