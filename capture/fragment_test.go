package capture

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"
)

// cutUp is an IP packet in pieces: at lists where they begin behind the first,
// in bytes of its payload.
func cutUp(packet []byte, at ...int) [][]byte {
	var pieces [][]byte
	size := len(packet) - 20
	if packet[0]>>4 == 6 {
		size = len(packet) - 40
	}
	at = append(append([]int{0}, at...), size)
	for i := range len(at) - 1 {
		pieces = append(pieces, cutOut(packet, at[i], at[i+1], at[i+1] < size))
	}
	return pieces
}

// cutOut is one piece of an IP packet without options, from and to being
// places in its payload.
func cutOut(packet []byte, from, to int, more bool) []byte {
	flag := 0
	if more {
		flag = 1
	}
	if packet[0]>>4 == 4 {
		body := packet[20+from : 20+to]
		return join(packet[:2], be16(20+len(body)), packet[4:6], be16(flag<<13|from/8), packet[8:20], body)
	}
	body := packet[40+from : 40+to]
	return join(packet[:4], be16(8+len(body)), []byte{protoFragment}, packet[7:40],
		[]byte{packet[6], 0}, be16(from|flag), be32(77), body)
}

// long is a segment whose payload of 200 bytes has no two equal parts.
func long() (packet []byte, payload string) {
	var b strings.Builder
	for i := 0; b.Len() < 200; i++ {
		b.WriteString(string(rune('A'+i%26)) + string(rune('a'+i/26)))
	}
	payload = b.String()
	return ip4(6, tcp(timestamps, payload)), payload
}

func TestFragments(t *testing.T) {
	v4, payload := long()
	v6 := ip6(6, tcp(timestamps, payload))
	pieces := cutUp(v4, 8, 48, 96, 160)
	other := with(pieces[2], 25, '!')
	overlap := cutOut(v4, 40, 104, true)
	in := func(order ...int) (list [][]byte) {
		for _, i := range order {
			list = append(list, pieces[i])
		}
		return list
	}
	swap := func(i int, by []byte, order ...int) [][]byte {
		list := in(order...)
		list[i] = by
		return list
	}
	for _, c := range []struct {
		name    string
		packets [][]byte
		whole   int // the packet that makes the segment, counted from 1; 0: none does
		missed  uint64
	}{
		{"in order", in(0, 1, 2, 3, 4), 5, 0},
		{"in reverse", in(4, 3, 2, 1, 0), 5, 0},
		{"mixed", in(2, 4, 0, 3, 1), 5, 0},
		{"one missing", in(0, 1, 3, 4), 0, 4},
		{"the last missing", in(0, 1, 2, 3), 0, 4},
		{"the first missing", in(1, 2, 3, 4), 0, 4},
		{"each twice", in(0, 0, 1, 1, 2, 2, 3, 3, 4, 4), 9, 0},
		{"all again", in(0, 1, 2, 3, 4, 0, 1, 2, 3, 4), 5, 0},
		{"overlap, another start", append(in(0, 1), overlap, pieces[3], pieces[4]), 0, 5},
		{"an overlap of bytes that are all there", append(in(0, 1, 2, 3), overlap, pieces[4]), 6, 0},
		{"a repetition with other bytes, first", append([][]byte{other}, in(0, 1, 2, 3, 4)...), 0, 6},
		{"a repetition with other bytes, last", append(in(0, 1, 2), other, pieces[3], pieces[4]), 0, 6},
		{"refused with what still comes", append(in(0, 1, 2), other, pieces[3], pieces[4], pieces[0], pieces[1]), 0, 8},
		{"behind the end", append(in(4), cutOut(ip4(6, make([]byte, 400)), 240, 320, true)), 0, 2},
		{"two ends", append(in(0, 1, 2, 4), cutOut(v4, 160, 200, false), pieces[3]), 0, 6},
		{"an end before bytes that are there", append(in(4), cutOut(v4, 96, 104, false)), 0, 2},
		{"a piece of no multiple of 8", swap(1, cutOut(v4, 8, 47, true), 0, 1, 2, 3, 4), 0, 5},
		{"a last piece under 8 bytes", cutUp(ip4(6, tcp(nil, payload)), 104, 216), 3, 0},
		{"another id", swap(2, with(pieces[2], 5, 9), 0, 1, 2, 3, 4), 0, 5},
		{"another protocol", swap(2, with(pieces[2], 9, 17), 0, 1, 2, 3, 4), 0, 5},
		{"another host", swap(2, with(pieces[2], 19, 9), 0, 1, 2, 3, 4), 0, 5},
		{"ipv6", cutUp(v6, 8, 48, 96, 160), 5, 0},
		{"ipv6, in reverse", reversed(cutUp(v6, 64, 128)), 3, 0},
		{"ipv6, overlap", append([][]byte{cutOut(v6, 8, 64, true)}, cutUp(v6, 48, 96)...), 0, 4},
		{"in another's pieces", cutUp(ip4(4, v4), 80, 160), 3, 0},
		{"pieces in a tunnel", [][]byte{ip4(4, pieces[0]), ip4(4, pieces[1]), ip4(4, pieces[2]), ip4(4, pieces[3]), ip4(4, pieces[4])}, 5, 0},
		{"one in and one out of a tunnel", [][]byte{pieces[0], ip4(4, pieces[0]), pieces[1], ip4(4, pieces[2]), pieces[3], pieces[4], ip4(4, pieces[1])}, 6, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var d Decoder
			fragments := uint64(0)
			for i, p := range c.packets {
				// Time goes on by 1 ms, so that copies come late.
				seg := Segment{Frame: NewFrame(0, uint64(i+1), int64(i)*int64(time.Millisecond))}
				own := bytes.Clone(p)
				v := d.Decode(LinkRaw, own, len(own), &seg)
				clear(own) // nothing of it may be needed later
				switch {
				case v == Fragment && i+1 != c.whole:
					fragments++
				case v != Decoded || i+1 != c.whole:
					t.Fatalf("packet %d: %v", i+1, v)
				case seg.Len != len(payload) || string(seg.Payload) != payload || seg.Src.Port() != 40000 || seg.TTL != 64:
					t.Fatalf("%+v", seg)
				}
			}
			if missed, evicted := d.pieces.missed(fragments); missed != c.missed || evicted != 0 {
				t.Errorf("%d pieces of %d are in no packet, want %d; %d given up", missed, fragments, c.missed, evicted)
			}
		})
	}
}

func reversed(list [][]byte) [][]byte {
	slices.Reverse(list)
	return list
}

// A snap length cuts pieces as it cuts packets: what is there up to the first
// cut is taken, and the length is that on the wire.
func TestFragmentsCut(t *testing.T) {
	packet, payload := long()
	for _, snap := range []int{24, 60, 76, 84, 300} {
		var d Decoder
		var seg Segment
		var v Verdict
		for _, p := range cutUp(packet, 104, 168) {
			v = d.Decode(LinkRaw, p[:min(snap, len(p))], len(p), &seg)
		}
		there := max(0, snap-20-32)
		switch {
		case snap == 24:
			if v != Malformed {
				t.Errorf("snap %d: %v", snap, v)
			}
			continue
		case snap > 124:
			there = len(payload)
		}
		if v != Decoded || seg.Len != len(payload) || string(seg.Payload) != payload[:there] {
			t.Errorf("snap %d: %v %q of %d bytes", snap, v, seg.Payload, seg.Len)
		}
	}
}

// The TTL of the whole is that of its first piece, whichever came last.
func TestFragmentTTL(t *testing.T) {
	packet, _ := long()
	pieces := cutUp(packet, 104)
	var d Decoder
	var seg Segment
	d.Decode(LinkRaw, with(pieces[0], 8, 63), len(pieces[0]), &seg)
	if v := d.Decode(LinkRaw, pieces[1], len(pieces[1]), &seg); v != Decoded || seg.TTL != 63 {
		t.Errorf("%v, TTL %d", v, seg.TTL)
	}
}

// Pieces wait for 30 s of capture time, and not for those of another
// interface.
func TestFragmentsWait(t *testing.T) {
	packet, _ := long()
	pieces := cutUp(packet, 104)
	for _, c := range []struct {
		name  string
		later time.Duration
		iface uint16
		want  Verdict
	}{
		{"in time", 30 * time.Second, 0, Decoded},
		{"too late", 30*time.Second + 1, 0, Fragment},
		{"the clock steps back", -time.Hour, 0, Decoded},
		{"another interface", 0, 1, Fragment},
	} {
		var d Decoder
		seg := Segment{Frame: NewFrame(0, 1, int64(time.Hour))}
		d.Decode(LinkRaw, pieces[0], len(pieces[0]), &seg)
		seg = Segment{Frame: NewFrame(0, 2, int64(time.Hour+c.later)), Interface: c.iface}
		if v := d.Decode(LinkRaw, pieces[1], len(pieces[1]), &seg); v != c.want {
			t.Errorf("%s: %v", c.name, v)
		}
	}
}

// An identification that is used again is another packet, unless it follows
// so soon that it must be a copy.
func TestFragmentsReuse(t *testing.T) {
	packet, _ := long()
	pieces := cutUp(packet, 104)
	var d Decoder
	for i, want := range []Verdict{Fragment, Decoded, Fragment, Decoded} {
		seg := Segment{Frame: NewFrame(0, uint64(i+1), int64(i)*int64(11*time.Millisecond))}
		if v := d.Decode(LinkRaw, pieces[i%2], len(pieces[i%2]), &seg); v != want {
			t.Errorf("piece %d: %v", i+1, v)
		}
	}
}

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
