package capture

import (
	"bytes"
	"testing"
)

// hello is the segment that the good cases of TestDecode carry, in IPv4.
var hello = ip4(6, tcp(timestamps, "hello"))

var hello6 = ip6(6, tcp(timestamps, "hello"))

func TestDecode(t *testing.T) {
	for _, c := range linkCases() {
		t.Run(c.name, func(t *testing.T) { c.check(t) })
	}
	for _, c := range networkCases() {
		t.Run(c.name, func(t *testing.T) { c.check(t) })
	}
	for _, c := range tunnelCases() {
		t.Run(c.name, func(t *testing.T) { c.check(t) })
	}
}

// decodeCase is one packet; where want is Decoded, it carries hello.
type decodeCase struct {
	name string
	link LinkType
	data []byte
	want Verdict
}

func (c decodeCase) check(t *testing.T) {
	t.Helper()
	var d Decoder
	// What an earlier packet left behind must not shine through, and what
	// lies behind the packet in the reader's block must not be read.
	seg := Segment{IPID: 9, HasIPID: true, Options: Options{Set: 0xff, MSS: 9, SACKBlocks: 4}}
	block := append(bytes.Clone(c.data), bytes.Repeat([]byte{0x45}, 64)...)
	got := d.Decode(c.link, block[:len(c.data)], len(c.data), &seg)
	if got != c.want {
		t.Fatalf("verdict %v, want %v", got, c.want)
	}
	if got == Decoded {
		checkHello(t, &seg)
	}
}

func checkHello(t *testing.T, seg *Segment) {
	t.Helper()
	src, dst, id := "10.0.0.1:40000", "10.0.0.2:80", uint16(0x1234)
	if !seg.HasIPID {
		src, dst, id = "[2001:db8::1]:40000", "[2001:db8::2]:80", 0
	}
	if seg.Src.String() != src || seg.Dst.String() != dst || seg.IPID != id || seg.TTL != 64 {
		t.Errorf("IP: %v > %v id %#x ttl %d", seg.Src, seg.Dst, seg.IPID, seg.TTL)
	}
	if seg.Seq != 1000 || seg.Ack != 2000 || seg.Flags != PSH|ACK || seg.Window != 502 {
		t.Errorf("TCP: seq %d ack %d flags %v window %d", seg.Seq, seg.Ack, seg.Flags, seg.Window)
	}
	if want := (Options{Set: OptTimestamps, TSVal: 111, TSEcr: 222}); seg.Options != want {
		t.Errorf("options %+v", seg.Options)
	}
	if seg.Len != 5 || string(seg.Payload) != "hello" {
		t.Errorf("payload %q of %d bytes", seg.Payload, seg.Len)
	}
}

func linkCases() []decodeCase {
	const v4, v6 = 0x0800, 0x86dd
	tags := func(count int, body []byte) []byte {
		body = tag(v4, body)
		for range count - 1 {
			body = tag(0x8100, body)
		}
		return eth(0x88a8, body)
	}
	return []decodeCase{
		{"ethernet", 1, eth(v4, hello), Decoded},
		{"ethernet ipv6", 1, eth(v6, hello6), Decoded},
		{"ethernet padded", 1, join(eth(v4, hello), make([]byte, 9)), Decoded},
		{"ethernet ipv6 padded", 1, join(eth(v6, hello6), make([]byte, 9)), Decoded},
		{"ethernet cut", 1, eth(v4, hello)[:13], Malformed},
		{"ethernet type lies", 1, eth(v6, hello), Malformed},
		{"arp", 1, eth(0x0806, hello), NotTCP},
		{"macsec", 1, eth(0x88e5, hello), Undecoded},
		{"vlan", 1, eth(0x8100, tag(v4, hello)), Decoded},
		{"vlan ipv6", 1, eth(0x8100, tag(v6, hello6)), Decoded},
		{"qinq", 1, eth(0x88a8, tag(0x8100, tag(v4, hello))), Decoded},
		{"qinq of before the standard", 1, eth(0x9100, tag(0x8100, tag(v4, hello))), Decoded},
		{"eight tags", 1, tags(8, hello), Decoded},
		{"nine tags", 1, tags(9, hello), Undecoded},
		{"vlan cut", 1, eth(0x8100, tag(v4, hello))[:17], Malformed},
		{"vlan arp", 1, eth(0x8100, tag(0x0806, hello)), NotTCP},
		{"802.3 llc snap", 1, eth(8+len(hello), llcSNAP(v4, hello)), Decoded},
		{"802.3 padded", 1, join(eth(8+len(hello), llcSNAP(v4, hello)), make([]byte, 9)), Decoded},
		{"802.3 spanning tree", 1, eth(38, join([]byte{0x42, 0x42, 3}, make([]byte, 35))), NotTCP},
		{"802.3 netware", 1, eth(38, bytes.Repeat([]byte{0xff}, 38)), NotTCP},
		{"802.3 empty", 1, eth(0, nil), NotTCP},
		{"sll", 113, sllHeader(v4, hello), Decoded},
		{"sll ipv6", 113, sllHeader(v6, hello6), Decoded},
		{"sll vlan", 113, sllHeader(0x8100, tag(v4, hello)), Decoded},
		{"sll llc", 113, sllHeader(4, llcSNAP(v4, hello)), Decoded},
		{"sll can", 113, sllHeader(12, hello), NotTCP},
		{"sll netlink", 113, with(sllHeader(v4, hello), 2, 0x03, 0x38), NotTCP},
		{"sll cut", 113, sllHeader(v4, nil)[:15], Malformed},
		{"sll2", 276, sll2Header(v4, hello), Decoded},
		{"sll2 ipv6", 276, sll2Header(v6, hello6), Decoded},
		{"sll2 netlink", 276, with(sll2Header(v4, hello), 8, 0x03, 0x38), NotTCP},
		{"sll2 cut", 276, sll2Header(v4, nil)[:19], Malformed},
		{"null little endian", 0, join([]byte{2, 0, 0, 0}, hello), Decoded},
		{"null big endian", 0, join([]byte{0, 0, 0, 2}, hello), Decoded},
		{"null linux ipv6", 0, join([]byte{10, 0, 0, 0}, hello6), Decoded},
		{"null netbsd ipv6", 0, join([]byte{24, 0, 0, 0}, hello6), Decoded},
		{"null freebsd ipv6", 0, join([]byte{0, 0, 0, 28}, hello6), Decoded},
		{"null darwin ipv6", 0, join([]byte{30, 0, 0, 0}, hello6), Decoded},
		{"null appletalk", 0, join([]byte{16, 0, 0, 0}, hello), NotTCP},
		{"null cut", 0, []byte{2, 0, 0}, Malformed},
		{"loop", 108, join([]byte{0, 0, 0, 24}, hello6), Decoded},
		{"raw", 101, hello, Decoded},
		{"raw ipv6", 101, hello6, Decoded},
		{"raw bsd", 12, hello, Decoded},
		{"raw openbsd", 14, hello6, Decoded},
		{"ipv4", 228, hello, Decoded},
		{"ipv6", 229, hello6, Decoded},
		{"raw of no version", 101, with(hello, 0, 0x15), Malformed},
		{"raw empty", 101, nil, Malformed},
		{"ppp", 9, join([]byte{0xff, 3, 0, 0x21}, hello), Decoded},
		{"ppp short protocol", 9, join([]byte{0x57}, hello6), Decoded},
		{"ppp compressed header", 9, join([]byte{0xff, 3, 0, 0x2d}, hello), Undecoded},
		{"ppp lcp", 9, join([]byte{0xff, 3, 0xc0, 0x21}, hello), NotTCP},
		{"ppp cut", 9, []byte{0xff}, Malformed},
		{"chdlc", 104, join([]byte{0x0f, 0, 8, 0}, hello), Decoded},
		{"chdlc slarp", 104, join([]byte{0x8f, 0, 0x80, 0x35}, hello), NotTCP},
		{"chdlc cut", 104, []byte{0x0f, 0, 8}, Malformed},
		{"fddi", 10, join([]byte{0x50}, make([]byte, 12), llcSNAP(v4, hello)), Decoded},
		{"pppoe as link", 51, join([]byte{0x11, 0, 0, 1}, be16(2+len(hello)), []byte{0, 0x21}, hello), Decoded},
		{"nflog little endian", 239, join([]byte{2, 0, 0, 0}, []byte{5, 0, 10, 0, 0, 0, 0, 0},
			[]byte{byte(4 + len(hello)), 0, 9, 0}, hello), Decoded},
		{"nflog big endian", 239, join([]byte{10, 0, 0, 0}, be16(4+len(hello6)), be16(9), hello6), Decoded},
		{"nflog without packet", 239, join([]byte{2, 0, 0, 0}, []byte{5, 0, 10, 0, 0, 0, 0, 0}), NotTCP},
		{"nflog attribute of no length", 239, join([]byte{2, 0, 0, 0}, []byte{0, 0, 9, 0}, hello), Malformed},
		{"nflog attribute too long", 239, join([]byte{2, 0, 0, 0}, []byte{255, 0, 9, 0}, hello), Malformed},
		{"nflog arp", 239, join([]byte{3, 0, 0, 0}, []byte{8, 0, 9, 0}, []byte{0, 1, 8, 0}), NotTCP},
		{"802.11", 105, dot11Data(llcSNAP(v4, hello)), Decoded},
		{"802.11 checksum behind", 105, join(dot11Data(llcSNAP(v4, hello)), be32(7)), Decoded},
		{"802.11 four addresses", 105, join([]byte{0x08, 3}, make([]byte, 28), llcSNAP(v4, hello)), Decoded},
		{"802.11 ht control", 105, join([]byte{0x88, 0x81}, make([]byte, 28), llcSNAP(v4, hello)), Decoded},
		{"802.11 protected", 105, with(dot11Data(llcSNAP(v4, hello)), 1, 0x41), Undecoded},
		{"802.11 aggregate", 105, with(dot11Data(llcSNAP(v4, hello)), 24, 0x80), Undecoded},
		{"802.11 first fragment", 105, with(dot11Data(llcSNAP(v4, hello)), 1, 0x05), Fragment},
		{"802.11 last fragment", 105, with(dot11Data(llcSNAP(v4, hello)), 22, 1), Fragment},
		{"802.11 null", 105, with(dot11Data(nil), 0, 0xc8), NotTCP},
		{"802.11 beacon", 105, with(dot11Data(llcSNAP(v4, hello)), 0, 0x80), NotTCP},
		{"802.11 cut", 105, dot11Data(nil)[:25], Malformed},
		{"radiotap", 127, join([]byte{0, 0, 9, 0, 2, 0, 0, 0, 0}, dot11Data(llcSNAP(v4, hello))), Decoded},
		{"radiotap padded header", 127, join([]byte{0, 0, 17, 0, 3, 0, 0, 0}, make([]byte, 8), []byte{0x20},
			dot11Data(nil), []byte{0, 0}, llcSNAP(v4, hello)), Decoded},
		{"radiotap aligned time", 127, join([]byte{0, 0, 25, 0, 3, 0, 0, 0x80}, make([]byte, 16), []byte{0x20},
			dot11Data(nil), []byte{0, 0}, llcSNAP(v4, hello)), Decoded},
		{"radiotap more words", 127, join([]byte{0, 0, 13, 0, 2, 0, 0, 0x80, 0, 0, 0, 0, 0}, dot11Data(llcSNAP(v4, hello))), Decoded},
		{"radiotap endless words", 127, join([]byte{0, 0, 12, 0, 2, 0, 0, 0x80, 0, 0, 0, 0x80}, hello), Malformed},
		{"radiotap too long", 127, join([]byte{0, 0, 255, 255, 0, 0, 0, 0}, hello), Malformed},
		{"prism too short", 119, []byte{0x44, 0}, Malformed},
		{"radiotap wrong checksum", 127, join([]byte{0, 0, 9, 0, 2, 0, 0, 0, 0x40}, dot11Data(llcSNAP(v4, hello))), Malformed},
		{"802.11 aggregate of one", 105, with(dot11Data(join(make([]byte, 12), be16(8+len(hello)), llcSNAP(v4, hello))), 24, 0x80), Decoded},
		{"802.11 aggregate of one, checksum behind", 105, with(dot11Data(join(make([]byte, 12), be16(8+len(hello)), llcSNAP(v4, hello), be32(7))), 24, 0x80), Decoded},
		{"802.11 aggregate of two", 105, with(dot11Data(bytes.Repeat(join(make([]byte, 12), be16(8+len(hello)), llcSNAP(v4, hello)), 2)), 24, 0x80), Decoded},
		{"802.11 aggregate cut", 105, with(dot11Data(make([]byte, 13)), 24, 0x80), Malformed},
		{"802.11 mesh", 105, with(dot11Data(join(make([]byte, 6), llcSNAP(v4, hello))), 25, 1), Decoded},
		{"802.11 mesh, two more addresses", 105, with(dot11Data(join([]byte{2}, make([]byte, 17), llcSNAP(v4, hello))), 25, 1), Decoded},
		{"802.11 queue size that looks like a mesh", 105, with(dot11Data(llcSNAP(v4, hello)), 25, 1), Decoded},
		{"802.11 mesh without packet", 105, with(dot11Data(nil), 25, 1), NotTCP},
		{"arcnet bsd", 7, join([]byte{1, 2, 212, 0, 0, 9}, hello), Decoded},
		{"arcnet bsd ipv6", 7, join([]byte{1, 2, 0xc4, 0, 0, 9}, hello6), Decoded},
		{"arcnet bsd exception", 7, join([]byte{1, 2, 212, 0xff, 0xff, 0xff, 0, 0, 0, 9}, hello), Decoded},
		{"arcnet bsd old", 7, join([]byte{1, 2, 240}, hello), Decoded},
		{"arcnet bsd first of three", 7, join([]byte{1, 2, 212, 3, 0, 9}, hello), Fragment},
		{"arcnet bsd last of three", 7, join([]byte{1, 2, 212, 4, 0, 9}, hello), Fragment},
		{"arcnet bsd cut", 7, []byte{1, 2, 212, 0, 0}, Malformed},
		{"arcnet bsd exception cut", 7, []byte{1, 2, 212, 0xff, 0xff, 0xff, 0, 0, 0}, Malformed},
		{"arcnet linux", 129, join([]byte{1, 2, 0, 0, 212, 0, 0, 9}, hello), Decoded},
		{"arcnet linux old", 129, join([]byte{1, 2, 0, 0, 240}, hello), Decoded},
		{"arcnet linux piece", 129, join([]byte{1, 2, 0, 0, 212, 3, 0, 9}, hello), Fragment},
		{"arcnet linux arp", 129, join([]byte{1, 2, 0, 0, 213, 0, 0, 9}, hello), NotTCP},
		{"arcnet linux diagnosis", 129, []byte{1, 2, 0, 0, 128}, NotTCP},
		{"arcnet linux cut", 129, []byte{1, 2, 0, 0}, Malformed},
		{"mpls as link", 219, join([]byte{0, 1, 1, 64}, hello), Decoded},
		{"enc", 109, join([]byte{2, 0, 0, 0}, make([]byte, 8), hello), Decoded},
		{"enc big endian", 109, join([]byte{0, 0, 0, 24}, make([]byte, 8), hello6), Decoded},
		{"enc cut", 109, make([]byte, 11), Malformed},
		{"pktap", 258, join([]byte{16, 0, 0, 0}, make([]byte, 4), []byte{1, 0, 0, 0}, make([]byte, 4), eth(v4, hello)), Decoded},
		{"pktap of raw ip", 258, join([]byte{12, 0, 0, 0}, make([]byte, 4), []byte{12, 0, 0, 0}, hello6), Decoded},
		{"pktap of something unknown", 258, join([]byte{12, 0, 0, 0}, make([]byte, 4), []byte{160, 0, 0, 0}, hello), Undecoded},
		{"pktap of pktap of pktap", 258, bytes.Repeat([]byte{12, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0}, 5000), Undecoded},
		{"pktap too long", 258, join([]byte{255, 0, 0, 0}, make([]byte, 8), hello), Malformed},
		{"pktap too short", 258, join([]byte{11, 0, 0, 0}, make([]byte, 8), hello), Malformed},
		{"ppi of 802.11", 192, join([]byte{0, 0, 10, 0, 105, 0, 0, 0, 9, 9}, dot11Data(llcSNAP(v4, hello))), Decoded},
		{"ppi of ethernet", 192, join([]byte{0, 0, 8, 0, 1, 0, 0, 0}, eth(v6, hello6)), Decoded},
		{"ppi too short", 192, join([]byte{0, 0, 7, 0, 1, 0, 0, 0}, eth(v6, hello6)), Malformed},
		{"avs", 163, join(be32(0x80211001), be32(64), make([]byte, 56), dot11Data(llcSNAP(v4, hello))), Decoded},
		{"avs too long", 163, join(be32(0x80211001), be32(1<<31), make([]byte, 56), dot11Data(llcSNAP(v4, hello))), Malformed},
		{"avs cut", 163, make([]byte, 7), Malformed},
		{"ppp multilink, whole", 9, join([]byte{0xff, 3, 0, 0x3d, 0xc0, 0, 0, 1, 0, 0x21}, hello), Decoded},
		{"ppp multilink, begins", 9, join([]byte{0xff, 3, 0, 0x3d, 0x80, 0, 0, 1, 0, 0x21}, hello), Undecoded},
		{"ppp multilink cut", 9, []byte{0xff, 3, 0, 0x3d, 0xc0}, Undecoded},
		{"unknown link type", 160, hello, UnknownLink},
		{"276 is not 20", 20, sll2Header(v4, hello), UnknownLink},
	}
}
