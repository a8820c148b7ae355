package reassembly

import "connlint/capture"

// clock watches the clock of the capture itself. What a rule says about time
// rests on it, and it fails in three ways: it is set back, it is set forward,
// it ticks coarsely. It has a fixed size.
type clock struct {
	beats  [maxBeats]beat
	pauses [maxPauses]pause
	paused int // pauses there ever were
	// step is the number of the first packet behind the latest step; 0: there
	// was none.
	step  uint64
	grain grain
	peers *witnesses // nil until there are timestamps
}

// beat is the clock of one capture interface. Interfaces of one capture are
// written side by side, each in its own order.
type beat struct {
	last    int64  // the latest stamp that was believed, ns
	suspect uint64 // number of a packet from before last, or far from it, while it is not known what to think of it
	behind  uint8  // packets since then that are from before last too
	wild    uint8  // packets in a row whose stamp is more than a leap away
}

// pause is a time without packets, at the end of which the clock may have been
// set forward.
type pause struct {
	number uint64 // of the packet that ended it
	ns     int64
}

const (
	maxBeats  = 16
	maxPauses = 16
	// disorder is how much earlier than the packet before it a packet may be
	// without a step, ns: several queues of one card are written a few
	// milliseconds out of order.
	disorder = int64(10e6)
	// setBack is the step back that one packet is enough for, ns: no capture
	// keeps a packet waiting for as long. For less, patience packets in a row
	// have to be from before the step.
	setBack  = int64(500e6)
	patience = 3
	// leastPause is the least pause that a step forward may hide in, ns.
	leastPause = int64(500e6)
)

// see takes the stamp of the next packet of the capture.
func (k *clock) see(s *capture.Segment) {
	k.grain.see(s.Time)
	b := &k.beats[s.Interface%maxBeats]
	d := s.Time - b.last
	switch {
	case b.last == 0:
		b.last = s.Time
	case d > leap || d < -leap:
		if b.wild++; b.wild == 1 {
			b.suspect = s.Number()
		}
		if b.wild >= leaps {
			k.stepped(b.suspect)
			*b = beat{last: s.Time}
		}
		return
	case d <= -setBack:
		b.last, b.suspect = s.Time, 0
		k.stepped(s.Number())
	case d < -disorder || b.suspect != 0 && d < 0:
		k.doubt(b, s)
	default:
		b.suspect = 0
		if d >= leastPause {
			k.pauses[k.paused%maxPauses] = pause{s.Number(), d}
			k.paused++
		}
		b.last = max(b.last, s.Time)
	}
	if b.wild > 0 {
		b.wild, b.suspect = 0, 0
	}
}

// doubt takes a packet from before the latest: one that was written late, or
// the first of those behind a step.
func (k *clock) doubt(b *beat, s *capture.Segment) {
	if b.suspect == 0 {
		b.suspect, b.behind = s.Number(), 0
	}
	if b.behind++; b.behind >= patience {
		k.stepped(b.suspect)
		b.last, b.suspect = s.Time, 0
	}
}

func (k *clock) stepped(number uint64) { k.step = max(k.step, number) }

// mark sets the caveats of a connection that has a packet now.
func (k *clock) mark(c *Connection) {
	if c.First.Number() < k.step {
		c.Caveats |= ClockSteps
	}
	if k.grain.tick() > 0 {
		c.Caveats |= CoarseClock
	} else {
		c.Caveats &^= CoarseClock // a finer stamp has come
	}
}

// ask holds the stamps of a connection against the clocks of its hosts, which
// are in its timestamps.
func (k *clock) ask(c *Connection, s *capture.Segment, side Side) {
	if !s.Options.Has(capture.OptTimestamps) || s.Flags&capture.RST != 0 || s.Flags.Has(capture.SYN|capture.ACK) {
		return // a SYN-ACK's may be a cookie
	}
	if k.peers == nil {
		k.peers = new(witnesses)
	}
	if !k.peers.agree(c, s, side) {
		return
	}
	c.Caveats |= ClockSteps
	longest := pause{}
	for _, p := range k.pauses {
		if p.number > c.First.Number() && p.ns > longest.ns {
			longest = p
		}
	}
	k.stepped(longest.number)
}

// grain finds out how fine the clock ticks: the greatest common divisor of the
// distances between stamps. One that ticks in steps of its own, not quite
// even, is told by stamps that are the same or far apart and never between.
type grain struct {
	last    int64
	even    int64 // the divisor, ns
	least   int64 // the least distance that is not 0, ns
	changes int   // stamps that differ from the one before
	same    int   // stamps that do not
}

const (
	// coarse is the least tick that is spoken of, ns: what tells causes apart
	// is 2 ms and more.
	coarse = int64(1e6)
	// Stamps of a clock of microseconds that happen to be all whole
	// milliseconds apart: 1 in 10^9.
	evenChanges   = 3
	unevenChanges = 256
	unevenSame    = 64
)

func (g *grain) see(at int64) {
	if g.changes > 0 && g.even < coarse && g.least < coarse {
		return // fine for certain
	}
	d := at - g.last
	first := g.last == 0
	g.last = at
	if d < 0 {
		d = -d
	}
	switch {
	case first:
		return
	case d == 0:
		g.same++
		return
	case g.changes == 0:
		g.even, g.least = d, d
	}
	g.changes++
	g.least = min(g.least, d)
	for g.even, d = d, g.even; d != 0; {
		g.even, d = d, g.even%d
	}
}

// tick is the distance of two ticks of a coarse clock in ns, 0 if it is fine
// or not known.
func (g *grain) tick() int64 {
	switch {
	case g.changes >= evenChanges && g.even >= coarse:
		return g.even
	case g.changes >= unevenChanges && g.least >= coarse && g.same >= unevenSame:
		return g.least
	}
	return 0
}
