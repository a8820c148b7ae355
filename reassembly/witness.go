package reassembly

import "connlint/capture"

// witnesses are the clocks of hosts as their timestamps show them (RFC 7323
// §4.1: a TSval grows with time, by 1 to 1000 a second). Where the capture's
// clock was set forward nothing else tells that from a silence. One host's
// clock may stand still, while it sleeps or is moved: only two are believed.
//
// There are as many as fit a table of fixed size; a newer connection takes an
// older one's place.
type witnesses [1024]witness

type witness struct {
	first uint64 // number of the connection's first packet: whose it is
	peers [2]peer
}

// peer is one host's clock.
type peer struct {
	first int64  // capture time of the first timestamp, ns
	at    int64  // of the one that others are held against
	val   uint32 // and its value
	rate  uint32 // ticks a second; 0: not known
	off   int64  // how far the capture's clock is ahead of where this one says, ns; 0: not worth a word

	markAt  int64 // an earlier timestamp from which to measure the rate
	markVal uint32
}

const (
	// 10 Hz is the slowest clock that a stack of this century has: one that
	// stood still by that measure did so by any.
	slowest = 10
	// offLeast is the least deviation that is a step, ns; beyond it, the share
	// of the time that has passed: crystals keep to a thousandth, a clock that
	// is being slewed may run a tenth too fast.
	offLeast = int64(500e6)
	offShare = 50
	// renew is when a clock in good agreement is read anew, ns: a step counts
	// from there.
	renew = int64(10e9)
	// What it takes to know the rate: ns, ticks.
	rateTime    = int64(50e6)
	longMeasure = int64(1e9)
	rateTicks   = 10
)

// agree takes a timestamp. It reports whether both hosts of the connection
// now say that the capture's clock was moved.
func (ws *witnesses) agree(c *Connection, s *capture.Segment, side Side) bool {
	w := &ws[c.Slot()%len(ws)]
	if first := c.First.Number(); w.first != first {
		*w = witness{first: first}
	}
	p, q := &w.peers[side], &w.peers[side.Peer()]
	p.see(s.Time, s.Options.TSVal)
	if p.off == 0 || !q.confirms(p.off, s.Time) {
		return false
	}
	*w = witness{first: w.first}
	return true
}

// confirms reports whether the clock says the same of the capture's at now: off,
// ns. One that was not heard before the step cannot know, and is not asked.
func (p *peer) confirms(off, now int64) bool {
	return p.at == 0 || off > 0 && now-p.first < off || p.off > 0 && off > 0 || p.off < 0 && off < 0
}

// see holds a timestamp against an earlier one.
func (p *peer) see(at int64, val uint32) {
	if p.at == 0 {
		p.first, p.at, p.val, p.markAt, p.markVal = at, at, val, at, val
		return
	}
	passed, ticks := at-p.at, int64(int32(val-p.val))
	if ticks < 0 {
		return // sent before the first
	}
	if p.rate == 0 {
		p.measure(at, val)
	}
	p.off = p.compare(passed, ticks)
	if p.off == 0 && passed >= renew && p.rate != 0 {
		p.at, p.val = at, val
	}
}

// measure looks for the rate between two timestamps: one pair may have the step
// between them, the next has not.
func (p *peer) measure(at int64, val uint32) {
	passed, ticks := at-p.markAt, int64(int32(val-p.markVal))
	if passed < 0 || passed >= rateTime && ticks >= rateTicks {
		p.rate = rateOf(ticks, max(passed, 1))
		if passed < 0 || passed > longMeasure { // the longer, the less jitter counts
			p.markAt, p.markVal = at, val
		}
	}
}

// compare is how far the capture's clock is off, ns, if it is.
func (p *peer) compare(passed, ticks int64) int64 {
	rate := int64(p.rate)
	if rate == 0 {
		rate = slowest
		if passed >= offLeast && ticks >= rateTicks && !plausible(ticks, passed) {
			rate = 1000 // nobody's clock runs like that: most likely it is the commonest, over another time
		}
	}
	off := passed - ticks*1e9/rate
	limit := max(offLeast, passed/offShare)
	if off > limit || off < -limit && p.rate != 0 {
		return off
	}
	return 0
}

// rateOf is the rate of a clock, of those that stacks have; 0: none of them.
func rateOf(ticks, ns int64) uint32 {
	for _, hz := range [...]int64{1000, 250, 100} {
		if d := ns*hz/1e9 - ticks; max(d, -d) <= ticks/20+2 { // a twentieth is the path's
			return uint32(hz)
		}
	}
	return 0
}

// plausible reports whether a clock may have made so many ticks in ns: rates
// that stacks had, a tenth of tolerance.
func plausible(ticks, ns int64) bool {
	for _, hz := range [...]int64{1000, 500, 300, 250, 200, 128, 100, 64, 50, 20, 10} {
		if d := ns*hz/1e9 - ticks; max(d, -d) <= ticks/10+2 {
			return true
		}
	}
	return false
}
