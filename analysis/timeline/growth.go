package timeline

import "connlint/capture"

// growth counts the new bytes of a message by round trips from its first
// segment. That is the same wherever the capture was taken, and shows slow
// start whether a stack sends in bursts or paces: the bytes of a round trip
// grow until a limit shows.
type growth struct {
	first  capture.Frame // first segment of the message
	origin int64         // start of the first round trip
	rtt    int64
	idle   int64 // how long the flow had been still before
	bin    int
	bytes  [maxRounds]uint64
	time   [maxRounds]int64 // transport-clocked time, by the round trip in which it ended
	base   uint64           // most bytes of a round trip in earlier messages
	most   uint64           // the same up to the latest whole round trip of this one
	top    int              // round trips that grow, once over
	room   uint64           // bytes a round trip once they grow no more; 0: not known
	rest   uint64           // bytes sent since then
	since  int64            // when that was
	grew   int              // round trips that grew, behind the first
	streak int
	best   int
	level  bool // the latest whole round trip did not grow
	over   bool
	lossy  bool
	after  bool // the window had fallen back while the flow was idle
}

// maxRounds bounds the round trips that are looked at one by one: two in a row
// that do not grow by a third end the growth, and 1.3^24 is 500-fold.
const maxRounds = 48

// restartIdle is the least idle time after which a sender starts over, ns: the
// least retransmission timeout of Linux (RFC 5681 §4.1; TCP_RTO_MIN in
// include/net/tcp.h).
const restartIdle = int64(200e6)

// begin starts to count at the first segment of a message.
func (g *growth) begin(f capture.Frame, rtt, idle int64, base uint64) {
	*g = growth{first: f, origin: f.Time - rtt/10, rtt: rtt, idle: idle, base: base, most: base, over: rtt == 0}
}

// at is the number of the round trip that t lies in.
func (g *growth) at(t int64) int { return int((t - g.origin) / g.rtt) }

// sent takes new bytes sent at t.
func (g *growth) sent(t int64, n int) {
	if g.over && g.rtt == 0 {
		return
	}
	for g.bin < g.at(t) && !g.over {
		g.turn(false)
		g.bin++
		if g.bin == maxRounds {
			g.end(maxRounds-1, g.most)
		}
	}
	if g.over {
		g.rest += uint64(n)
		return
	}
	g.bytes[g.bin] += uint64(n)
}

// steadyRounds is how many round trips without growth show that no congestion
// window was the limit.
const steadyRounds = 4

// steady reports whether about as much was sent each round trip up to last, ns,
// as in the first ones. A window that is the limit grows by half a segment of
// full bytes each round trip at the least, while nothing is lost (RFC 5681 §3.1;
// RFC 9438 §4.3): four times what is allowed for here.
func (g *growth) steady(last int64, full int) bool {
	if !g.over || g.lossy || g.room == 0 || g.rtt == 0 || g.ramp() {
		return false
	}
	n := uint64(max(0, last-g.since) / g.rtt)
	return n >= steadyRounds && g.rest*4 >= n*g.room*3 && g.rest <= (n+1)*(g.room+uint64(full)*n/16)
}

// grows reports whether a round trip of n bytes exceeds all before it by 30 %:
// slow start doubles, or grows by half where ACKs are delayed (RFC 5681 §3.1);
// what an unlimited path varies by is less.
func (g *growth) grows(n uint64) bool { return n*10 > g.most*13 }

// turn looks at the round trip that is over; last says that it may not be full.
func (g *growth) turn(last bool) {
	d := g.bytes[g.bin]
	if g.bin == 0 && g.idle > max(restartIdle, g.rtt) && d*3 <= g.base*2 {
		g.most, g.after = 0, true
	}
	switch grew := g.grows(d); {
	case g.bin == 0:
		g.level = !grew
	case grew:
		g.grew++
		g.streak++
		g.best = max(g.best, g.streak)
		g.level = false
	case last:
	case g.level:
		g.end(g.bin-1, max(g.bytes[g.bin-1], d, g.most))
	default:
		g.streak = 0
		g.level = true
	}
	g.most = max(g.most, d)
}

// end ends the growth: the first top round trips belong to it.
func (g *growth) end(top int, room uint64) {
	g.over, g.top, g.room = true, top, room
	g.since = g.origin + int64(g.bin+1)*g.rtt
}

// loss ends the growth with the round trip that it happened in.
func (g *growth) loss() {
	if !g.over {
		g.end(min(g.bin+1, maxRounds), 0)
	}
	g.lossy = true
}

// finish is called when the message is over.
func (g *growth) finish() {
	if g.over {
		return
	}
	g.turn(true)
	g.over, g.top = true, min(g.bin+1, maxRounds)
}

// rounds is how many round trips belong to the growth so far.
func (g *growth) rounds() int {
	if g.over {
		return g.top
	}
	return g.bin + 1
}

// ramp reports whether the message grew as only slow start does.
func (g *growth) ramp() bool {
	if g.rtt == 0 || g.grew == 0 || g.bytes[0] == 0 {
		return false
	}
	peak := g.bytes[0]
	for _, d := range g.bytes[:g.rounds()] {
		peak = max(peak, d)
	}
	return g.best >= 2 || peak*2 >= g.bytes[0]*5
}

// lost is the time that the growth took beyond what the same bytes would have
// taken at the rate that showed in the end, ns.
func (g *growth) lost() int64 {
	var sum int64
	for i, t := range g.time[:g.top] {
		if g.room > 0 {
			t -= int64(float64(t) * min(1, float64(g.bytes[i])/float64(g.room)))
		}
		sum += t
	}
	return sum
}
