package capture

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// wrap puts a tunnel around an IP packet, also one that offloading made
// longer than an IP header can say.
func wrap(kind string, packet []byte) []byte {
	var b []byte
	switch kind {
	case "ipip":
		b = ip4(4, packet)
	case "gre":
		b = ip4(47, join(be16(0), be16(0x0800), packet))
	case "vxlan in gre":
		b = ip4(47, join(be16(0), be16(0x6558), eth(0x0800, packet)))
	case "":
		b = packet
	}
	if len(b) > 65535 {
		b = with(b, 2, 0, 0)
	}
	return eth(0x0800, b)
}

// sightings yields one of a list of packets a microsecond, and tells which
// were judged, by their number.
func sightings(t *testing.T, list []listPacket) (judged []uint64, s Stats) {
	t.Helper()
	f := NewFile(&listReader{packets: list}, "test.pcap", 0)
	for {
		p, err := f.Next()
		if err == io.EOF {
			return judged, f.Stats()
		}
		if err != nil {
			t.Fatal(err)
		}
		judged = append(judged, p.Segment.Number())
	}
}

func TestTunnelCopies(t *testing.T) {
	second := ip4(6, with(tcp(timestamps, "hello"), 7, 9))
	const us, ms = int64(time.Microsecond), int64(time.Millisecond)
	type seen struct {
		kind   string
		packet []byte
		after  int64 // since the one before, ns
		iface  int
	}
	for _, c := range []struct {
		name   string
		list   []seen
		judged []uint64
	}{
		{"out, then in", []seen{{"", hello, us, 0}, {"gre", hello, us, 0}, {"", second, us, 0}, {"gre", second, us, 0}}, []uint64{1, 3}},
		{"in, then out", []seen{{"gre", hello, us, 0}, {"", hello, us, 0}, {"gre", second, us, 0}, {"", second, us, 0}}, []uint64{1, 3}},
		{"interleaved", []seen{{"ipip", hello, us, 0}, {"ipip", second, us, 0}, {"", hello, us, 0}, {"", second, us, 0}}, []uint64{1, 2}},
		{"three depths", []seen{{"", hello, us, 0}, {"ipip", hello, us, 0}, {"vxlan in gre", hello, us, 0}, {"", second, us, 0}, {"vxlan in gre", second, us, 0}}, []uint64{1, 4}},
		{"routed on the way in", []seen{{"", hello, us, 0}, {"gre", with(hello, 8, 63), us, 0}}, []uint64{1}},
		{"repeated to the bit, one after the other", []seen{{"", hello, us, 0}, {"gre", hello, us, 0}, {"", hello, us, 0}, {"gre", hello, us, 0}}, []uint64{1, 3}},
		{"repeated to the bit, both first", []seen{{"gre", second, us, 0}, {"", hello, us, 0}, {"", hello, us, 0}, {"gre", hello, us, 0}, {"gre", hello, us, 0}}, []uint64{1, 2, 3}},
		{"the same depth is not ours to judge", []seen{{"gre", hello, us, 0}, {"gre", hello, us, 0}}, []uint64{1, 2}},
		{"a millisecond later", []seen{{"", hello, us, 0}, {"gre", hello, ms, 0}}, []uint64{1}},
		{"later than that", []seen{{"", hello, us, 0}, {"gre", hello, ms + 1, 0}}, []uint64{1, 2}},
		{"the clock steps back", []seen{{"", hello, us, 0}, {"gre", hello, -1, 0}}, []uint64{1, 2}},
		{"another interface is another place", []seen{{"", hello, us, 0}, {"gre", hello, us, 1}}, []uint64{1, 2}},
		{"another id", []seen{{"", hello, us, 0}, {"gre", with(hello, 5, 9), us, 0}}, []uint64{1, 2}},
		{"another number", []seen{{"", hello, us, 0}, {"gre", second, us, 0}}, []uint64{1, 2}},
		{"another timestamp", []seen{{"", hello, us, 0}, {"gre", with(hello, 47, 9), us, 0}}, []uint64{1, 2}},
		{"another host", []seen{{"", hello, us, 0}, {"gre", with(hello, 19, 9), us, 0}}, []uint64{1, 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var list []listPacket
			now := int64(time.Second)
			for _, s := range c.list {
				now += s.after
				b := wrap(s.kind, s.packet)
				list = append(list, listPacket{b, len(b), now, LinkEthernet, s.iface})
			}
			judged, stats := sightings(t, list)
			if len(judged) != len(c.judged) {
				t.Fatalf("judged %v, want %v", judged, c.judged)
			}
			for i := range judged {
				if judged[i] != c.judged[i] {
					t.Fatalf("judged %v, want %v", judged, c.judged)
				}
			}
			if stats.Segments != uint64(len(judged)) || stats.Segments+stats.TunnelCopies != uint64(len(list)) {
				t.Errorf("%+v", stats)
			}
		})
	}
}

// A packet repeated without end is not counted past what a counter holds.
func TestTunnelCopiesFlood(t *testing.T) {
	var list []listPacket
	for i := range 1000 {
		b := wrap("", hello)
		list = append(list, listPacket{b, len(b), int64(i), LinkEthernet, 0})
	}
	first := wrap("gre", ip4(6, tcp(nil, "")))
	list = append([]listPacket{{first, len(first), 0, LinkEthernet, 0}}, list...)
	if judged, _ := sightings(t, list); len(judged) != len(list) {
		t.Errorf("%d of %d judged", len(judged), len(list))
	}
}

// Captures of the lab in which each packet is seen again in a tunnel, 30 µs
// later and so behind others, yield the packets that they yield without.
func TestTunnelCopiesLab(t *testing.T) {
	dir := folder(t, "CONNLINT_LAB")
	for _, name := range []string{"01-keepalive-clean-lan", "01-keepalive-clean-wan", "03-nagle-two-writes"} {
		paths, err := filepath.Glob(filepath.Join(dir, name+"*", "client.pcap*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			plain := raws(t, path)
			want, stats := sightings(t, plain)
			if stats.Segments < 20 {
				t.Errorf("%s: %d segments", path, stats.Segments)
			}
			for _, kind := range []string{"ipip", "gre", "vxlan in gre"} {
				var both []listPacket
				numbers := map[uint64]uint64{} // of the doubled capture, to the plain one's
				waiting := plain
				emit := func(before int64) {
					for len(waiting) > 0 && waiting[0].ns+30000 <= before {
						b := wrap(kind, waiting[0].data[14:])
						both = append(both, listPacket{b, len(b), waiting[0].ns + 30000, LinkEthernet, 0})
						waiting = waiting[1:]
					}
				}
				for i, p := range plain {
					emit(p.ns)
					both = append(both, p)
					numbers[uint64(len(both))] = uint64(i + 1)
				}
				emit(1<<63 - 1)
				got, doubled := sightings(t, both)
				if doubled.TunnelCopies != stats.Segments || len(got) != len(want) {
					t.Errorf("%s in %s: %d judged of %d, %d copies", path, kind, len(got), len(want), doubled.TunnelCopies)
					continue
				}
				for i := range got {
					if numbers[got[i]] != want[i] {
						t.Fatalf("%s in %s: packet %d is judged, not %d", path, kind, got[i], want[i])
					}
				}
			}
		}
	}
}

// raws are the IPv4 packets of a capture of Ethernet.
func raws(t *testing.T, path string) (list []listPacket) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		data, ci, err := r.ZeroCopyReadPacketData()
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		if r.LinkType(ci.InterfaceIndex) == LinkEthernet && len(data) > 14 && data[12] == 8 && data[13] == 0 {
			list = append(list, listPacket{append([]byte(nil), data...), ci.Length, ci.Timestamp.UnixNano(), LinkEthernet, 0})
		}
	}
}
