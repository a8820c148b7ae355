package capture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// pcapVariants are all forms of the file header that are read.
func pcapVariants() map[string]*pcapFile {
	files := map[string]*pcapFile{}
	for name, magic := range map[string]uint32{"µs": 0xa1b2c3d4, "ns": 0xa1b23c4d, "modified": 0xa1b2cd34} {
		files[name+" little"] = &pcapFile{order: binary.LittleEndian, magic: magic, snap: 262144, network: 1}
		files[name+" big"] = &pcapFile{order: binary.BigEndian, magic: magic, snap: 262144, network: 1}
	}
	return files
}

func TestPcapVariantsReadEqual(t *testing.T) {
	want := sampleRaws(40)
	for name, f := range pcapVariants() {
		t.Run(name, func(t *testing.T) {
			got, err := readFile(t, f.encode(want))
			if err != io.EOF {
				t.Fatal(err)
			}
			wantRaws(t, got, want)
		})
	}
}

func TestPcapCutEverywhere(t *testing.T) {
	want := sampleRaws(5)
	for name, f := range pcapVariants() {
		t.Run(name, func(t *testing.T) { cutEverywhere(t, f.encode(want), f.ends, want) })
	}
}

func TestPcapReadsWhatPcapgoWrites(t *testing.T) {
	want := sampleRaws(30)
	for i := range want {
		want[i].time = want[i].time.Add(time.Duration(i)) // nanoseconds count
	}
	var b bytes.Buffer
	w := pcapgo.NewWriterNanos(&b)
	if err := w.WriteFileHeader(65535, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	for _, p := range want {
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: p.time, CaptureLength: len(p.data), Length: p.wire}, p.data); err != nil {
			t.Fatal(err)
		}
	}
	got, err := readFile(t, b.Bytes())
	if err != io.EOF {
		t.Fatal(err)
	}
	wantRaws(t, got, want)
}

// However the bytes come, and whatever the boundaries of the blocks cut
// through, the packets are the same.
func TestPcapOverBlockBoundaries(t *testing.T) {
	want := sampleRaws(9)
	for i := range want {
		want[i].data = bytes.Repeat([]byte{byte(i)}, 300_001+i)
		want[i].wire = len(want[i].data)
	}
	f := &pcapFile{order: binary.LittleEndian, magic: 0xa1b2c3d4, snap: 1 << 19, network: 1}
	file := f.encode(want)
	for name, r := range map[string]io.Reader{
		"whole": bytes.NewReader(file), "halves": iotest.HalfReader(bytes.NewReader(file)),
		"with the end": iotest.DataErrReader(bytes.NewReader(file)), "drops": &drips{file, 4099},
	} {
		t.Run(name, func(t *testing.T) {
			reader, err := NewReader(r, "test")
			if err != nil {
				t.Fatal(err)
			}
			got, err := readRaws(t, reader)
			if err != io.EOF {
				t.Fatal(err)
			}
			wantRaws(t, got, want)
		})
	}
}

// drips hands out size bytes at a time, and nothing every other time.
type drips struct {
	rest []byte
	size int
}

func (d *drips) Read(p []byte) (int, error) {
	if d.size = -d.size; d.size < 0 {
		return 0, nil
	}
	if len(d.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(d.size, len(p))], d.rest)
	d.rest = d.rest[n:]
	return n, nil
}

func TestPcapOddFieldsAreTolerated(t *testing.T) {
	p := raw{time: time.Unix(100, 0), wire: 3, data: []byte{1, 2, 3, 4, 5}}
	long := raw{time: time.Unix(101, 0), wire: 700_000, data: make([]byte, 700_000)}
	for _, c := range []struct {
		name          string
		snap, network uint32
		link          LinkType
	}{
		{"no snap length", 0, 1, LinkEthernet},
		{"packets above the snap length", 4, 1, LinkEthernet},
		{"snap length of all ones", 1<<32 - 1, 1, LinkEthernet},
		{"cooked, 16 bits", 262144, 276, LinkSLL2},
		{"check sequence length", 262144, 0xf4000000 | 276, LinkSLL2},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &pcapFile{order: binary.BigEndian, magic: 0xa1b2c3d4, snap: c.snap, network: c.network}
			got, err := readFile(t, f.encode([]raw{p, long}))
			if err != io.EOF {
				t.Fatal(err)
			}
			first, second := p, long
			first.link, second.link = c.link, c.link
			first.wire = 5 // never less than is there
			wantRaws(t, got, []raw{first, second})
		})
	}
}

func TestPcapFractionAboveASecond(t *testing.T) {
	f := &pcapFile{order: binary.LittleEndian, magic: 0xa1b23c4d, network: 1}
	file := f.encode([]raw{{time: time.Unix(7, 0)}})
	binary.LittleEndian.PutUint32(file[28:], 2_500_000_001)
	got, err := readFile(t, file)
	if err != io.EOF || !got[0].time.Equal(time.Unix(9, 500_000_001)) {
		t.Fatalf("%v, %v", got, err)
	}
}

func TestPcapImpossibleLength(t *testing.T) {
	for _, c := range []struct{ snap, length, limit uint32 }{
		{65535, 1<<20 + 1, 1 << 20}, {0, 1<<32 - 1, 1 << 20}, {4 << 20, 4<<20 + 1, 4 << 20}, {1 << 31, 1 << 30, 16<<20 - 24},
	} {
		good := sampleRaws(3)
		f := &pcapFile{order: binary.LittleEndian, magic: 0xa1b2c3d4, snap: c.snap, network: 1}
		file := append(f.encode(good), make([]byte, 16)...)
		at := f.ends[3]
		binary.LittleEndian.PutUint32(file[at+8:], c.length)
		got, err := readFile(t, file)
		wantRaws(t, got, good)
		want := fmt.Sprintf("test: packet 4: byte %d: a packet of %d bytes is impossible; %s", at, c.length, hintDamaged)
		if err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
		binary.LittleEndian.PutUint32(file[at+8:], c.limit) // possible, but not there
		if _, err = readFile(t, file); err == io.EOF || err.Error() == want {
			t.Errorf("length %d: %v", c.limit, err)
		}
	}
}

// A length alone must not cost memory: the block grows with what arrives.
func TestPcapLengthAllocatesNothing(t *testing.T) {
	f := &pcapFile{order: binary.LittleEndian, magic: 0xa1b2c3d4, snap: 16 << 20, network: 1}
	file := f.encode([]raw{{time: time.Unix(1, 0), data: make([]byte, 100)}})
	binary.LittleEndian.PutUint32(file[32:], 15<<20)
	r, err := NewReader(bytes.NewReader(file), "test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err = readRaws(t, r); err == io.EOF {
		t.Fatal("the cut was not seen")
	}
	if held := len(r.(*pcapReader).buf); held != blockSize {
		t.Errorf("the block has grown to %d bytes", held)
	}
}

func TestPcapLongestRecord(t *testing.T) {
	f := &pcapFile{order: binary.LittleEndian, magic: 0xa1b2cd34, snap: 1 << 30, network: 1}
	want := []raw{{time: time.Unix(1, 0).UTC(), wire: maxPacketLimit, link: LinkEthernet, data: bytes.Repeat([]byte{7}, maxPacketLimit)}}
	want = append(want, sampleRaws(3)...)
	got, err := readFile(t, f.encode(want))
	if err != io.EOF {
		t.Fatal(err)
	}
	wantRaws(t, got, want)
}

func TestPcapUnknownVersion(t *testing.T) {
	f := &pcapFile{order: binary.LittleEndian, magic: 0xa1b2c3d4, network: 1}
	file := f.encode(nil)
	file[4] = 3
	if _, err := readFile(t, file); err == io.EOF || err == nil {
		t.Fatal("version 3.4 was read")
	}
}
