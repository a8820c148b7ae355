package trace

import (
	"time"

	"connlint/capture"
)

// flow knows what both ends of a connection have done so far, and so what
// the next segment looks like if nobody says otherwise. Parse fills in with
// it what the text leaves out; Format leaves out what it would fill in.
type flow struct {
	ends [2]end
	v4   bool
}

// end is one side's state.
type end struct {
	isn, next capture.Seq // initial number; after the highest byte sent
	received  received    // of the other side's stream
	acked     capture.Seq // highest acknowledgement sent
	window    uint16
	ttl       uint8
	ipid      uint16 // the next packet's
	mss       uint16 // said in its SYN; 0: nothing
	clock     clock
	fresh     []int // indexes of the packets that took new sequence space
	last      int   // index of the last packet; -1: none
}

func newFlow(c *Connection) *flow {
	f := &flow{v4: c.Client.Addr().Is4()}
	for side := range f.ends {
		mine, peer := c.ISN[side], c.ISN[1-side]
		f.ends[side] = end{
			isn: mine, next: mine + 1, // a trace may start after the handshake
			received: received{next: peer + 1}, acked: peer + 1,
			window: 65535, ttl: 64, ipid: 1, last: -1,
			clock: clock{value: 1_000_000 * uint32(side+1)},
		}
	}
	return f
}

// expect is the header that follows by itself for a segment with these flags
// sent by side at ns after the start.
func (f *flow) expect(side Side, flags capture.Flags, ns int64) capture.Segment {
	me := &f.ends[side]
	s := capture.Segment{
		Seq: me.next, Flags: flags, Window: me.window,
		TTL: me.ttl, HasIPID: f.v4,
	}
	if f.v4 {
		s.IPID = me.ipid
	}
	if flags.Has(capture.SYN) {
		s.Seq = me.isn
	}
	if flags.Has(capture.ACK) {
		s.Ack = me.received.next
	}
	if me.clock.on {
		me.clock.stamp(&s, ns)
	}
	return s
}

// advance takes note of packet number i of the trace, sent at ns after the
// start.
func (f *flow) advance(i int, p *Packet, ns int64) {
	me, peer := &f.ends[p.Side], &f.ends[1-p.Side]
	f.sequence(i, p)
	me.last = i
	me.window, me.ttl = p.Window, p.TTL
	if p.Options.Has(capture.OptMSS) {
		me.mss = p.Options.MSS
	}
	me.ipid = p.IPID + f.wirePackets(p)
	me.clock.set(&p.Segment, ns)
	if !p.Lost {
		peer.clock.hear(&p.Segment, peer.acked)
		peer.received.add(p.Seq, p.End())
	}
}

// sequence moves the sender's numbers on. A reset takes no space, and one
// with a wild number must not drag the stream with it.
func (f *flow) sequence(i int, p *Packet) {
	me := &f.ends[p.Side]
	takes := p.Len > 0 || p.Flags.Any(capture.SYN|capture.FIN)
	if takes && (p.End().After(me.next) || len(me.fresh) == 0) {
		me.fresh = append(me.fresh, i)
	}
	if takes || !p.Flags.Has(capture.RST) {
		me.next = me.next.Max(p.End())
	}
	if p.Flags.Has(capture.ACK) {
		me.acked = me.acked.Max(p.Ack)
		me.received.raise(p.Ack) // acknowledged is received, seen or not
	}
}

// wirePackets is how many IP packets a network card cuts the segment into.
func (f *flow) wirePackets(p *Packet) uint16 {
	mss := min(f.ends[0].mss, f.ends[1].mss)
	if mss <= 12 || p.Len == 0 {
		return 1
	}
	if p.Options.Has(capture.OptTimestamps) {
		mss -= 12 // the option and its padding come out of each segment
	}
	return uint16((p.Len + int(mss) - 1) / int(mss))
}

// clock is a side's timestamp option: a counter of milliseconds, and what to
// echo.
type clock struct {
	on     bool
	value  uint32 // at time at
	at     int64  // ns since the start
	recent uint32 // TS.Recent of RFC 7323 §4.3
	heard  bool   // recent is set
}

// stamp puts the option into s.
func (c *clock) stamp(s *capture.Segment, ns int64) {
	s.Options.Set |= capture.OptTimestamps
	s.Options.TSVal = c.value + uint32((ns-c.at)/int64(time.Millisecond))
	s.Options.TSEcr = 0
	if s.Flags.Has(capture.ACK) {
		s.Options.TSEcr = c.recent
	}
}

// set follows what the side sent: a value that the clock did not predict
// sets it.
func (c *clock) set(s *capture.Segment, ns int64) {
	c.on = s.Options.Has(capture.OptTimestamps)
	if !c.on {
		return
	}
	predicted := *s
	if c.stamp(&predicted, ns); predicted.Options.TSVal != s.Options.TSVal {
		c.value, c.at = s.Options.TSVal, ns
	}
}

// hear notes what to echo: the rule of RFC 7323 §4.3 makes a delayed ACK echo
// the first segment it covers.
func (c *clock) hear(s *capture.Segment, acked capture.Seq) {
	if !s.Options.Has(capture.OptTimestamps) || s.Seq.After(acked) {
		return
	}
	if !c.heard || int32(s.Options.TSVal-c.recent) >= 0 {
		c.recent, c.heard = s.Options.TSVal, true
	}
}
