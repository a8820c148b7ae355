package reassembly

import (
	"fmt"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"connlint/capture"
)

// wire writes segments by hand: every test says what passes the capture point
// and when.
type wire struct {
	t      testing.TB
	ends   [2]capture.Endpoint
	isn    [2]capture.Seq
	number uint64
	now    int64
	ipid   [2]uint16
	tr     *Tracker
	log    *journal
}

const (
	us = int64(1e3)
	ms = int64(1e6)
)

func newWire(t testing.TB, cfg Config) *wire {
	w := &wire{t: t, isn: [2]capture.Seq{1000, 500000}, now: 1_700_000_000 * 1e9, ipid: [2]uint16{100, 40000}}
	w.ends = [2]capture.Endpoint{end("10.0.0.1:40000"), end("10.0.0.2:80")}
	w.log = &journal{t: t, open: map[int]*followed{}}
	w.tr = New(cfg, w.log)
	w.log.tr = w.tr
	return w
}

func end(s string) capture.Endpoint { return capture.EndpointFrom(netip.MustParseAddrPort(s)) }

// seg is one segment: numbers are counted in the streams, 0 is the SYN.
type seg struct {
	flags    capture.Flags
	seq, ack int
	data     string
	fill     int // bytes of filler if data is empty
	keep     int // bytes that the snap length left, -1: none; 0: all
	long     int // bytes on the wire, if payload and filler are not all of them
	win      int // -1: 0; 0: 65535
	ipid     int // -1: none
	opt      capture.Options
	ttl      uint8 // 0: 64
	iface    uint16
}

// send lets a segment pass d nanoseconds after the one before.
func (w *wire) send(d int64, side Side, g seg) capture.Frame {
	w.now += d
	w.number++
	s := capture.Segment{Frame: capture.NewFrame(0, w.number, w.now), Src: w.ends[side], Dst: w.ends[side.Peer()],
		Seq: w.isn[side].Add(g.seq), Flags: g.flags, TTL: 64, HasIPID: g.ipid >= 0, Window: 65535, Options: g.opt}
	if g.flags&capture.ACK != 0 {
		s.Ack = w.isn[side.Peer()].Add(g.ack)
	}
	if g.win != 0 {
		s.Window = uint16(max(g.win, 0))
	}
	switch {
	case g.ipid > 0:
		s.IPID = uint16(g.ipid)
	case g.ipid == 0:
		w.ipid[side]++
		s.IPID = w.ipid[side]
	}
	s.Payload = []byte(g.data)
	if g.data == "" && g.fill > 0 {
		s.Payload = make([]byte, g.fill)
	}
	s.Len = max(len(s.Payload), g.long)
	if g.keep != 0 {
		s.Payload = s.Payload[:max(g.keep, 0)]
	}
	if g.ttl != 0 {
		s.TTL = g.ttl
	}
	s.Interface = g.iface
	w.tr.Segment(&s)
	return s.Frame
}

const (
	syn    = capture.SYN
	ack    = capture.ACK
	fin    = capture.FIN
	rst    = capture.RST
	synack = capture.SYN | capture.ACK
	finack = capture.FIN | capture.ACK
	psh    = capture.PSH | capture.ACK
)

// shake is a handshake with a round trip of 10 ms, the capture at the client.
func (w *wire) shake() {
	o := capture.Options{Set: capture.OptMSS | capture.OptWindowScale | capture.OptSACKPermitted, MSS: 1460, Scale: 0}
	w.send(0, Client, seg{flags: syn, opt: o})
	w.send(10*ms, Server, seg{flags: synack, ack: 1, opt: o})
	w.send(50*us, Client, seg{flags: ack, seq: 1, ack: 1})
}

// journal is a Handler that writes down what it is told and checks, on every
// call, what holds of all input.
type journal struct {
	t      testing.TB
	tr     *Tracker
	open   map[int]*followed
	closed []*followed
	last   Reading
	conn   *Connection
}

// followed is what a journal knows of one connection.
type followed struct {
	rec    Connection // as it was at Close
	why    Reason
	bytes  [2][]byte // gaps as zeros
	gaps   [2][]Chunk
	fins   [2]int
	events [2]Events
	seen   []Reading
	turned bool
}

func (j *journal) Open(c *Connection) {
	if j.open[c.Slot()] != nil {
		j.t.Fatalf("slot %d opened twice", c.Slot())
	}
	j.open[c.Slot()] = &followed{}
	j.conn = c
}

func (j *journal) at(c *Connection) *followed {
	f := j.open[c.Slot()]
	if f == nil {
		j.t.Fatalf("connection %d is not open", c.ID())
	}
	if c.Turned() && !f.turned {
		f.turned = true
		for _, swap := range []func(int, int){reflect.Swapper(f.bytes[:]), reflect.Swapper(f.gaps[:]), reflect.Swapper(f.fins[:]), reflect.Swapper(f.events[:])} {
			swap(0, 1)
		}
	}
	return f
}

func (j *journal) Segment(c *Connection, s *capture.Segment, r *Reading) {
	f := j.at(c)
	j.last = *r
	f.events[r.Side] |= r.Events
	f.seen = append(f.seen, *r)
	if s.Src != c.Ends[r.Side] {
		j.t.Fatalf("frame %d: wrong side", s.Number())
	}
	if r.New < 0 || r.New > s.Len || r.Acked < 0 || r.RTT < 0 {
		j.t.Fatalf("frame %d: reading %+v of %d bytes", s.Number(), *r, s.Len)
	}
}

// journalBytes bounds what a journal keeps of a gap.
const journalBytes = 1 << 16

func (j *journal) Data(c *Connection, side Side, ch Chunk) {
	f := j.at(c)
	if f.fins[side] > 0 {
		j.t.Fatalf("connection %d: %s goes on behind its FIN", c.ID(), side)
	}
	if want := f.length(side); ch.Offset != want {
		j.t.Fatalf("connection %d: %s chunk at %d, want %d", c.ID(), side, ch.Offset, want)
	}
	if ch.Frame.IsZero() {
		j.t.Fatal("a chunk without a frame")
	}
	kinds := 0
	for _, is := range []bool{len(ch.Bytes) > 0, ch.Gap != NoGap, ch.FIN} {
		if is {
			kinds++
		}
	}
	if kinds != 1 || (ch.Missing > 0) != (ch.Gap != NoGap) {
		j.t.Fatalf("connection %d: chunk is not one thing: %+v", c.ID(), ch)
	}
	if ch.FIN {
		f.fins[side]++
	}
	f.bytes[side] = append(f.bytes[side], ch.Bytes...)
	if ch.Gap != NoGap {
		f.gaps[side] = append(f.gaps[side], ch)
		if ch.Missing <= journalBytes {
			f.bytes[side] = append(f.bytes[side], make([]byte, ch.Missing)...)
		}
	}
}

// length is how much of the stream was told of, gaps that were too large to
// keep included.
func (f *followed) length(side Side) uint64 {
	n := uint64(len(f.bytes[side]))
	for _, g := range f.gaps[side] {
		if g.Missing > journalBytes {
			n += g.Missing
		}
	}
	return n
}

func (j *journal) Close(c *Connection, why Reason) {
	f := j.at(c)
	f.rec, f.why = *c, why
	j.closed = append(j.closed, f)
	delete(j.open, c.Slot())
}

// finish ends the run and is the connections in the order of their closing.
func (w *wire) finish() []*followed {
	w.t.Helper()
	w.tr.Finish()
	w.log.settled()
	return w.log.closed
}

// only is finish where there is one connection.
func (w *wire) only() *followed {
	w.t.Helper()
	all := w.finish()
	if len(all) != 1 {
		w.t.Fatalf("%d connections, want 1", len(all))
	}
	return all[0]
}

// settled checks what holds at the end of every run: nothing is left over.
func (j *journal) settled() {
	j.t.Helper()
	tr := j.tr
	if len(j.open) != 0 {
		j.t.Fatalf("%d connections were never closed", len(j.open))
	}
	st := tr.Stats()
	if st.Open != 0 || st.Connections != uint64(len(j.closed)) || tr.slab.used != 0 || tr.table.used != 0 {
		j.t.Fatalf("stats %+v, %d closed, slab %d, table %d", st, len(j.closed), tr.slab.used, tr.table.used)
	}
	free := 0
	for i := tr.sent.free; i != 0; i = tr.sent.records[i-1].next {
		free++
	}
	if free != len(tr.sent.records) {
		j.t.Fatalf("%d of %d sent records are free", free, len(tr.sent.records))
	}
	if tr.stash.held != 0 || len(tr.stash.free) != len(tr.stash.queues) {
		j.t.Fatalf("stash holds %d bytes, %d of %d queues free", tr.stash.held, len(tr.stash.free), len(tr.stash.queues))
	}
	for _, f := range j.closed {
		for side := range f.bytes {
			var missing uint64
			for _, g := range f.gaps[side] {
				if g.Gap != GapSnaplen {
					missing += g.Missing
				}
			}
			if missing != f.rec.Flow[side].Missing {
				j.t.Fatalf("connection %d: %s lacks %d bytes, says %d", f.rec.ID(), Side(side), missing, f.rec.Flow[side].Missing)
			}
		}
	}
}

func (f *followed) String() string {
	return fmt.Sprintf("%d %s %s %s %v", f.rec.ID(), f.rec.Client(), f.rec.History, f.why, f.rec.Caveats.Names())
}

func at(f capture.Frame) string { return fmt.Sprint(f.Number(), " ", time.Duration(f.Time%1e9)) }
