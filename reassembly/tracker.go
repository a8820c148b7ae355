package reassembly

import (
	"cmp"
	"slices"

	"connlint/capture"
)

// Tracker follows the connections of one run. It is not safe for concurrent
// use; its results depend on nothing but the segments.
type Tracker struct {
	cfg     Config
	h       Handler
	table   table
	slab    slab
	fifos   [queues]fifo
	waiting [queues]int
	sent    sentStore
	stash   stash
	seen    sightings
	homes   homes
	stats   Stats
	clock   clock

	now     int64   // the latest capture time seen, of packets and ticks
	latest  int64   // of packets alone, as far as it is trusted
	nextDue int64   // no connection's turn comes before, see expire
	former  Before  // of the connection that is being replaced
	leaps   int     // packets in a row whose time is not
	lagging int     // ticks in a row from long before the packets
	back    bool    // latest was set back, and the queues know nothing of it
	number  uint64  // of the latest packet
	hole    uint64  // of the packets before this number some are missing
	reading Reading // reused: arguments are borrowed
	joined  joined
}

// New makes a Tracker that reports to h.
func New(cfg Config, h Handler) *Tracker {
	cfg = cfg.WithDefaults()
	return &Tracker{cfg: cfg, h: h, table: newTable(), sent: sentStore{limit: cfg.Unacknowledged},
		stash: stash{limit: cfg.Buffered, flowLimit: cfg.BufferedFlow}, seen: newSightings()}
}

// Stats may be called at any time.
func (t *Tracker) Stats() Stats {
	s := t.stats
	s.Open = uint64(t.slab.used - t.waiting[closedQueue])
	return s
}

// Advance moves the clock to now (ns since the epoch) without a packet: no
// packet still to come is older. Connections that are over or fell silent are
// reported sooner for it, in the order in which they would have been. A now further
// ahead of the packets than a clock may leap is not believed. Many in a row
// that are long behind them, and no packet of that time between, say that the
// clock was set back.
func (t *Tracker) Advance(now int64) {
	switch {
	case t.back:
		t.setBack(t.latest)
	case t.latest-now < lag:
		t.lagging = 0
	default:
		if t.lagging++; t.lagging >= leaps {
			t.setBack(now)
		}
	}
	t.moveTo(now, maxTickVisits)
}

// lag is how long behind the packets a live source's tick never is, ns: what a
// ring holds back is a fraction of a second.
const lag = int64(10e9)

// setBack begins anew at now, as a live source says it is: else nothing would be
// over, nor forgotten, until the clock has caught up. The order of the queues
// stays what it was.
func (t *Tracker) setBack(now int64) {
	t.now, t.latest, t.nextDue, t.lagging, t.back = now, now, now, 0, false
	for _, f := range t.fifos {
		for slot := f.head; slot != 0; {
			c := t.slab.at(slot)
			c.queued = min(c.queued, now)
			slot = c.next
		}
	}
}

func (t *Tracker) moveTo(now int64, visits int) {
	if now > t.now && now-t.latest <= leap {
		t.now = now
		t.expire(visits)
	}
}

// A clock that leaps by more than a day is not believed before leaps packets
// in a row say so: one interface of several, or one damaged record, must not
// make every connection of a capture look long silent.
const (
	leap  = int64(24 * 3600e9) // ns
	leaps = 16
)

// tick moves the clock to the time of a packet, if it is trusted.
func (t *Tracker) tick(at int64) {
	d := at - t.latest
	if d > -lag {
		t.lagging = 0
	}
	if t.latest == 0 || d >= -leap && d <= leap {
		t.latest, t.leaps = max(t.latest, at), 0
		return
	}
	if t.leaps++; t.leaps < leaps {
		return
	}
	t.latest, t.leaps = at, 0
	t.now, t.back = min(t.now, at), t.back || d < 0
}

// Hole says that packets are missing in the capture before the next. Bytes that
// are show by themselves; but whoever falls silent here need not have.
func (t *Tracker) Hole() { t.hole = t.number + 1 }

// Segment takes the next segment of the capture. It keeps nothing of s.
func (t *Tracker) Segment(s *capture.Segment) {
	t.stats.Segments++
	t.number = s.Number()
	t.homes.note(s.Interface, len(t.slab.chunks)<<chunkBits)
	hash, from := t.table.hashesOf(s.Src, s.Dst)
	c := t.table.find(&t.slab, hash, s.Src, s.Dst)
	if t.isElsewhere(c, s) || t.isCopy(c, s, keyOf(from, s)) {
		t.setAside(c, s)
		return
	}
	t.clock.see(s)
	t.tick(s.Time)
	t.moveTo(t.latest, maxVisits)
	if c != nil && c.slot == 0 {
		c = nil // its time was up
	}
	if c != nil {
		c = t.same(c, s)
	}
	if c == nil {
		c = t.begin(hash, s)
		t.homes.begin(c, s.Interface)
	}
	if c.phase == closed || c.isOlder(s) {
		t.stats.Late++
		t.older(c, s)
		return
	}
	t.process(c, s)
}

// orient tells the handler of a connection whose client and server are known
// as well as they are for now.
func (t *Tracker) orient(c *Connection) {
	c.facing |= oriented
	t.h.Open(c)
}

// makeRoom gives up connections while the limit is reached: remembered ones
// first, then those whose SYN got no answer, then the one longest silent.
func (t *Tracker) makeRoom() {
	for t.waiting[closedQueue] > t.cfg.Remembered {
		t.forget(t.slab.at(t.fifos[closedQueue].head))
	}
	for t.slab.used >= t.cfg.Connections {
		for _, q := range [...]queueName{closedQueue, lingerQueue, embryoQueue, openQueue} {
			c := t.oldest(q)
			if c == nil {
				continue
			}
			if c.phase == lingering {
				t.report(c, c.closeReason())
			} else if c.phase != closed {
				t.evict(c)
			}
			t.forget(c)
			break
		}
	}
}

// evict gives up a connection for lack of room, unless its time was up anyway.
func (t *Tracker) evict(c *Connection) {
	if t.silent(c, t.latest) {
		t.report(c, Idle)
		return
	}
	c.Caveats |= LimitReached
	t.stats.Evicted++
	t.report(c, Evicted)
}

// report hands on what still waits and tells the handler that c is over; c is
// remembered until forget.
func (t *Tracker) report(c *Connection, why Reason) {
	for _, side := range [2]Side{Client, Server} {
		t.flush(c, side)
		t.sent.drop(&c.Flow[side].sent)
	}
	if !c.Flow[Client].Seen() || !c.Flow[Server].Seen() {
		c.noteOneDirection()
	}
	if step := t.clock.step; c.First.Number() < step && c.Last.Number() >= step {
		c.Caveats |= ClockSteps // which came out after its last packet
	}
	if c.Last.Number() < t.hole && !c.Teardown.over() && why != Idle {
		// Its end may lie in the hole. When a long silence is reported, and so
		// which holes are known by then, depends on when the clock was asked.
		c.Caveats |= CaptureDrops
	}
	if c.facing&oriented == 0 {
		t.orient(c)
	}
	c.queued = t.latest
	t.h.Close(c, why)
	c.phase = closed
	t.push(c, closedQueue)
}

// noteOneDirection sets the caveat if the side that is not in the capture
// must have sent something. Nobody answers an unanswered SYN; but data that
// follow a handshake, or acknowledgements one after another, have a peer.
func (c *Connection) noteOneDirection() {
	seen, opened := &c.Flow[Client], c.Handshake.SYNs
	if !seen.Seen() {
		seen, opened = &c.Flow[Server], c.Handshake.SYNACKs
	}
	if seen.Segments > 0 && seen.Packets > uint32(opened) || seen.PureACKs > 2 {
		c.Caveats |= OneDirection
		if opened > 0 {
			c.Caveats &^= MidConnection // it begins where that side's packets do
		}
	}
}

func (t *Tracker) forget(c *Connection) {
	t.unlink(c)
	t.table.remove(t.table.hashOf(c.Ends[0], c.Ends[1]), c.slot)
	t.slab.release(c)
}

// Finish ends the run: every connection is closed, in the order in which they
// began.
func (t *Tracker) Finish() {
	var left []*Connection
	for _, q := range [...]queueName{lingerQueue, embryoQueue, openQueue} {
		for s := t.fifos[q].head; s != 0; s = t.slab.at(s).next {
			left = append(left, t.slab.at(s))
		}
	}
	slices.SortFunc(left, func(a, b *Connection) int {
		return cmp.Or(cmp.Compare(a.First.Number(), b.First.Number()), cmp.Compare(a.First.Source(), b.First.Source()))
	})
	for _, c := range left {
		why := EndOfCapture
		switch {
		case c.phase == lingering:
			why = c.closeReason()
		case t.silent(c, t.latest):
			why = Idle
		}
		t.report(c, why)
	}
	for c := t.oldest(closedQueue); c != nil; c = t.oldest(closedQueue) {
		t.forget(c)
	}
}
