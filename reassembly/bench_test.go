package reassembly

import (
	"runtime"
	"testing"

	"connlint/capture"
)

// discard is a Handler that wants to know nothing.
type discard struct{}

func (discard) Open(*Connection)                                {}
func (discard) Segment(*Connection, *capture.Segment, *Reading) {}
func (discard) Data(*Connection, Side, Chunk)                   {}
func (discard) Close(*Connection, Reason)                       {}

// bySlot keeps a pointer for each connection, as the handlers above do.
type bySlot struct {
	discard
	table []*int
}

func (b *bySlot) Open(c *Connection) {
	for c.Slot() >= len(b.table) {
		b.table = append(b.table, nil)
	}
}

// script is a conversation that is sent again and again on other ports.
type script struct {
	tr    *Tracker
	s     capture.Segment
	n     uint64
	now   int64
	bytes [1460]byte
}

func (p *script) send(conn int, side Side, flags capture.Flags, seq, ack capture.Seq, size int) {
	p.n++
	p.now += 1000
	client := capture.Endpoint4([]byte{10, byte(conn >> 20), byte(conn >> 12), byte(conn >> 4)}, uint16(1024+conn&15))
	server := capture.Endpoint4([]byte{192, 168, 0, 1}, 443)
	if side == Server {
		client, server = server, client
	}
	p.s = capture.Segment{Frame: capture.NewFrame(0, p.n, p.now), Src: client, Dst: server, Seq: seq, Ack: ack, Flags: flags,
		TTL: 64, HasIPID: true, IPID: uint16(p.n), Window: 500, Len: size, Payload: p.bytes[:size]}
	p.tr.Segment(&p.s)
}

func (p *script) handshake(conn int) {
	p.send(conn, Client, syn, 0, 0, 0)
	p.send(conn, Server, synack, 0, 1, 0)
	p.send(conn, Client, ack, 1, 1, 0)
}

// Data one way and an ACK for every second segment, over many connections.
func BenchmarkSteady(b *testing.B) {
	for _, conns := range []int{1, 1000, 100_000} {
		b.Run(map[int]string{1: "1", 1000: "1k", 100_000: "100k"}[conns], func(b *testing.B) {
			p := &script{tr: New(Config{}, discard{}), now: 1e18}
			for c := range conns {
				p.handshake(c)
			}
			next := make([]capture.Seq, conns)
			round := func(i int) {
				c := i % conns
				at := next[c] + 1
				p.send(c, Server, ack, at, 1, 1460)
				p.send(c, Server, ack, at+1460, 1, 1460)
				p.send(c, Client, ack, 1, at+2920, 0)
				next[c] += 2920
			}
			for i := range conns {
				round(i)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; i < b.N; i++ {
				round(i)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(3*b.N), "ns/segment")
		})
	}
}

// Every third segment is lost and repaired two segments later: what waits
// behind a hole costs a copy and no allocation.
func BenchmarkHoles(b *testing.B) {
	p := &script{tr: New(Config{}, discard{}), now: 1e18}
	p.handshake(0)
	at := capture.Seq(1)
	round := func() {
		p.send(0, Server, ack, at+1460, 1, 1460)
		p.send(0, Server, ack, at+2920, 1, 1460)
		p.send(0, Server, ack, at, 1, 1460)
		p.send(0, Client, ack, 1, at+4380, 0)
		at += 4380
	}
	for range 100 {
		round()
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		round()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(4*b.N), "ns/segment")
}

// A connection from SYN to FIN, eight segments.
func BenchmarkShortConnections(b *testing.B) {
	p := &script{tr: New(Config{Remembered: 1000}, discard{}), now: 1e18}
	whole := func(i int) {
		c := i & (1<<24 - 1)
		p.handshake(c)
		p.send(c, Client, psh, 1, 1, 200)
		p.send(c, Server, psh, 1, 201, 1000)
		p.send(c, Server, finack, 1001, 201, 0)
		p.send(c, Client, finack, 201, 1002, 0)
		p.send(c, Server, ack, 1002, 202, 0)
	}
	for i := range 300_000 { // until the linger and the slab are in balance
		whole(i)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		whole(300_000 + i)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(8*b.N), "ns/segment")
}

// The worst that input can do to the lists: thousands of pieces behind a
// hole, and segments that fall in the midst of them.
func BenchmarkHostileStash(b *testing.B) {
	p := &script{tr: New(Config{}, discard{}), now: 1e18}
	p.handshake(0)
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		at := capture.Seq(i*7919%maxPieces) * 2
		p.send(0, Server, ack, 100+at, 1, 1)
	}
}

// BenchmarkMillionOpen says what an open connection costs in memory: behind a
// handshake, a request and a response, with a pointer for each in a table of
// the handler's.
func BenchmarkMillionOpen(b *testing.B) {
	const million = 1_000_000
	for _, acked := range []bool{true, false} {
		b.Run(map[bool]string{true: "acknowledged", false: "response-in-flight"}[acked], func(b *testing.B) {
			for range b.N {
				before := heap()
				h := &bySlot{}
				p := &script{tr: New(Config{Connections: 2 * million}, h), now: 1e18}
				for c := range million {
					p.handshake(c)
					p.send(c, Client, psh, 1, 1, 200)
					p.send(c, Server, psh, 1, 201, 1000)
					if acked {
						p.send(c, Client, ack, 201, 1001, 0)
					}
				}
				each := float64(heap()-before) / million
				b.ReportMetric(each, "B/connection")
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(p.n)/float64(b.N), "ns/segment")
				if acked && each > 600 {
					b.Errorf("%.0f bytes for each connection", each)
				}
				if n := p.tr.Stats().Open; n != million {
					b.Errorf("%d open", n)
				}
				runtime.KeepAlive(h)
			}
		})
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// No segment in steady state allocates: in order, behind a hole, or of a
// connection that comes and goes.
func TestNoAllocation(t *testing.T) {
	p := &script{tr: New(Config{Remembered: 10, Linger: 1}, discard{}), now: 1e18}
	p.handshake(0)
	at, conn := capture.Seq(1), 1
	n := testing.AllocsPerRun(3000, func() {
		p.send(0, Server, ack, at+1460, 1, 1460)
		p.send(0, Server, ack, at, 1, 1460)
		p.send(0, Client, ack, 1, at+2920, 0)
		at += 2920
		p.handshake(conn)
		p.send(conn, Client, psh, 1, 1, 200)
		p.send(conn, Server, rst|ack, 1, 201, 0)
		conn++
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
