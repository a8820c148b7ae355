package capture

import "testing"

// FuzzDecode decodes any bytes as any link type. Nothing may panic, the
// payload is a part of the packet, and where gopacket finds a segment too, it
// is the same one.
func FuzzDecode(f *testing.F) {
	for _, cases := range [][]decodeCase{linkCases(), networkCases(), tunnelCases()} {
		for _, c := range cases {
			f.Add(uint16(c.link), c.data, uint32(len(c.data)))
		}
	}
	f.Add(uint16(1), eth(0x0800, hello)[:60], uint32(1500))
	f.Fuzz(func(t *testing.T, link uint16, data []byte, wire uint32) {
		var d Decoder
		// The block goes on behind the packet: its bytes must not show up.
		block := append(data[:len(data):len(data)], make([]byte, 32)...)
		data = block[:len(data)]
		var seg Segment
		if d.Decode(LinkType(link), data, int(wire), &seg) != Decoded {
			return
		}
		checkPayload(t, data, &seg)
		other, ok, _ := dissect(LinkType(link), data)
		switch LinkType(link) {
		case linkDot11, linkRadiotap, linkPrism:
			return // gopacket chops four bytes off whether they are a checksum or not
		}
		if !ok {
			return
		}
		if s := difference(&seg, &other); s != "" {
			t.Errorf("%v %x: %s", LinkType(link), data, s)
		}
	})
}

func checkPayload(t *testing.T, data []byte, seg *Segment) {
	t.Helper()
	p := seg.Payload
	if len(p) > seg.Len || seg.Len < 0 || len(p) > len(data) || cap(p) != len(p) {
		t.Fatalf("payload of %d bytes, capacity %d, length %d, in a packet of %d", len(p), cap(p), seg.Len, len(data))
	}
	if len(p) == 0 {
		return
	}
	for i := range data {
		if &data[i] == &p[0] && i+len(p) <= len(data) {
			return
		}
	}
	t.Fatal("the payload is not a part of the packet")
}
