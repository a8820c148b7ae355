package capture

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRareCaptures reads the public captures of rare link types, tunnels and
// fragments: how much of their TCP is seen today, and what hides the rest.
// segments is what tshark counts (tcp and not icmp, since it also shows the
// headers inside ICMP errors), except where why says more.
func TestRareCaptures(t *testing.T) {
	root := os.Getenv("CONNLINT_CAPTURES")
	if root == "" {
		t.Skip("CONNLINT_CAPTURES is not set")
	}
	for _, c := range []struct {
		file                           string
		segments, fragments, undecoded uint64
		why                            string
	}{
		{file: "PcapPlusPlus__four_ipv6_http_streams.pcap", segments: 81},
		{file: "PcapPlusPlus__raw_ip.pcap", segments: 92},
		{file: "PcapPlusPlus__sll.pcap", segments: 483},
		{file: "arkime__80211http.pcap", segments: 26},
		{file: "suricata-verify__decode-chdlc-01__hdlc-http_1tx.pcap", segments: 17},
		{file: "tcpdump__arcnet-rfc1201-arp-icmp-http.pcap", segments: 14},
		{file: "tcpdump__unsupported-link-type-160.pcap", undecoded: 1},
		{file: "zeek__nflog-http.pcap", segments: 13},
		{file: "zeek__tls__openjdk-25.0.2-zeek.org.pcap", segments: 6},
		{file: "PcapPlusPlus__one_http_stream_rst.pcap", segments: 10},
		{file: "arkime__twovlan.pcap", segments: 6},
		{file: "nDPI__6in4tunnel.pcap", segments: 75},
		{file: "suricata-verify__bug-4810__pppoe-session-http.pcap", segments: 30},
		{file: "zeek__erspan.pcap", segments: 106, fragments: 39, why: "16 segments are in fragments of the outer packets"},
		{file: "zeek__mixed-vlan-mpls.pcap", segments: 47},
		{file: "zeek__tunnels__ayiya3.pcap", segments: 21},
		{file: "zeek__tunnels__gtp__gtp2_different_udp_port.pcap", segments: 78, fragments: 42, why: "42 segments are in fragments of the outer packets"},
		{file: "zeek__tunnels__vxlan-encapsulated-http.pcap", segments: 12},
		{file: "PcapPlusPlus__frag_http_req.pcap", segments: 1, fragments: 10, why: "one segment, in fragments"},
		{file: "packets__ipv6_fragments.pcapng", fragments: 10, why: "ten echoes in two pieces each"},
		{file: "zeek__ipv6-http-atomic-frag.pcap", segments: 36},
	} {
		r, err := Open(filepath.Join(root, c.file), nil)
		if err != nil {
			t.Error(err)
			continue
		}
		s := statsAtEnd(t, NewFile(r, c.file, 0))
		if s.Segments != c.segments || s.Fragments != c.fragments || s.Undecoded != c.undecoded || s.Malformed != 0 || s.Unassembled != 0 {
			t.Errorf("%s: %+v, want %+v", c.file, s, c)
		}
	}
}
