package capture

import (
	"bytes"
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
		{"the end, with more to come", append(in(0, 1, 2, 4), cutOut(v4, 160, 232, true), pieces[3]), 0, 6},
		{"whole beside another that is not", append(in(0, 1, 2, 3), with(pieces[2], 5, 9), pieces[4]), 6, 1},
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
	for i, at := range []time.Duration{0, 11, 22, 33, -99, -88} { // the clock steps back at last
		seg := Segment{Frame: NewFrame(0, uint64(i+1), int64(at*time.Millisecond))}
		want := []Verdict{Fragment, Decoded}[i%2]
		if v := d.Decode(LinkRaw, pieces[i%2], len(pieces[i%2]), &seg); v != want {
			t.Errorf("piece %d: %v", i+1, v)
		}
	}
}

// How a part lies to those that are there.
func TestSpans(t *testing.T) {
	var there spans
	for _, c := range []struct {
		start, end int
		want       fit
		n          int
	}{
		{96, 160, fresh, 1}, {0, 8, fresh, 2}, {200, 208, fresh, 3}, // apart
		{96, 160, repeated, 3}, {104, 112, repeated, 3}, {0, 8, repeated, 3},
		{88, 104, overlapping, 3}, {152, 168, overlapping, 3}, {0, 16, overlapping, 3}, {90, 170, overlapping, 3},
		{8, 104, overlapping, 3}, {160, 204, overlapping, 3}, // touch one and overlap the next
		{8, 16, fresh, 3}, {88, 96, fresh, 3}, {208, 300, fresh, 3}, // touch one
		{160, 200, fresh, 2}, {16, 88, fresh, 1}, // fill
		{0, 300, repeated, 1}, {0, 301, overlapping, 1},
	} {
		if got := there.add(c.start, c.end); got != c.want || there.n != c.n {
			t.Errorf("%d to %d: %v, %d parts; want %v, %d", c.start, c.end, got, there.n, c.want, c.n)
		}
	}
}
