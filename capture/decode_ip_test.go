package capture

import "testing"

func networkCases() []decodeCase {
	segment := tcp(timestamps, "hello")
	ext := func(next byte, units byte) []byte { return join([]byte{next, units}, make([]byte, 6+8*int(units))) }
	fragment := func(offset int) []byte { return join([]byte{6, 0}, be16(offset), be32(77), segment) }
	chain := func(count int) []byte {
		body := join(ext(6, 0), segment)
		for range count - 1 {
			body = join(ext(60, 0), body)
		}
		return ip6(60, body)
	}
	return []decodeCase{
		{"ipv4 options", 101, ip4Options(6, []byte{7, 8, 1, 2, 3, 4, 5, 0}, segment), Decoded},
		{"ipv4 all options", 101, ip4Options(6, make([]byte, 40), segment), Decoded},
		{"ipv4 cut", 101, hello[:19], Malformed},
		{"ipv4 header length 4", 101, with(hello, 0, 0x44), Malformed},
		{"ipv4 options beyond the data", 101, with(hello, 0, 0x4f)[:40], Malformed},
		{"ipv4 header beyond total", 101, with(hello, 2, 0, 19), Malformed},
		{"ipv4 total without tcp", 101, with(hello, 2, 0, 20), Malformed},
		{"ipv4 total 0", 101, with(hello, 2, 0, 0), Decoded},
		{"ipv4 first fragment", 101, with(hello, 6, 0x20, 0), Fragment},
		{"ipv4 last fragment", 101, with(hello, 6, 0, 1), Fragment},
		{"ipv4 reserved flag", 101, with(hello, 6, 0x80, 0), Decoded},
		{"ipv4 udp", 101, ip4(17, segment), NotTCP},
		{"ipv4 icmp", 101, ip4(1, segment), NotTCP},
		{"ipv4 sctp", 101, ip4(132, segment), NotTCP},
		{"ipv4 ah", 101, ip4(51, join([]byte{6, 4}, make([]byte, 22), segment)), Decoded},
		{"ipv4 ah cut", 101, ip4(51, join([]byte{6, 4}, make([]byte, 9))), Malformed},
		{"ipv4 ah too long", 101, ip4(51, join([]byte{6, 255}, make([]byte, 22), segment)), Malformed},
		{"ipv4 esp", 101, ip4(50, segment), Undecoded},
		{"ipv6 cut", 101, hello6[:39], Malformed},
		{"ipv6 length 0", 101, with(hello6, 4, 0, 0), Decoded},
		{"ipv6 jumbo option", 101, with(ip6(0, join([]byte{6, 0, 0xc2, 4, 0, 1, 0, 0}, segment)), 4, 0, 0), Decoded},
		{"ipv6 hop-by-hop", 101, ip6(0, join(ext(6, 0), segment)), Decoded},
		{"ipv6 routing", 101, ip6(43, join(ext(6, 2), segment)), Decoded},
		{"ipv6 destination", 101, ip6(60, join(ext(6, 1), segment)), Decoded},
		{"ipv6 all in turn", 101, ip6(0, join(ext(60, 0), ext(43, 0), ext(44, 2), []byte{51, 0, 0, 0, 0, 0, 0, 1},
			[]byte{60, 4}, make([]byte, 22), ext(6, 0), segment)), Decoded},
		{"ipv6 hop-by-hop padded", 1, join(eth(0x86dd, ip6(0, join(ext(6, 0), segment))), make([]byte, 6)), Decoded},
		{"ipv6 atomic fragment", 101, ip6(44, fragment(0)), Decoded},
		{"ipv6 atomic fragment, reserved bits", 101, ip6(44, fragment(6)), Decoded},
		{"ipv6 first fragment", 101, ip6(44, fragment(1)), Fragment},
		{"ipv6 last fragment", 101, ip6(44, fragment(8)), Fragment},
		{"ipv6 fragment cut", 101, ip6(44, fragment(0)[:7]), Malformed},
		{"ipv6 extension cut", 101, ip6(60, []byte{6, 0, 0, 0}), Malformed},
		{"ipv6 extension too long", 101, ip6(60, join([]byte{6, 255}, make([]byte, 6), segment)), Malformed},
		{"ipv6 sixteen extensions", 101, chain(16), Decoded},
		{"ipv6 seventeen extensions", 101, chain(17), Undecoded},
		{"ipv6 icmp", 101, ip6(58, segment), NotTCP},
		{"ipv6 nothing follows", 101, ip6(59, nil), NotTCP},
		{"ipv6 length short of tcp", 101, with(hello6, 4, 0, 19), Malformed},
	}
}

// TestWireLength has packets whose IP header does not say how long they are,
// or says more than was captured.
func TestWireLength(t *testing.T) {
	jumbo := with(hello, 2, 0, 0)
	for _, c := range []struct {
		name    string
		data    []byte
		wire    int
		want    Verdict
		length  int
		payload string
	}{
		{"whole", hello, len(hello), Decoded, 5, "hello"},
		{"wire below captured", hello, 0, Decoded, 5, "hello"},
		{"offload, wire below captured", jumbo, 0, Decoded, 5, "hello"},
		{"payload cut", hello[:len(hello)-3], len(hello), Decoded, 5, "he"},
		{"payload gone", hello[:len(hello)-5], len(hello), Decoded, 5, ""},
		{"options cut", hello[:len(hello)-6], len(hello), Decoded, 5, ""},
		{"fixed header only", hello[:40], len(hello), Decoded, 5, ""},
		{"fixed header cut", hello[:39], len(hello), Malformed, 0, ""},
		{"cut though the record says whole", hello[:len(hello)-3], len(hello) - 3, Decoded, 5, "he"},
		{"offload, cut", jumbo[:len(jumbo)-3], 100000, Decoded, 100000 - 52, "he"},
		{"offload, too long to be", jumbo, 1 << 30, Malformed, 0, ""},
		{"offload ipv6, cut", with(hello6, 4, 0, 0)[:74], 200000, Decoded, 200000 - 72, "he"},
		{"offload ipv6, too long to be", with(hello6, 4, 0, 0), 1 << 30, Malformed, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var d Decoder
			var seg Segment
			if got := d.Decode(LinkRaw, c.data, c.wire, &seg); got != c.want {
				t.Fatalf("verdict %v, want %v", got, c.want)
			}
			if c.want == Decoded && (seg.Len != c.length || string(seg.Payload) != c.payload) {
				t.Errorf("payload %q of %d bytes, want %q of %d", seg.Payload, seg.Len, c.payload, c.length)
			}
		})
	}
}
