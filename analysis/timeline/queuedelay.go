package timeline

import "math/bits"

// queueDelay tells a bottleneck's queue: how much later than the quickest the
// packets of a message came to the capture point (their timestamps say when
// they left), and how much longer than the quickest their acknowledgements
// took behind it. Wherever the capture was taken, the two add up to the queue.
type queueDelay struct {
	ahead  spread // between the sender and the capture
	behind spread // between the capture and the receiver, both ways
	latest int64  // behind, of the latest sample that no timer kept back, ns
	least  int64  // arrival less departure of the quickest packet, ns
	tick   int64  // of the sender's clock, ns
	any    bool
	even   even
}

// spread is a histogram of delays by half powers of two of 1/8 ms.
type spread struct {
	n     [40]uint32
	total uint32
}

const spreadUnit = int64(125e3)

func (p *spread) add(d int64) {
	p.n[rung(d)]++
	p.total++
}

// rung is the number of the half power of two that d ns lies above.
func rung(d int64) int {
	u := uint64(max(d, 0)/spreadUnit) + 1
	k := bits.Len64(u) - 1
	i := 2 * k
	if k > 0 && u&(1<<(k-1)) != 0 {
		i++
	}
	return min(i, 39)
}

// median is the middle of the rung that half of the samples reach, ns.
func (p *spread) median() int64 {
	if p.total < 6 {
		return 0
	}
	left := int64(p.total+1) / 2
	for i, n := range p.n {
		if left -= int64(n); left <= 0 {
			low := int64(1) << (i / 2)
			if i%2 == 1 {
				low += low / 2
			}
			return (low - 1) * spreadUnit * 5 / 4
		}
	}
	return 0
}

// left takes a segment that arrived at t ns and left at departed by the sender's
// clock, which ticks every tick ns.
func (q *queueDelay) left(t, departed, tick int64) {
	if q.tick != tick {
		q.ahead, q.tick, q.any = spread{}, tick, false
	}
	d := t - departed
	if !q.any || d < q.least {
		q.least, q.any = d, true
	}
	q.ahead.add(d - q.least)
}

// stands reports whether a queue stood for most of the message. A gigabit
// link's own queue comes to a few ms.
func (q *queueDelay) stands(rtt int64) bool {
	return max(0, q.ahead.median()-q.tick)+q.behind.median() > max(rtt/2, 5e6)
}

// even finds full segments at even distances: what a bottleneck makes of a
// flow, and all that its far end shows of it without timestamps.
type even struct {
	last  int64
	alike uint32
	all   uint32
}

func (e *even) add(gap int64) {
	if e.last > 0 {
		e.all++
		if d := gap - e.last; d*8 <= e.last && -d*8 <= e.last {
			e.alike++
		}
	}
	e.last = gap
}

// regular reports whether nearly all distances are alike.
func (e *even) regular() bool { return e.all >= 20 && e.alike*10 >= e.all*8 }

// ticks learns how long a tick of a host's timestamp clock is.
type ticks struct {
	time  int64
	tsval uint32
	next  int64 // ticks behind the first packet at which the clock is looked at again
	tick  int64 // ns; 0: not known
}

// tickLengths are the clocks in use: Linux 1 ms (1 µs where asked for), BSD and
// older systems 10 ms, 2 ms and 4 ms between. Slower ones tell no queue.
var tickLengths = [...]int64{1e3, 1e6, 2e6, 4e6, 1e7}

// note takes a packet's timestamp and returns when it left by that clock, ns.
// The clock is told by the time between the first packet and this one, at twice
// the distance each time: a late first packet makes it seem too quick, a queue
// too slow, and both matter less and less.
func (c *ticks) note(t int64, tsval uint32) (departed int64, ok bool) {
	if c.time == 0 {
		c.time, c.tsval, c.next = t, tsval, 20
		return 0, false
	}
	n := int64(int32(tsval - c.tsval))
	if dt := t - c.time; n >= c.next && dt >= 20e6 && c.next < 1<<14 {
		c.next = 2 * n
		c.tick = tickOf(dt / n)
	}
	if c.tick == 0 {
		return 0, false
	}
	return c.time + n*c.tick, true
}

// tickOf is the clock that ticks every d ns, 0 if there is none: up to 60 %
// more may be a queue that filled meanwhile.
func tickOf(d int64) int64 {
	for _, tick := range tickLengths {
		if d*10 >= tick*9 && d*10 < tick*16 {
			return tick
		}
	}
	return 0
}
