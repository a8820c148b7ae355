package capture

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/gopacket"
)

func FuzzPcap(f *testing.F) {
	for _, variant := range pcapVariants() {
		file := variant.encode(sampleRaws(3))
		f.Add(file)
		f.Add(file[:len(file)-1])
		huge := slices.Clone(file)
		huge[24+11], huge[24+8] = 0xff, 0xff
		f.Add(huge)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		in := &input{block: newBlock(bytes.NewReader(file)), name: "fuzz"}
		magic, err := in.peek(4)
		if err != nil {
			return
		}
		variant, ok := pcapVariantOf(magic)
		if !ok {
			return
		}
		r, err := newPcap(in, variant)
		if err != nil {
			return
		}
		readBounded(t, r, r.block, file)
	})
}

func FuzzPcapng(f *testing.F) {
	for _, o := range ngOrders() {
		ng := &ngFile{order: o}
		ng.section(1)
		ng.describe(LinkEthernet, 96, ng.resolution(0x8a), ng.offset(-1))
		ng.describe(LinkSLL2, 0, ng.resolution(127))
		for i, p := range sampleRaws(4) {
			ng.enhanced(uint32(i%2), 1<<50, p, ng.count(4, 3))
			p.wire = len(p.data)
			ng.simple(p)
			ng.obsolete(1, 2, 1<<60, p)
		}
		ng.statistics(0, ng.count(5, 7), ng.count(7, 8))
		ng.secrets(0x544c534b, "CLIENT_RANDOM")
		f.Add(ng.bytes)
		f.Add(ng.bytes[:len(ng.bytes)-2])
	}
	sections, _ := simpleAndSections()
	f.Add(sections.bytes)
	f.Fuzz(func(t *testing.T, file []byte) {
		in := &input{block: newBlock(bytes.NewReader(file)), name: "fuzz"}
		r, err := newPcapng(in)
		if err != nil {
			return
		}
		readBounded(t, r, r.block, file)
		if kept := r.secrets.size; kept > maxSecrets {
			t.Fatalf("%d bytes of secrets", kept)
		}
	})
}

func FuzzOpen(f *testing.F) {
	sections, _ := simpleAndSections()
	for _, plain := range [][]byte{plainPcap(sampleRaws(3)).bytes, sections.bytes, []byte("text")} {
		for _, file := range [][]byte{plain, gzipped(plain), zstded(plain), gzipped(zstded(plain))} {
			f.Add(file)
			f.Add(file[:len(file)-1])
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) { readAnything(t, file) })
}

// readBounded reads to the end: no packet without bytes of the file for it,
// and no memory beyond twice the file.
func readBounded(t *testing.T, r Reader, b *block, file []byte) {
	packets, total := uint64(0), 0
	for {
		data, ci, err := r.ZeroCopyReadPacketData()
		if err != nil {
			checkEnd(t, r, err, packets)
			break
		}
		checkInfo(t, data, ci)
		packets++
		total += len(data) + 16
	}
	if total > len(file) {
		t.Fatalf("%d bytes of packets in a file of %d", total, len(file))
	}
	if len(b.buf) > max(blockSize, 2*len(file)) || len(b.buf) > maxRecord {
		t.Fatalf("%d bytes of memory for a file of %d", len(b.buf), len(file))
	}
}

// readAnything reads a file that may be anything and holds the reader to its bounds.
func readAnything(t testing.TB, file []byte) {
	r, err := NewReader(bytes.NewReader(file), "fuzz")
	if err != nil {
		if _, ok := errors.AsType[*Error](err); !ok {
			t.Fatalf("not an *Error: %v", err)
		}
		return
	}
	defer r.Close()
	var read uint64
	for total := 0; total < 64<<20; read++ {
		data, ci, err := r.ZeroCopyReadPacketData()
		if err != nil {
			checkEnd(t, r, err, read)
			break
		}
		checkInfo(t, data, ci)
		r.LinkType(ci.InterfaceIndex)
		total += len(data) + 1024
	}
}

func checkInfo(t testing.TB, data []byte, ci gopacket.CaptureInfo) {
	if len(data) != ci.CaptureLength || ci.Length < len(data) || ci.InterfaceIndex < 0 {
		t.Fatalf("%d bytes, %+v", len(data), ci)
	}
	if !time.Unix(0, ci.Timestamp.UnixNano()).Equal(ci.Timestamp) {
		t.Fatalf("%v does not fit into nanoseconds", ci.Timestamp)
	}
}
