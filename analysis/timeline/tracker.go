package timeline

import (
	"cmp"
	"maps"
	"slices"

	"connlint/capture"
	"connlint/reassembly"
	"connlint/reassembly/http1"
	"connlint/reassembly/tls"
)

// Handler receives what a [Tracker] finds. Arguments are borrowed: a
// Transaction for the call, a Connection until its Close returns, a Pair
// until its Pair returns.
type Handler interface {
	// Transaction is called once for each transaction, in the order of the
	// requests of its connection, when it is final.
	Transaction(*Connection, *Transaction)
	// Close is called once for each connection, after its transactions.
	Close(*Connection)
	// Pair is called once for each pair, when nothing more will come of it.
	Pair(*Pair)
}

// Tracker makes transactions and their accounts out of connections. It is the
// [reassembly.Handler] of a run.
type Tracker struct {
	h        Handler
	pool     *http1.Pool
	pairs    pairs
	openings openings
	hosts    hosts
	paths    *paths // nil if nobody asks for them
	stats    Stats

	tracked      []*tracked      // by connection slot; nil until there is something to keep
	predecessors []capture.Frame // by connection slot, see Connection.Predecessor
	spare        []*tracked
	held         []*held     // free list
	works        []*work     // free list
	made, limit  int         // of these, in all
	spans        spans       // scratch
	view         view        // scratch
	turn         Transaction // scratch
	tries        tries
	tick         int64 // of the capture's clock, ns; 0: it is fine, or not known
}

// New makes a Tracker that reports to h.
func New(cfg Config, h Handler) *Tracker {
	cfg = cfg.WithDefaults()
	return &Tracker{h: h, hosts: hosts{limit: cfg.Hosts}, pool: http1.NewPool(cfg.HTTP), limit: cfg.Senders, paths: newPaths(h, cfg.Legs),
		pairs: pairs{byKey: map[pairKey]*Pair{}, limit: cfg.Pairs}}
}

// Stats may be called at any time.
func (t *Tracker) Stats() Stats {
	s := t.stats
	s.HostsEvicted, s.MessagesDropped = t.hosts.evicted, t.pool.Dropped()
	if t.paths != nil {
		s.LegsEvicted = t.paths.evicted
	}
	return s
}

// Finish reports the pairs that are left, in the order in which they began,
// then the hosts.
// Call it after the connections' own end.
func (t *Tracker) Finish() {
	if t.paths != nil {
		t.paths.finish()
	}
	left := slices.SortedFunc(maps.Values(t.pairs.byKey), func(a, b *Pair) int { return cmp.Compare(a.made, b.made) })
	for _, p := range left {
		t.finishPair(p)
	}
	t.hosts.finish(t.h)
}

// Sniff tells from payload who sent it; it is [reassembly.Config]'s Sniff.
func Sniff(payload []byte) (sender reassembly.Side, ok bool) {
	switch http1.Sniff(payload) {
	case http1.RequestKind, http1.TLSClient, http1.HTTP2Preface, http1.ProxyHeader:
		return reassembly.Client, true
	case http1.ResponseKind, http1.TLSServer, http1.HTTP2Settings:
		return reassembly.Server, true
	}
	return 0, false
}

// tracked is what is kept of a connection that carried payload. It fits 2 KiB:
// a byte more, and the allocator would round it up to 2,304.
type tracked struct {
	t       *Tracker
	conn    Connection
	http    http1.Conn
	tls     *tls.Conn
	turn    turn
	waiting []*held // transactions that are over but for their last ACK
	// lastEnd and lastAnswer are the ends of the latest transaction and of the
	// latest one with a response, ns since the epoch.
	lastEnd, lastAnswer int64
	past                [2]past // the message of each side that ended last
	now                 capture.Frame
	repair              capture.Frame         // the latest segment in which the server sent bytes again
	repairTaken         capture.Frame         // the client's first acknowledgement behind it of all that the server had sent
	position            [2]uint64             // stream offset behind the latest chunk, by side
	early               [2][recordHeader]byte // the first bytes of each side, in case they are of TLS
	expect              expectation
	lately              asking
	sender              [2]sender
	habits              habits
	gaps                []gap
	hole                uint64    // behind which the senders' numbers were taken up anew, as reassembly.Reading.Hole has it
	legs                []*Leg    // requests under way, as long as somebody asks for paths
	up, kept            *Upstream // what it is as a proxy's connection; the one that its own requests went over

	busy    bool
	turned  bool            // client and server were exchanged, and this knows it
	strayed bool            // its requests went over more than one upstream connection
	ended   [2]bool         // directions whose end the parser was told of
	carrier reassembly.Side // who sent the segment that is being read
	speaker reassembly.Side // who sent the latest new bytes
}

// Open is part of reassembly.Handler. Most of what a flood opens carries
// nothing: all that is kept for it is what its pair had come to by then.
func (t *Tracker) Open(c *reassembly.Connection) {
	slot := c.Slot()
	for slot >= len(t.tracked) {
		t.tracked = append(t.tracked, nil)
		t.predecessors = append(t.predecessors, capture.Frame{})
	}
	t.openings.begin(slot)
	t.predecessors[slot] = t.pairs.byKey[keyOf(c)].take()
}

func (t *Tracker) at(c *reassembly.Connection) *tracked {
	if slot := c.Slot(); slot < len(t.tracked) {
		return t.tracked[slot]
	}
	return nil
}

// track begins to keep a connection.
func (t *Tracker) track(c *reassembly.Connection) *tracked {
	var k *tracked
	if n := len(t.spare); n > 0 {
		k = t.spare[n-1]
		t.spare = t.spare[:n-1]
	} else {
		k = new(tracked)
	}
	t.tracked[c.Slot()] = k
	k.begin(t, c)
	return k
}

// begin makes k as good as new for c.
func (k *tracked) begin(t *Tracker, c *reassembly.Connection) {
	waiting, surplus, legs, gaps := k.waiting, k.conn.Surplus, k.legs, k.gaps
	*k = tracked{} // in place: a literal with fields would be made elsewhere and copied
	k.t, k.waiting, k.legs, k.gaps = t, waiting[:0], legs[:0], gaps[:0]
	k.http.Init(t.pool, k, c.Caveats&reassembly.MidConnection != 0)
	k.conn.Connection, k.conn.Surplus, k.conn.Predecessor = c, surplus[:0], t.predecessors[c.Slot()]
	p := t.pairOf(c)
	k.conn.Pair = p
	p.Connections++
	t.pairs.join(p)
}

// turnRound forgets what was made of a connection that was the wrong way round,
// and the pair that it made up.
func (t *Tracker) turnRound(k *tracked) {
	c := k.conn.Connection
	p := k.pair()
	if k.busy {
		k.busy = false
		p.Busy--
	}
	if p.latest == &k.conn {
		p.latest = nil
	}
	p.leave(&k.conn)
	k.conn.part()
	t.pairs.leave(p)
	if p.Connections--; p.Connections == 0 && p.Transactions == 0 {
		t.forgetPair(p) // nobody has been told of it
	}
	for _, h := range k.waiting {
		t.pool.Release(h.http)
	}
	if t.paths != nil {
		t.paths.ended(k)
	}
	k.http.Reset()
	k.restSenders()
	k.begin(t, c)
	k.turned = true
}

// pair is the connection's pair, anew if the one it had was evicted.
func (k *tracked) pair() *Pair {
	if k.conn.Pair.gone {
		k.conn.Pair.leave(&k.conn)
		p := k.t.pairOf(k.conn.Connection)
		k.conn.Pair = p
		p.Connections++
		k.t.pairs.join(p)
		if k.busy {
			p.oneMore(k.now)
		}
	}
	return k.conn.Pair
}

// Segment is part of reassembly.Handler.
func (t *Tracker) Segment(c *reassembly.Connection, s *capture.Segment, r *reassembly.Reading) {
	if r.Events.Is(reassembly.Duplicate) {
		return // it was on the wire once, and what it says has been said
	}
	t.stats.Packets.count(c, s, r)
	t.tick = r.Tick
	if r.Events.Is(reassembly.Challenge) {
		t.hosts.challenged(c, s.Frame)
		return
	}
	if s.Flags&capture.SYN != 0 || r.Events.Is(reassembly.HandshakeDone) {
		t.openings.segment(c, s, r)
	}
	k := t.at(c)
	if k == nil {
		if s.Len == 0 || r.Events.Is(nothing) {
			return
		}
		k = t.track(c)
	}
	if c.Turned() && !k.turned {
		t.turnRound(k)
	}
	k.now, k.carrier = s.Frame, r.Side
	k.conn.Tick = t.tick
	if !k.conn.Traits.Is(unexplained) {
		k.observe(s, r)
	}
	k.conn.finished(s, r)
	k.conn.Heard.hear(s, r)
	switch {
	case r.Side == reassembly.Client && s.Flags&capture.ACK != 0:
		if k.repairTaken.Number() <= k.repair.Number() && c.Flow[reassembly.Server].InFlight() == 0 {
			k.repairTaken = s.Frame
		}
		if r.Acked > 0 {
			k.acknowledged(r)
		}
	case r.Side == reassembly.Server && r.Events.Is(reassembly.Retransmission):
		k.repair = s.Frame
	}
	k.tearDown(s, r)
	if s.Flags&capture.RST != 0 && r.Events&reassembly.OutOfWindowReset == 0 {
		k.reset(reassembly.Client, s.Frame)
		k.reset(reassembly.Server, s.Frame)
	}
}

// Data is part of reassembly.Handler.
func (t *Tracker) Data(c *reassembly.Connection, side reassembly.Side, ch reassembly.Chunk) {
	k := t.at(c)
	if k == nil {
		if ch.FIN {
			return // no payload before it
		}
		k = t.track(c)
	}
	if c.Turned() && !k.turned {
		t.turnRound(k)
	}
	k.now = ch.Frame
	if ch.FIN {
		k.end(side, ch.Frame, http1.CutByClose)
		return
	}
	k.position[side] = ch.Offset + uint64(len(ch.Bytes)) + ch.Missing
	switch {
	case k.tls != nil:
		k.sealed(side, ch)
	case ch.Gap != reassembly.NoGap:
		k.http.Gap(direction(side), ch.Frame, ch.Missing, gapKind(ch.Gap))
	default:
		if ch.Offset < recordHeader {
			copy(k.early[side][ch.Offset:], ch.Bytes)
		}
		k.http.Data(direction(side), ch.Frame, ch.Bytes)
		k.bodyBegan(k.http.Open(http1.Request))
		k.switched(side, ch)
	}
}

func direction(s reassembly.Side) http1.Direction { return http1.Direction(s) }

func gapKind(g reassembly.Gap) http1.GapKind {
	if g == reassembly.GapSnaplen {
		return http1.Snaplen
	}
	return http1.Hole
}
