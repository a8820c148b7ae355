package capture

import "testing"

// subframe is a packet as it stands in an A-MSDU, filled up to four bytes.
func subframe(etherType int, packet []byte) []byte {
	b := llcSNAP(etherType, packet)
	b = join(make([]byte, 12), be16(len(b)), b)
	return append(b, make([]byte, -len(b)&3)...)
}

// Every packet of an 802.11 frame made of several is yielded, in their order
// and with the frame's number; what is no TCP, and a checksum, is passed over.
func TestAggregate(t *testing.T) {
	segment := func(text string) []byte { return subframe(0x0800, ip4(6, tcp(nil, text))) }
	three := with(dot11Data(join(segment("one"), subframe(0x0806, make([]byte, 28)), segment("three!"), segment("4"), be32(0))), 24, 0x80)
	plain := dot11Data(llcSNAP(0x0800, ip4(6, tcp(nil, "alone"))))
	cutOff := three[:len(three)-60]
	src := NewFile(&listReader{packets: []listPacket{
		{three, len(three), 1, linkDot11, 0}, {plain, len(plain), 2, linkDot11, 0}, {cutOff, len(three), 3, linkDot11, 0}}}, "x", 0)
	for _, want := range []struct {
		number uint64
		text   string
	}{{1, "one"}, {1, "three!"}, {1, "4"}, {2, "alone"}, {3, "one"}, {3, "three!"}} {
		p, err := src.Next()
		if err != nil {
			t.Fatal(err)
		}
		if s := &p.Segment; s.Number() != want.number || s.Time != int64(want.number) || string(s.Payload) != want.text {
			t.Errorf("packet %d at %d: %q, want %d: %q", s.Number(), s.Time, s.Payload, want.number, want.text)
		}
	}
	if s := statsAtEnd(t, src); s.Packets != 3 || s.Segments != 6 || s.Malformed != 0 || s.Undecoded != 0 {
		t.Errorf("%+v", s)
	}
}
