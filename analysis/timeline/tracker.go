package timeline

import (
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

// Config sets the limits of a [Tracker]. A zero field means its default.
type Config struct {
	Pairs int // pairs followed at a time; default 65,536
	HTTP  http1.Limits
}

// Stats counts what a tracker has done.
type Stats struct {
	Transactions uint64
	PairsEvicted uint64
}

// Tracker makes transactions and their accounts out of connections. It is the
// [reassembly.Handler] of a run.
type Tracker struct {
	h     Handler
	pool  *http1.Pool
	pairs pairs
	stats Stats

	tracked      []*tracked      // by connection slot; nil until there is something to keep
	predecessors []capture.Frame // by connection slot, see Connection.Predecessor
	spare        []*tracked
	held         []*held // free list
	spans        spans   // scratch
}

// New makes a Tracker that reports to h.
func New(cfg Config, h Handler) *Tracker {
	if cfg.Pairs <= 0 {
		cfg.Pairs = 65536
	}
	return &Tracker{h: h, pool: http1.NewPool(cfg.HTTP),
		pairs: pairs{byKey: map[pairKey]*Pair{}, limit: cfg.Pairs}}
}

// Stats may be called at any time.
func (t *Tracker) Stats() Stats { return t.stats }

// Finish reports the pairs that are left, in the order in which they began.
// Call it after the connections' own end.
func (t *Tracker) Finish() {
	for t.pairs.first != nil {
		t.finishPair(t.pairs.first)
	}
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

// tracked is what is kept of a connection that carried payload.
type tracked struct {
	t       *Tracker
	conn    Connection
	http    http1.Conn
	tls     *tls.Conn
	turn    turn
	busy    bool
	turned  bool    // client and server were exchanged, and this knows it
	waiting []*held // transactions that are over but for their last ACK
	// lastEnd and lastAnswer are the ends of the latest transaction and of the
	// latest one with a response, ns since the epoch.
	lastEnd, lastAnswer int64
	past                [2]past // the message of each side that ended last
	ended               [2]bool // directions whose end the parser was told of
	now                 capture.Frame
	position            [2]uint64             // stream offset behind the latest chunk, by side
	early               [2][recordHeader]byte // the first bytes of each side, in case they are of TLS
	expect              expectation
}

// Open is part of reassembly.Handler. Most of what a flood opens carries
// nothing: all that is kept for it is what its pair had come to by then.
func (t *Tracker) Open(c *reassembly.Connection) {
	slot := c.Slot()
	for slot >= len(t.tracked) {
		t.tracked = append(t.tracked, nil)
		t.predecessors = append(t.predecessors, capture.Frame{})
	}
	t.predecessors[slot] = capture.Frame{}
	if p := t.pairs.byKey[keyOf(c)]; p != nil {
		t.predecessors[slot] = p.lastEnd
	}
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
	waiting, surplus := k.waiting, k.conn.Surplus
	*k = tracked{t: t, waiting: waiting[:0]}
	k.http.Init(t.pool, k, c.Caveats&reassembly.MidConnection != 0)
	k.conn = Connection{Connection: c, Surplus: surplus[:0], Predecessor: t.predecessors[c.Slot()]}
	p := t.pairOf(c)
	k.conn.Pair = p
	p.Connections++
	p.open++
}

// turnRound forgets what was made of a connection that was the wrong way round,
// and the pair that it made up.
func (t *Tracker) turnRound(k *tracked) {
	c := k.conn.Connection
	p := k.pair()
	p.open--
	if p.Connections--; p.Connections <= 0 && p.open == 0 {
		t.forgetPair(p)
	}
	k.http.Reset()
	k.begin(t, c)
	k.turned = true
}

// pair is the connection's pair, anew if the one it had was evicted.
func (k *tracked) pair() *Pair {
	if k.conn.Pair.gone {
		k.conn.Pair = k.t.pairOf(k.conn.Connection)
		k.conn.Pair.open++
		if k.busy {
			k.conn.Pair.Busy++
		}
	}
	return k.conn.Pair
}

// Segment is part of reassembly.Handler.
func (t *Tracker) Segment(c *reassembly.Connection, s *capture.Segment, r *reassembly.Reading) {
	k := t.at(c)
	if k == nil {
		return
	}
	k.now = s.Frame
	if r.Side == reassembly.Client && r.Acked > 0 {
		k.acknowledged(r)
	}
	if s.Flags&capture.RST != 0 && r.Events&reassembly.OutOfWindowReset == 0 {
		k.end(reassembly.Client, s.Frame, http1.CutByReset)
		k.end(reassembly.Server, s.Frame, http1.CutByReset)
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
		k.switched(side, ch)
	}
}

// end tells the parser once that a direction is over.
func (k *tracked) end(side reassembly.Side, f capture.Frame, why http1.End) {
	if k.ended[side] {
		return
	}
	k.ended[side] = true
	if k.tls == nil {
		k.http.End(direction(side), f, why)
	}
}

// Close is part of reassembly.Handler.
func (t *Tracker) Close(c *reassembly.Connection, why reassembly.Reason) {
	k := t.at(c)
	if k == nil {
		k = t.track(c)
	}
	k.conn.Why = why
	k.conn.End = c.Last.Time
	if k.conn.Open() {
		k.conn.End = max(c.ClosedAt(), c.Last.Time)
	}
	k.end(reassembly.Client, c.Last, endOf(why))
	k.end(reassembly.Server, c.Last, endOf(why))
	k.finishTurn(true)
	k.release(len(k.waiting))
	k.idle(c.Last)
	k.rest()
	k.setup()
	k.conn.refused()
	t.conclude(k)
	t.tracked[c.Slot()] = nil
	if len(t.spare) < maxSpare {
		t.spare = append(t.spare, k)
	}
}

// maxSpare is how many records of closed connections are kept for reuse.
const maxSpare = 4096

// conclude counts the connection and tells the handler.
func (t *Tracker) conclude(k *tracked) {
	c := &k.conn
	p := k.pair()
	p.Last = c.Last
	if c.Transactions == 1 {
		p.OneShot++
	}
	t.h.Close(c)
	p.open--
	if p.latest == c {
		p.latest = nil
	}
	k.http.Reset()
	k.conn.Connection, k.tls = nil, nil
}

func endOf(why reassembly.Reason) http1.End {
	switch why {
	case reassembly.Closed, reassembly.Reused:
		return http1.CutByClose
	case reassembly.Reset:
		return http1.CutByReset
	case reassembly.Evicted:
		return http1.Evicted
	}
	return http1.StillOpen
}

func direction(s reassembly.Side) http1.Direction { return http1.Direction(s) }

func gapKind(g reassembly.Gap) http1.GapKind {
	if g == reassembly.GapSnaplen {
		return http1.Snaplen
	}
	return http1.Hole
}
