package capture

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

func BenchmarkDecode(b *testing.B) {
	full := tcp(timestamps, string(make([]byte, 1448)))
	sacks := tcp(join(timestamps, []byte{1, 1, 5, 18}, make([]byte, 16)), "")
	for _, c := range []struct {
		name string
		link LinkType
		data []byte
	}{
		{"ethernet", LinkEthernet, eth(0x0800, ip4(6, full))},
		{"ethernet, no options", LinkEthernet, eth(0x0800, ip4(6, tcp(nil, "")))},
		{"ethernet, SACK", LinkEthernet, eth(0x0800, ip4(6, sacks))},
		{"vlan", LinkEthernet, eth(0x8100, tag(0x0800, ip4(6, full)))},
		{"qinq", LinkEthernet, eth(0x88a8, tag(0x8100, tag(0x0800, ip4(6, full))))},
		{"sll2", LinkSLL2, sll2Header(0x0800, ip4(6, full))},
		{"ipv6", LinkEthernet, eth(0x86dd, ip6(6, full))},
		{"dns", LinkEthernet, eth(0x0800, ip4(17, udp(53, make([]byte, 40))))},
		{"ip in ip", LinkEthernet, eth(0x0800, ip4(4, ip4(6, full)))},
		{"gre through gopacket", LinkEthernet, eth(0x0800, ip4(47, join([]byte{0, 0, 8, 0}, ip4(6, full))))},
		{"vxlan through gopacket", LinkEthernet, eth(0x0800, ip4(17, udp(4789,
			join([]byte{8, 0, 0, 0, 0, 0, 5, 0}, eth(0x0800, ip4(6, full))))))},
	} {
		b.Run(c.name, func(b *testing.B) {
			var d Decoder
			var seg Segment
			b.ReportAllocs()
			for b.Loop() {
				d.Decode(c.link, c.data, len(c.data), &seg)
			}
		})
	}
}

// BenchmarkGopacket is gopacket's own fastest way over the first packet of
// BenchmarkDecode, for comparison.
func BenchmarkGopacket(b *testing.B) {
	data := eth(0x0800, ip4(6, tcp(timestamps, string(make([]byte, 1448)))))
	var e layers.Ethernet
	var ip layers.IPv4
	var segment layers.TCP
	p := gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet, &e, &ip, &segment)
	p.IgnoreUnsupported = true
	decoded := make([]gopacket.LayerType, 0, 4)
	b.ReportAllocs()
	for b.Loop() {
		if err := p.DecodeLayers(data, &decoded); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFile reads a capture in memory: small packets and full ones, from
// the file's bytes to the segment.
func BenchmarkFile(b *testing.B) {
	const count = 100000
	for _, c := range []struct {
		name    string
		payload int
	}{{"small", 0}, {"full", 1448}} {
		b.Run(c.name, func(b *testing.B) {
			data := eth(0x0800, ip4(6, tcp(timestamps, string(make([]byte, c.payload)))))
			file := pcapBytes(data, count)
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				r, err := NewReader(bytes.NewReader(file), "memory")
				if err != nil {
					b.Fatal(err)
				}
				f := NewFile(r, "memory", 0)
				for {
					if _, err := f.Next(); err != nil {
						break
					}
				}
				if f.Stats().Segments != count {
					b.Fatalf("%+v", f.Stats())
				}
				f.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/count, "ns/packet")
		})
	}
}

// pcapBytes is a pcap file (little endian, microseconds, Ethernet) with count
// times the same packet.
func pcapBytes(data []byte, count int) []byte {
	le := binary.LittleEndian
	file := join(le.AppendUint32(nil, 0xa1b2c3d4), []byte{2, 0, 4, 0}, make([]byte, 8),
		le.AppendUint32(nil, 262144), le.AppendUint32(nil, 1))
	for i := range count {
		file = le.AppendUint32(file, uint32(1+i/1000000))
		file = le.AppendUint32(file, uint32(i%1000000))
		file = le.AppendUint32(file, uint32(len(data)))
		file = le.AppendUint32(file, uint32(len(data)))
		file = append(file, data...)
	}
	return file
}
