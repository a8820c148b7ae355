package analysis_test

import (
	"io"
	"math"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"
	"unsafe"

	"connlint/analysis"
	"connlint/analysis/rules"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// stream makes the packets of a flood, n of them, and calls atEnd behind them.
type stream interface {
	source(n int, atEnd func()) capture.Source
}

// segments is a stream whose packets need no decoding: called, it is at its
// first one.
type segments func() func(i int, s *capture.Segment)

func (start segments) source(n int, atEnd func()) capture.Source {
	return &flood{n: n, make: start(), atEnd: atEnd}
}

// flood is a source of n packets that are made as they are asked for: no file
// is in the way, and what is measured is what the program keeps.
type flood struct {
	n, sent int
	make    func(i int, s *capture.Segment)
	packet  capture.Packet
	stats   capture.Stats
	atEnd   func() // before the connections are finished
}

func (f *flood) Stats() capture.Stats { return f.stats }
func (f *flood) Close() error         { return nil }

// Next makes one packet. Where make sets no time, one comes every 0.1 ms.
func (f *flood) Next() (*capture.Packet, error) {
	if f.sent == f.n {
		f.atEnd()
		return nil, io.EOF
	}
	s := &f.packet.Segment
	f.packet = capture.Packet{Kind: capture.TCP}
	f.make(f.sent, s)
	at := s.Time
	if at == 0 {
		at = floodStart + int64(f.sent)*1e5
	}
	f.sent++
	f.stats.Packets++
	f.stats.Segments++
	f.stats.Bytes += uint64(s.Len)
	s.Frame = capture.NewFrame(0, uint64(f.sent), at)
	s.TTL, s.HasIPID, s.IPID = 64, true, uint16(f.sent)
	return &f.packet, nil
}

const floodStart = int64(1_700_000_000e9)

// tight are limits that every flood reaches; the program's own would take
// millions of packets. What they allow is tightBytes, with the records kept to
// be used again and what has no setting: 65,536 failed requests of 150 bytes,
// 2,048 rows of pairs.
func tight() analysis.Limits {
	return analysis.Limits{
		Connections: reassembly.Config{Connections: 1024, Remembered: 256, BufferedFlow: 64 << 10, Buffered: 1 << 20, Unacknowledged: 16384},
		Timeline: timeline.Config{Pairs: 256, Senders: 256, Hosts: 64, Legs: 512,
			HTTP: http1.Limits{Outstanding: 100, Held: 64 << 10, All: 1 << 20}},
	}
}

const tightBytes = 32 << 20

// cost is what one flood took.
type cost struct {
	cpu    time.Duration
	live   int64 // bytes on the heap when the last packet had passed, less the accounts of servers, 4,096 of 4 kB at most
	counts analysis.Counts
	sum    *analysis.Summary
}

// run puts n packets of the flood through the whole program but its output.
func (a *attack) run(t testing.TB, n int, limits analysis.Limits) cost {
	t.Helper()
	var c cost
	before := heap()
	began := cpu()
	engine, err := analysis.New(analysis.Config{}, rules.All(), discard{})
	if err != nil {
		t.Fatal(err)
	}
	src := a.start.source(n, func() {
		c.cpu = cpu() - began
		c.live = heap() - before
		began = cpu()
	})
	if c.counts, err = analysis.Read(src, engine, limits); err != nil {
		t.Fatal(err)
	}
	c.cpu += cpu() - began
	c.sum = engine.Summary()
	servers, _ := c.sum.Servers(math.MaxInt)
	c.live -= int64(len(servers)) * int64(unsafe.Sizeof(analysis.SpentAt{}))
	return c
}

// heap is what is alive.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestStress sends each flood twice, the second time twice as long: it may take
// two and a half times the time at most, and no more memory; what the program
// keeps stays under what its limits allow; and what was given up is counted.
//
// With CONNLINT_STRESS set the floods are ten times as long; -short leaves
// them out.
func TestStress(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	scale := 1
	if os.Getenv("CONNLINT_STRESS") != "" {
		scale = 10
	}
	usual := usualCost(t)
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) { a.stress(t, scale, usual) })
	}
}

// usualCost is what a packet of a plain exchange takes, as each says it.
func usualCost(t *testing.T) float64 {
	for _, a := range messageFloods() {
		if a.name == "exchanges" {
			c := a.run(t, a.packets, tight())
			return c.each()
		}
	}
	t.Fatal("no plain exchanges to compare with")
	return 0
}

func (a *attack) stress(t *testing.T, scale int, usual float64) {
	n := a.packets * scale
	once := a.run(t, n, tight())
	twice := a.run(t, 2*n, tight())
	for range 6 { // a machine's own hiccups are not the program's
		if twice.cpu*2 <= once.cpu*5 {
			break
		}
		once.cpu = max(once.cpu, a.run(t, n, tight()).cpu) // the collector may have spared it
		twice.cpu = min(twice.cpu, a.run(t, 2*n, tight()).cpu)
	}
	t.Logf("%d packets: %.0f and %.0f ns each, %.2f and %.2f MB alive", n, float64(once.cpu)/float64(n),
		float64(twice.cpu)/float64(2*n), float64(once.live)/1e6, float64(twice.live)/1e6)
	if twice.cpu*2 > once.cpu*5 {
		t.Errorf("%v for %d packets, %v for twice as many", once.cpu, n, twice.cpu)
	}
	if each := twice.each(); each > mostTimes*usual {
		t.Errorf("%.0f ns a packet and 100 bytes, %.0f in plain exchanges", each, usual)
	}
	if twice.live > tightBytes {
		t.Errorf("%d bytes are kept", twice.live)
	}
	if twice.live > once.live*5/4+4e6 {
		t.Errorf("%d bytes are kept, %d after twice the packets", once.live, twice.live)
	}
	if a.given != nil && a.given(&twice) == 0 {
		t.Errorf("nothing is said to have been given up: %+v", twice.counts)
	}
}

// mostTimes is how many times what a packet of a plain exchange takes one of a
// flood may take: a whole connection, opened and given up, takes ten.
const mostTimes = 20

// each is what a packet and each hundred bytes took, ns.
func (c *cost) each() float64 {
	return float64(c.cpu) / (float64(c.counts.Source.Packets) + float64(c.counts.Source.Bytes)/100)
}

// TestStressLeavesNoGoroutines: a run has none of its own.
func TestStressLeavesNoGoroutines(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, a := range attacks() {
		a.run(t, 500, tight())
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines, %d before", after, before)
	}
}

// TestStressOpen has one client open connections and ask on each, unanswered,
// under the program's own limits: for one thing on all of them, which costs no
// more than for one thing on each, however many are open before.
func TestStressOpen(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	asking := func(target func(conn int) string) *attack {
		return &attack{start: each(4, func(w *wire, conn, step int, s *capture.Segment) {
			w.clients = oneHost
			if step < 3 {
				w.dial(s, conn, step)
				return
			}
			w.say(s, conn, 0, false, []byte("GET /"+target(conn)+" HTTP/1.1\r\nHost: h\r\n\r\n"))
		})}
	}
	const conns = 30_000
	one := asking(func(int) string { return "one" }).run(t, 4*conns, analysis.Limits{})
	many := asking(strconv.Itoa).run(t, 4*conns, analysis.Limits{})
	if one.cpu > 5*many.cpu/2 {
		t.Errorf("%v for one thing on all, %v for one on each", one.cpu, many.cpu)
	}
	if each := one.live / conns; each > 10<<10 {
		t.Errorf("%d bytes for each connection", each)
	}
}
