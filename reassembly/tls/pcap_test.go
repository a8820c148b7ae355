package tls

import (
	"encoding/binary"
	"os"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"connlint/capture"
)

// folder is the test data folder that the variable names; without it the
// test is skipped.
func folder(t testing.TB, variable string) string {
	t.Helper()
	dir := os.Getenv(variable)
	if dir == "" {
		t.Skipf("%s is not set: nothing to read", variable)
	}
	return dir
}

// piece is a payload in the order of its direction's bytes.
type piece struct {
	fromClient bool
	frame      capture.Frame
	b          []byte
	gap        uint64 // bytes missing before b
}

// stream is one TCP connection of a capture.
type stream struct {
	port   uint16 // of the client
	pieces []piece
}

// packets calls f for each packet of a little-endian pcap file with
// microseconds, or of the enhanced packet blocks of a little-endian pcapng
// file (times then in ticks of its interface, whatever those are). That is all
// the captures of these tests need.
func packets(t testing.TB, path string, f func(number uint64, time int64, link layers.LinkType, data []byte)) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	number := uint64(0)
	switch le.Uint32(b) {
	case 0xa1b2c3d4:
		link := layers.LinkType(le.Uint32(b[20:]))
		for b = b[24:]; len(b) >= 16; number++ {
			n := 16 + int(le.Uint32(b[8:]))
			if n > len(b) {
				return // damaged
			}
			f(number+1, int64(le.Uint32(b))*1e9+int64(le.Uint32(b[4:]))*1e3, link, b[16:n])
			b = b[n:]
		}
	case 0x0a0d0d0a:
		var links []layers.LinkType
		for len(b) >= 12 {
			switch le.Uint32(b) {
			case 1:
				links = append(links, layers.LinkType(le.Uint16(b[8:])))
			case 6:
				number++
				ticks := int64(le.Uint32(b[12:]))<<32 | int64(le.Uint32(b[16:]))
				f(number, ticks*1e3, links[le.Uint32(b[8:])], b[28:28+le.Uint32(b[20:])])
			}
			b = b[le.Uint32(b[4:]):]
		}
	default:
		t.Fatalf("%s: no capture that this test reads", path)
	}
}

// readStreams puts the connections of a small capture together the naive
// way: whatever lies behind the next byte expected is a gap, whatever lies
// before it is cut off. Connections without a SYN are left out.
func readStreams(t testing.TB, path string) []*stream {
	t.Helper()
	type half struct {
		s    *stream
		next uint32
		set  bool
	}
	type key struct{ net, ports gopacket.Flow }
	halves := map[key]*half{}
	clients := map[key]bool{}
	var all []*stream
	packets(t, path, func(number uint64, time int64, link layers.LinkType, data []byte) {
		p := gopacket.NewPacket(data, link, gopacket.NoCopy)
		tcp, _ := p.TransportLayer().(*layers.TCP)
		if tcp == nil {
			return
		}
		k := key{p.NetworkLayer().NetworkFlow(), tcp.TransportFlow()}
		rk := key{k.net.Reverse(), k.ports.Reverse()}
		if tcp.SYN && !tcp.ACK {
			s := &stream{port: uint16(tcp.SrcPort)}
			all = append(all, s)
			clients[k], clients[rk] = true, false
			halves[k], halves[rk] = &half{s: s}, &half{s: s}
		}
		h := halves[k]
		if h == nil {
			return
		}
		if tcp.SYN {
			h.next, h.set = tcp.Seq+1, true
			return
		}
		b := tcp.Payload
		if len(b) == 0 || !h.set {
			return
		}
		d := int32(tcp.Seq - h.next)
		if d < 0 {
			b = b[min(int(-d), len(b)):]
			d = 0
		}
		if len(b) == 0 {
			return
		}
		h.next += uint32(d) + uint32(len(b))
		h.s.pieces = append(h.s.pieces, piece{clients[k],
			capture.NewFrame(0, number, time), b, uint64(d)})
	})
	return all
}

// run feeds pieces to a new Conn and gathers the whole records.
func run(pieces []piece) (*Conn, []record) {
	c := new(Conn)
	rec := new(recorder)
	for _, p := range pieces {
		c.Gap(p.fromClient, p.gap)
		c.Data(p.fromClient, p.frame, p.b, rec)
	}
	return c, rec.records
}

// record is a Stretch put together over packets.
type record struct {
	fromClient  bool
	began, last uint64 // frame numbers
	kind        Kind
	bytes       int
	length      int
	unsure      bool
	done        bool
}

type recorder struct {
	records []record
	at      [2]int // open record of each side, plus 1
}

func (r *recorder) Record(fromClient bool, frame capture.Frame, s Stretch) {
	i := index(fromClient)
	if s.First || s.Kind == Unknown {
		r.records = append(r.records, record{fromClient: fromClient, began: s.Began.Number(),
			kind: s.Kind, length: s.Length, unsure: s.Unsure})
		r.at[i] = len(r.records)
	}
	x := &r.records[r.at[i]-1]
	x.bytes += s.Bytes
	x.last = frame.Number()
	x.done = s.Last
}
