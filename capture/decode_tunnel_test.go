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
	erspan := func(version byte, size int, last int) []byte {
		return with(make([]byte, size), 0, append([]byte{version << 4}, append(make([]byte, max(0, size-3)), be16(last)...)...)...)
	}
	gtp := func(flags byte, body []byte) []byte {
		return ip4(17, udp(2152, join([]byte{flags, 0xff}, be16(len(body)), be32(1), body)))
	}
	ayiya := func(operation, next byte, body []byte) []byte { // an IPv6 address, SHA1, a shared secret
		return join([]byte{0x41, 0x52, 0x10 | operation, next}, be32(1e9), make([]byte, 16+20), body)
	}
	nsh := func(next byte, body []byte) []byte {
		return join([]byte{0, 0x06, 1, next}, make([]byte, 20), body)
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
		{"gre erspan of no version", 101, ip4(47, gre(0x1000, 0x88be, join(be32(1), make([]byte, 8), eth(v4, hello)))), Undecoded},
		{"gre wrong version", 101, ip4(47, gre(2, v4, hello)), Undecoded},
		{"gre routes", 101, ip4(47, gre(0x4000, v4, join(be32(0), []byte{8, 0, 0, 4, 10, 0, 0, 9}, make([]byte, 4), hello))), Decoded},
		{"gre routes without end", 101, ip4(47, gre(0x4000, v4, join(be32(0), []byte{8, 0, 0, 4, 10, 0, 0, 9}, hello[:4]))), Malformed},
		{"erspan type I", 101, ip4(47, gre(0, 0x88be, eth(v4, hello))), Decoded},
		{"erspan type II", 101, ip4(47, gre(0x1000, 0x88be, join(be32(1), erspan(1, 8, 0), eth(v4, hello)))), Decoded},
		{"erspan type II vlan", 101, ip6(47, gre(0x1000, 0x88be, join(be32(1), erspan(1, 8, 0), eth(0x8100, tag(v4, hello))))), Decoded},
		{"erspan type II, version of III", 101, ip4(47, gre(0x1000, 0x88be, join(be32(1), erspan(2, 8, 0), eth(v4, hello)))), Undecoded},
		{"erspan type II cut", 101, ip4(47, gre(0x1000, 0x88be, join(be32(1), erspan(1, 7, 0)))), Malformed},
		{"erspan type III", 101, ip4(47, gre(0x1000, 0x22eb, join(be32(1), erspan(2, 12, 0), eth(v4, hello)))), Decoded},
		{"erspan type III, more behind", 101, ip4(47, gre(0x1000, 0x22eb, join(be32(1), erspan(2, 12, 1), make([]byte, 8), eth(v4, hello)))), Decoded},
		{"erspan type III of ip", 101, ip4(47, gre(0x1000, 0x22eb, join(be32(1), erspan(2, 12, 2<<10), hello))), Decoded},
		{"erspan type III of 802.11", 101, ip4(47, gre(0x1000, 0x22eb, join(be32(1), erspan(2, 12, 1<<10), hello))), Undecoded},
		{"erspan type III cut", 101, ip4(47, gre(0x1000, 0x22eb, join(be32(1), erspan(2, 12, 1), make([]byte, 7)))), Malformed},
		{"erspan outside of gre", 1, eth(0x88be, eth(v4, hello)), NotTCP},
		{"wccp", 101, ip4(47, gre(0, 0x883e, hello)), Decoded},
		{"wccp version 2", 101, ip4(47, gre(0, 0x883e, join([]byte{0, 1, 2, 3}, hello))), Decoded},
		{"wccp cut", 101, ip4(47, gre(0, 0x883e, []byte{0, 1, 2, 3})), Malformed},
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
		{"gtp", 101, gtp(0x30, hello), Decoded},
		{"gtp ipv6", 101, gtp(0x30, hello6), Decoded},
		{"gtp sequence", 101, gtp(0x32, join(make([]byte, 4), hello)), Decoded},
		{"gtp sequence, next type without its flag", 101, gtp(0x32, join([]byte{0, 1, 0, 0x85}, hello)), Decoded},
		{"gtp extension", 101, gtp(0x34, join([]byte{0, 0, 0, 0x85}, []byte{1, 0, 9, 0}, hello)), Decoded},
		{"gtp two extensions", 101, gtp(0x37, join([]byte{0, 1, 0, 0x85}, []byte{1, 0, 9, 0xc0}, []byte{2, 0, 0, 0, 0, 0, 0, 0}, hello)), Decoded},
		{"gtp extension of no length", 101, gtp(0x34, join([]byte{0, 0, 0, 0x85}, make([]byte, 4), hello)), Malformed},
		{"gtp extension too long", 101, gtp(0x34, join([]byte{0, 0, 0, 0x85}, []byte{255}, hello)), Malformed},
		{"gtp extension not there", 101, gtp(0x34, []byte{0, 0, 0, 0x85}), Malformed},
		{"gtp echo", 101, ip4(17, udp(2152, join([]byte{0x32, 1}, be16(4), be32(0), make([]byte, 4)))), NotTCP},
		{"gtp prime", 101, gtp(0x20, hello), NotTCP},
		{"gtp ethernet", 101, gtp(0x30, eth(v4, hello)), Undecoded},
		{"gtp empty", 101, gtp(0x30, nil), Malformed},
		{"gtp cut", 101, ip4(17, udp(2152, []byte{0x30, 0xff, 0})), Malformed},
		{"vxlan gpe", 101, ip4(17, udp(4790, join([]byte{0x0c, 0, 0, 1, 0, 0, 5, 0}, hello))), Decoded},
		{"vxlan gpe of ethernet", 101, ip4(17, udp(4790, vxlan(hello))), Decoded},
		{"vxlan gpe of nsh", 101, ip4(17, udp(4790, join([]byte{0x0c, 0, 0, 4, 0, 0, 5, 0}, nsh(2, hello6)))), Decoded},
		{"vxlan gpe, other version", 101, ip4(17, udp(4790, join([]byte{0x1c, 0, 0, 1, 0, 0, 5, 0}, hello))), NotTCP},
		{"vxlan gpe cut", 101, ip4(17, udp(4790, []byte{0x0c, 0, 0, 1})), Malformed},
		{"mpls in udp", 101, ip4(17, udp(6635, label(1, hello))), Decoded},
		{"l2tp", 101, ip4(17, udp(1701, join([]byte{0, 2}, be32(7), []byte{0xff, 3, 0, 0x21}, hello))), Decoded},
		{"l2tp all fields", 101, ip4(17, udp(1701, join([]byte{0x4a, 2}, be16(0), be32(7), be32(1), be16(3), make([]byte, 3), []byte{0x21}, hello))), Decoded},
		{"l2tp from the server", 101, ip4(17, with(udp(5000, join([]byte{0, 2}, be32(7), []byte{0xff, 3, 0, 0x21}, hello)), 0, be16(1701)...)), Decoded},
		{"l2tp control", 101, ip4(17, udp(1701, join([]byte{0xc8, 2}, be16(12), be32(7), be32(1)))), NotTCP},
		{"l2tp version 3", 101, ip4(17, udp(1701, join([]byte{0, 3}, be16(0), be32(7), hello))), Undecoded},
		{"l2tp offset too long", 101, ip4(17, udp(1701, join([]byte{2, 2}, be32(7), be16(999), hello))), Malformed},
		{"l2tp cut", 101, ip4(17, udp(1701, []byte{2, 2, 0, 0, 0, 7})), Malformed},
		{"l2tp version 3 in ip", 101, ip4(115, join(be32(7), hello)), Undecoded},
		{"teredo", 101, ip4(17, udp(3544, hello6)), Decoded},
		{"teredo origin", 101, ip4(17, udp(3544, join(make([]byte, 8), hello6))), Decoded},
		{"teredo authentication", 101, ip4(17, udp(3544, join([]byte{0, 1, 2, 3}, make([]byte, 14), hello6))), Decoded},
		{"teredo both, from the server", 101, ip4(17, with(udp(5000, join([]byte{0, 1, 0, 0}, make([]byte, 9), make([]byte, 8), hello6)), 0, be16(3544)...)), Decoded},
		{"teredo authentication too long", 101, ip4(17, udp(3544, []byte{0, 1, 255, 255})), Malformed},
		{"teredo of something else", 101, ip4(17, udp(3544, hello)), NotTCP},
		{"teredo empty", 101, ip4(17, udp(3544, nil)), NotTCP},
		{"ayiya", 101, ip4(17, udp(5072, ayiya(1, 41, hello6))), Decoded},
		{"ayiya from the server", 101, ip4(17, with(udp(5000, ayiya(1, 41, hello6)), 0, be16(5072)...)), Decoded},
		{"ayiya of ipv4", 101, ip6(17, udp(5072, ayiya(3, 4, hello))), Decoded},
		{"ayiya heartbeat", 101, ip4(17, udp(5072, ayiya(0, 59, nil))), NotTCP},
		{"ayiya of nothing", 101, ip4(17, udp(5072, ayiya(1, 59, nil))), NotTCP},
		{"ayiya identity too long", 101, ip4(17, udp(5072, with(ayiya(1, 41, hello6), 0, 0xf1))), Malformed},
		{"ayiya cut", 101, ip4(17, udp(5072, ayiya(1, 41, nil)[:7])), Malformed},
		{"nsh", 1, eth(0x894f, nsh(1, hello)), Decoded},
		{"nsh ethernet", 1, eth(0x894f, nsh(3, eth(v6, hello6))), Decoded},
		{"nsh of nsh of mpls", 1, eth(0x894f, nsh(4, nsh(5, label(1, hello)))), Decoded},
		{"nsh of something", 1, eth(0x894f, nsh(9, hello)), NotTCP},
		{"nsh too short", 1, eth(0x894f, with(nsh(1, hello), 1, 0x01)), Malformed},
		{"nsh too long", 1, eth(0x894f, with(nsh(1, hello), 1, 0x3f)), Malformed},
		{"nsh version 1", 1, eth(0x894f, with(nsh(1, hello), 0, 0x40)), NotTCP},
		{"backbone", 1, eth(0x88a8, tag(0x88e7, join(be32(9), eth(0x8100, tag(v4, hello))))), Decoded},
		{"backbone cut", 1, eth(0x88e7, []byte{0, 0, 0}), Malformed},
		{"macsec in clear", 1, eth(0x88e5, join([]byte{0, 0}, be32(7), be16(v4), hello, make([]byte, 16))), Decoded},
		{"macsec in clear, channel", 1, eth(0x88e5, join([]byte{0x20, 0}, be32(7), make([]byte, 8), be16(v6), hello6, make([]byte, 16))), Decoded},
		{"macsec encrypted", 1, eth(0x88e5, join([]byte{0x0c, 0}, be32(7), be16(v4), hello)), Undecoded},
		{"macsec cut", 1, eth(0x88e5, join([]byte{0x20, 0}, be32(7))), Malformed},
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
