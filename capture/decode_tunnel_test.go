package capture

import "testing"

func tunnelCases() []decodeCase {
	const v4, v6 = 0x0800, 0x86dd
	gre := func(flags, protocol int, body []byte) []byte { return join(be16(flags), be16(protocol), body) }
	vxlan := func(body []byte) []byte { return join([]byte{8, 0, 0, 0, 0, 0, 5, 0}, eth(v4, body)) }
	geneve := func(protocol int, options, body []byte) []byte {
		return join([]byte{byte(len(options) / 4), 0}, be16(protocol), []byte{0, 0, 5, 0}, options, body)
	}
	label := func(bottom byte, body []byte) []byte { return join([]byte{0, 1, bottom, 64}, body) }
	pppoe := func(code byte, size int, body []byte) []byte {
		return join([]byte{0x11, code, 0, 1}, be16(size), body)
	}
	session := join([]byte{0, 0x21}, hello)
	nested := func(depth int) []byte {
		b := hello
		for range depth {
			b = ip4(4, b)
		}
		return b
	}
	return []decodeCase{
		{"4 in 4", 101, ip4(4, hello), Decoded},
		{"6 in 4", 101, ip4(41, hello6), Decoded},
		{"4 in 6", 101, ip6(4, hello), Decoded},
		{"6 in 6", 101, ip6(41, hello6), Decoded},
		{"6 in 4 lies", 101, ip4(41, hello), Malformed},
		{"outer fragment", 101, with(ip4(4, hello), 6, 0x20, 0), Fragment},
		{"inner fragment", 101, ip4(4, with(hello, 6, 0x20, 0)), Fragment},
		{"nested to the limit", 101, nested(maxNesting), Decoded},
		{"nested too deep", 101, nested(maxNesting + 1), Undecoded},
		{"gre", 101, ip4(47, gre(0, v4, hello)), Decoded},
		{"gre ipv6", 101, ip6(47, gre(0, v6, hello6)), Decoded},
		{"gre checksum key sequence", 101, ip4(47, gre(0xb000, v4, join(make([]byte, 12), hello))), Decoded},
		{"gre ethernet", 101, ip4(47, gre(0x2000, 0x6558, join(be32(9), eth(v4, hello)))), Decoded},
		{"gre vlan in ethernet", 101, ip4(47, gre(0, 0x6558, eth(0x8100, tag(v4, hello)))), Decoded},
		{"gre ppp", 101, ip4(47, gre(0x3001, 0x880b, join(be32(9), be32(1), []byte{0xff, 3, 0, 0x21}, hello))), Decoded},
		{"gre ppp, acknowledgement alone", 101, ip4(47, gre(0x2081, 0x880b, join(be32(9), be32(1)))), NotTCP},
		{"gre erspan", 101, ip4(47, gre(0x1000, 0x88be, join(be32(1), make([]byte, 8), eth(v4, hello)))), Undecoded},
		{"gre cut", 101, ip4(47, []byte{0xb0, 0, 8, 0, 0}), Malformed},
		{"gre empty", 101, ip4(47, nil), NotTCP},
		{"gre arp", 101, ip4(47, gre(0, 0x0806, hello)), NotTCP},
		{"etherip", 101, ip4(97, join([]byte{0x30, 0}, eth(v4, hello))), Decoded},
		{"vxlan", 101, ip4(17, udp(4789, vxlan(hello))), Decoded},
		{"vxlan, old port", 1, eth(v4, ip4(17, udp(8472, vxlan(hello)))), Decoded},
		{"vxlan of ipv6", 101, ip6(17, udp(4789, vxlan(hello))), Decoded},
		{"vxlan, udp ends before ip", 101, ip4(17, join(udp(4789, vxlan(with(hello, 2, 0, 0))), make([]byte, 9))), Decoded},
		{"vxlan without flag", 101, ip4(17, udp(4789, with(vxlan(hello), 0, 0))), NotTCP},
		{"vxlan cut", 101, ip4(17, udp(4789, []byte{8, 0, 0})), Malformed},
		{"vxlan, other port", 101, ip4(17, udp(4788, vxlan(hello))), NotTCP},
		{"geneve ethernet", 101, ip4(17, udp(6081, geneve(0x6558, nil, eth(v4, hello)))), Decoded},
		{"geneve ip", 101, ip4(17, udp(6081, geneve(v4, make([]byte, 8), hello))), Decoded},
		{"geneve longest options", 101, ip4(17, udp(6081, geneve(v6, make([]byte, 252), hello6))), Decoded},
		{"geneve options beyond the data", 101, ip4(17, udp(6081, with(geneve(v4, nil, nil), 0, 3))), Malformed},
		{"geneve version 1", 101, ip4(17, udp(6081, with(geneve(v4, nil, hello), 0, 0x40))), NotTCP},
		{"geneve cut", 101, ip4(17, udp(6081, []byte{0, 0, 8})), Malformed},
		{"gtp", 101, ip4(17, udp(2152, join([]byte{0x30, 0xff}, be16(len(hello)), be32(1), hello))), Undecoded},
		{"dns", 101, ip4(17, udp(53, hello)), NotTCP},
		{"quic", 101, ip4(17, udp(443, hello)), NotTCP},
		{"udp cut", 101, ip4(17, []byte{1, 2, 3}), NotTCP},
		{"mpls", 1, eth(0x8847, label(1, hello)), Decoded},
		{"mpls stack", 1, eth(0x8847, label(0, label(0, label(1, hello6)))), Decoded},
		{"mpls in ip", 101, ip4(137, label(1, hello)), Decoded},
		{"mpls pseudowire", 1, eth(0x8847, label(1, join(be32(0), eth(v4, hello)))), Undecoded},
		{"mpls without bottom", 1, eth(0x8847, label(0, nil)), NotTCP},
		{"mpls cut", 1, eth(0x8847, []byte{0, 1}), Malformed},
		{"mpls vlan", 1, eth(0x8100, tag(0x8847, label(1, hello))), Decoded},
		{"pppoe", 1, eth(0x8864, pppoe(0, len(session), session)), Decoded},
		{"pppoe ipv6", 1, eth(0x8864, pppoe(0, 2+len(hello6), join([]byte{0, 0x57}, hello6))), Decoded},
		{"pppoe padded", 1, eth(0x8864, pppoe(0, len(session), join(session, make([]byte, 9)))), Decoded},
		{"pppoe terminate", 1, eth(0x8864, pppoe(0xa7, len(session), session)), NotTCP},
		{"pppoe too long", 1, eth(0x8864, pppoe(0, len(session)+1, session)), Malformed},
		{"pppoe discovery", 1, eth(0x8863, pppoe(9, len(session), session)), NotTCP},
		{"pppoe lcp", 1, eth(0x8864, pppoe(0, 4, []byte{0xc0, 0x21, 1, 1})), NotTCP},
		{"pppoe empty", 1, eth(0x8864, pppoe(0, 0, nil)), NotTCP},
		{"pppoe vlan", 1, eth(0x8100, tag(0x8864, pppoe(0, len(session), session))), Decoded},
		{"everything at once", 1, eth(0x88a8, tag(0x8100, tag(0x8847, label(1, ip4(17, udp(4789,
			vxlan(ip4(47, gre(0, v6, hello6))))))))), Decoded},
	}
}

// TestTunnelCut has a packet inside a tunnel cut by the snap length: the
// length of the payload still comes from the inner IP header, and where that
// says 0, from what the outer one leaves.
func TestTunnelCut(t *testing.T) {
	session := func(packet []byte) []byte {
		return eth(0x8864, join([]byte{0x11, 0, 0, 1}, be16(2+len(packet)), []byte{0, 0x21}, packet))
	}
	gre := func(packet []byte) []byte {
		return eth(0x0800, ip4(47, join([]byte{0, 0, 8, 0}, packet)))
	}
	for name, data := range map[string][]byte{
		"pppoe":          session(hello),
		"gre":            gre(hello),
		"pppoe length 0": session(with(hello, 2, 0, 0)),
		"gre length 0":   gre(with(hello, 2, 0, 0)),
	} {
		var d Decoder
		var seg Segment
		if got := d.Decode(LinkEthernet, data[:len(data)-3], len(data), &seg); got != Decoded {
			t.Errorf("%s: %v", name, got)
		} else if seg.Len != 5 || string(seg.Payload) != "he" {
			t.Errorf("%s: payload %q of %d bytes", name, seg.Payload, seg.Len)
		}
	}
}

// TestDecoderIsReused makes sure that the nesting of one packet is not
// counted against the next.
func TestDecoderIsReused(t *testing.T) {
	var d Decoder
	var seg Segment
	for range 2 * maxNesting {
		if got := d.Decode(LinkRaw, ip4(4, hello), 72, &seg); got != Decoded {
			t.Fatal(got)
		}
	}
}
