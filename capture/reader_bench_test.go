package capture

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"
	"time"
)

// manyPackets are a million packets of 66 bytes, as of a capture of bare ACKs.
func manyPackets() []raw {
	list := make([]raw, 1_000_000)
	data := make([]byte, 66)
	for i := range list {
		list[i] = raw{time: time.Unix(1_700_000_000, int64(i)*1000), wire: 66, data: data}
	}
	return list
}

func BenchmarkPcap(b *testing.B) {
	f := &pcapFile{order: binary.LittleEndian, magic: 0xa1b2c3d4, snap: 262144, network: 1}
	benchmarkReader(b, f.encode(manyPackets()))
}

func BenchmarkPcapng(b *testing.B) {
	f := &ngFile{order: binary.LittleEndian}
	f.section(1)
	f.describe(LinkEthernet, 262144)
	for _, p := range manyPackets() {
		f.enhanced(0, microseconds(p.time), p)
	}
	benchmarkReader(b, f.bytes)
}

func benchmarkReader(b *testing.B, file []byte) {
	var r ReadCloser
	reopen := func() {
		var err error
		if r, err = NewReader(bytes.NewReader(file), "bench"); err != nil {
			b.Fatal(err)
		}
	}
	reopen()
	b.ReportAllocs()
	b.SetBytes(int64(len(file) / 1_000_000))
	for b.Loop() {
		if _, _, err := r.ZeroCopyReadPacketData(); err == io.EOF {
			reopen()
		} else if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkClock(b *testing.B) {
	for name, resolution := range map[string]uint8{"micro": 6, "nano": 9, "binary": 0x80 | 20} {
		b.Run(name, func(b *testing.B) {
			c, n := newClock(resolution, 0), uint64(0)
			for b.Loop() {
				n += uint64(c.time(1_700_000_000_123_456 + n).Nanosecond())
			}
		})
	}
}

// Reading a packet allocates nothing, whatever the format.
func TestReadingAllocatesNothing(t *testing.T) {
	ng := &ngFile{order: binary.LittleEndian}
	ng.section(1)
	ng.describe(LinkEthernet, 0)
	for i, p := range sampleRaws(5000) {
		ng.enhanced(0, microseconds(p.time), p, ng.count(4, uint64(i%2)))
	}
	pcap := &pcapFile{order: binary.LittleEndian, magic: 0xa1b2c3d4, network: 1}
	for name, file := range map[string][]byte{"pcapng": ng.bytes, "pcap": pcap.encode(sampleRaws(5000))} {
		r, err := NewReader(bytes.NewReader(file), name)
		if err != nil {
			t.Fatal(err)
		}
		r.ZeroCopyReadPacketData() // the interface description
		if n := testing.AllocsPerRun(4000, func() { _, _, err = r.ZeroCopyReadPacketData() }); n != 0 || err != nil {
			t.Errorf("%s: %v allocations a packet (%v)", name, n, err)
		}
	}
}
