package capture

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A flood of pieces that nothing completes stays under the limits, is
// counted, and does not keep a packet that came after it from being whole.
func TestFragmentsFlood(t *testing.T) {
	packet, payload := long()
	for name, at := range map[string]int{"small": 8, "far": 65000} {
		t.Run(name, func(t *testing.T) {
			var d Decoder
			var seg Segment
			body := make([]byte, 16)
			const count = 20000
			for i := range count {
				p := with(ip4(6, body), 6, be16(0x2000|at/8)...)
				binary.BigEndian.PutUint32(p[12:], uint32(i))
				if v := d.Decode(LinkRaw, p, len(p), &seg); v != Fragment {
					t.Fatal(v)
				}
				if d.pieces.bytes > maxPieceBytes || len(d.pieces.slots) > maxDatagrams || len(d.pieces.index) > maxDatagrams {
					t.Fatalf("%d bytes in %d slots", d.pieces.bytes, len(d.pieces.slots))
				}
			}
			held := 0
			for i := range d.pieces.slots {
				held += cap(d.pieces.slots[i].buf)
			}
			if held != d.pieces.bytes {
				t.Errorf("%d bytes are held, %d counted", held, d.pieces.bytes)
			}
			waiting := uint64(len(d.pieces.index))
			if name == "small" && waiting != maxDatagrams {
				t.Errorf("%d wait, there is room for %d", waiting, maxDatagrams)
			}
			if _, evicted := d.pieces.missed(count); evicted != count-waiting || waiting < 100 {
				t.Errorf("%d given up, %d wait, of %d", evicted, waiting, count)
			}
			for _, p := range cutUp(packet, 48, 104) {
				d.Decode(LinkRaw, p, len(p), &seg)
			}
			if string(seg.Payload) != payload {
				t.Error("the packet behind the flood is lost")
			}
		})
	}
}

// Packets that contradict themselves are not given up because of a limit.
func TestFragmentsRefusedFlood(t *testing.T) {
	var d Decoder
	var seg Segment
	for i := range 3 * maxDatagrams {
		for _, fill := range []byte{1, 2} {
			p := with(ip4(6, bytes.Repeat([]byte{fill}, 16)), 6, 0x20, 1)
			binary.BigEndian.PutUint32(p[12:], uint32(i))
			d.Decode(LinkRaw, p, len(p), &seg)
		}
	}
	if _, evicted := d.pieces.missed(0); evicted != 0 || len(d.pieces.index) != maxDatagrams {
		t.Errorf("%d given up, %d are marked", evicted, len(d.pieces.index))
	}
}

// Pieces in every second place would need thousands of parts: the packet is
// refused, and the time stays linear.
func TestFragmentsApart(t *testing.T) {
	var d Decoder
	var seg Segment
	packet := ip4(6, make([]byte, 60000))
	for at := 0; at < 59000; at += 16 {
		p := cutOut(packet, at, at+8, true)
		d.Decode(LinkRaw, p, len(p), &seg)
	}
	if s := &d.pieces.slots[0]; !s.refused || s.spans.n > maxSpans {
		t.Errorf("refused %v with %d parts", s.refused, s.spans.n)
	}
}

// Fragment headers one inside the other are bounded like all nesting.
func TestFragmentsNested(t *testing.T) {
	packet := ip6(6, tcp(timestamps, "hello"))
	var d Decoder
	var seg Segment
	body := packet[40:]
	next := byte(protoTCP)
	for id := range uint32(2 * maxNesting) {
		last := join([]byte{next, 0}, be16(8), be32(id), body[8:])
		d.Decode(LinkRaw, ip6(protoFragment, join([]byte{next, 0}, be16(1), be32(id), body[:8])), 1<<10, &seg)
		body, next = last, protoFragment
	}
	if v := d.Decode(LinkRaw, ip6(protoFragment, body), 1<<10, &seg); v != Undecoded {
		t.Error(v)
	}
}

// Putting packets together allocates nothing once the buffers are there.
func TestFragmentsAllocate(t *testing.T) {
	packet, _ := long()
	pieces := cutUp(packet, 48, 104)
	var d Decoder
	now := int64(0)
	round := func() {
		for i, p := range pieces {
			now += int64(20 * time.Millisecond)
			seg := Segment{Frame: NewFrame(0, 1, now)}
			if v := d.Decode(LinkRaw, p, len(p), &seg); (v == Decoded) != (i == 2) {
				t.Fatal(v)
			}
		}
	}
	if n := testing.AllocsPerRun(1000, round); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// Captures whose packets are cut into pieces, and these turned round, yield
// the segments that the whole ones yield.
func TestFragmentsOfCaptures(t *testing.T) {
	paths, err := filepath.Glob("../testdata/lab/*/client.pcap")
	if err != nil || len(paths) < 2 {
		t.Fatal(paths, err)
	}
	if dir := os.Getenv("CONNLINT_LAB"); dir != "" {
		more, _ := filepath.Glob(filepath.Join(dir, "0*", "client.pcap*"))
		paths = append(paths, more...)
	}
	for _, path := range paths {
		var cut []listPacket
		plain := raws(t, path)
		for _, p := range plain {
			packet := p.data[14:][:binary.BigEndian.Uint16(p.data[16:])]
			if len(packet) < 20 { // longer than the header can say
				cut = append(cut, p)
				continue
			}
			var at []int
			for i := 400; i < len(packet)-20; i += 400 {
				at = append(at, i)
			}
			for _, piece := range reversed(cutUp(packet, at...)) {
				b := eth(0x0800, piece)
				cut = append(cut, listPacket{b, len(b), p.ns, LinkEthernet, 0})
			}
		}
		whole, pieces := NewFile(&listReader{packets: plain}, path, 0), NewFile(&listReader{packets: cut}, path, 0)
		for {
			a, endA := whole.Next()
			b, endB := pieces.Next()
			if endA != endB {
				t.Fatalf("%s: %v, in pieces %v", path, endA, endB)
			}
			if endA != nil {
				break
			}
			if s := difference(&a.Segment, &b.Segment); s != "" || a.Segment.Time != b.Segment.Time {
				t.Fatalf("%s: packet %d: %s", path, a.Segment.Number(), s)
			}
		}
		if s := pieces.Stats(); s.Unassembled != 0 || s.Packets != uint64(len(cut)) || s.Segments != whole.Stats().Segments {
			t.Errorf("%s: %+v", path, s)
		}
	}
}
