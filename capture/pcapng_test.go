package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

func ngOrders() map[string]byteOrder {
	return map[string]byteOrder{"little": binary.LittleEndian, "big": binary.BigEndian}
}

// The same packets in every kind of block and clock read equal.
func TestPcapngVariantsReadEqual(t *testing.T) {
	want := sampleRaws(12)
	base := want[0].time.Unix()
	variants := map[string]func(f *ngFile){
		"enhanced": func(f *ngFile) {
			f.describe(LinkEthernet, 0)
			for _, p := range want {
				f.enhanced(0, microseconds(p.time), p)
			}
		},
		"obsolete": func(f *ngFile) {
			f.describe(LinkEthernet, 4)
			for _, p := range want {
				f.obsolete(0, 0xffff, microseconds(p.time), p)
			}
		},
		"offset and nanoseconds": func(f *ngFile) {
			f.describe(LinkEthernet, 0, ngOption{1, []byte("a comment")}, f.resolution(9), f.offset(base-1000))
			for _, p := range want {
				f.enhanced(0, uint64(p.time.UnixNano()-(base-1000)*1e9), p, ngOption{2, []byte{0, 0, 0, 1}})
			}
		},
		"binary": func(f *ngFile) {
			f.describe(LinkEthernet, 0, f.resolution(0x80|33), f.offset(base))
			for _, p := range want {
				ns := uint64(p.time.UnixNano() - base*1e9)
				f.enhanced(0, (ns<<33+1e9-1)/1e9, p) // the tick that begins within the nanosecond
			}
		},
		"among blocks that mean nothing here": func(f *ngFile) {
			f.block(0x00000bad, f.words(32473, 1, 2))
			f.describe(LinkEthernet, 0)
			for _, p := range want {
				f.block(4, f.words(0))
				f.block(0x80000001, nil)
				f.enhanced(0, microseconds(p.time), p)
				f.statistics(7)
			}
		},
	}
	for order, o := range ngOrders() {
		for name, write := range variants {
			t.Run(name+" "+order, func(t *testing.T) {
				f := &ngFile{order: o}
				f.section(1)
				write(f)
				got, err := readFile(t, f.bytes)
				if err != io.EOF {
					t.Fatal(err)
				}
				wantRaws(t, got, want)
			})
		}
	}
}

func TestPcapngReadsWhatPcapgoWrites(t *testing.T) {
	want := sampleRaws(30)
	var b bytes.Buffer
	w, err := pcapgo.NewNgWriter(&b, layers.LinkTypeEthernet)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		want[i].time = want[i].time.Add(time.Duration(i))
		p := want[i]
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: p.time, CaptureLength: len(p.data), Length: p.wire}, p.data); err != nil {
			t.Fatal(err)
		}
	}
	stats := pcapgo.NgInterfaceStatistics{LastUpdate: want[0].time, PacketsReceived: 50, PacketsDropped: 20}
	if err := errors.Join(w.WriteInterfaceStats(0, stats), w.Flush()); err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(&b, "test")
	if err != nil {
		t.Fatal(err)
	}
	got, err := readRaws(t, r)
	if err != io.EOF || r.Dropped() != 20 {
		t.Fatalf("%v, %d dropped", err, r.Dropped())
	}
	wantRaws(t, got, want)
}

// simpleAndSections is two sections of different byte order: interfaces of
// different link types and clocks, simple packets that take the time of the
// packet before and the snap length of their section's first interface.
func simpleAndSections() (*ngFile, []raw) {
	at := time.Unix(1000, 5000).UTC()
	long := bytes.Repeat([]byte{9}, 10)
	f := &ngFile{order: binary.BigEndian}
	f.section(1)
	f.describe(LinkRaw, 6)
	f.describe(LinkSLL2, 0, f.resolution(9))
	f.simple(raw{wire: 10, data: long[:6]})
	f.enhanced(1, uint64(at.UnixNano()), raw{wire: 10, data: long})
	f.simple(raw{wire: 3, data: long[:3]})
	f.order = binary.LittleEndian
	f.section(1)
	f.describe(LinkEthernet, 0)
	f.simple(raw{wire: 10, data: long})
	f.enhanced(0, microseconds(at.Add(time.Second)), raw{wire: 8, data: long})
	return f, []raw{
		{time.Unix(0, 0), 10, 0, LinkRaw, long[:6]},
		{at, 10, 1, LinkSLL2, long},
		{at, 3, 0, LinkRaw, long[:3]},
		{at, 10, 2, LinkEthernet, long},
		{at.Add(time.Second), 10, 2, LinkEthernet, long}, // 8 on the wire cannot be
	}
}

func TestPcapngSections(t *testing.T) {
	f, want := simpleAndSections()
	got, err := readFile(t, f.bytes)
	if err != io.EOF {
		t.Fatal(err)
	}
	wantRaws(t, got, want)
}

// Packets without a time are counted, and through whatever stands before the
// reader; a source that cannot tell has none.
func TestPcapngUntimed(t *testing.T) {
	f, _ := simpleAndSections()
	for n, want := range map[uint64]uint64{1: 1, 2: 1, 4: 3, 9: 3} {
		r, err := NewReader(bytes.NewReader(f.bytes), "test")
		if err != nil {
			t.Fatal(err)
		}
		if s := statsAtEnd(t, NewFile(First(r, n), "test", 0)); s.Untimed != want {
			t.Errorf("of %d packets, %d are without time, want %d", n, s.Untimed, want)
		}
	}
	if n := statsAtEnd(t, NewFile(&listReader{}, "test", 0)).Untimed; n != 0 {
		t.Error(n)
	}
}

func TestPcapngCutEverywhere(t *testing.T) {
	f, want := simpleAndSections()
	cutEverywhere(t, f.bytes, f.ends, want)
}

func TestPcapngDropped(t *testing.T) {
	p := sampleRaws(1)[0]
	f := &ngFile{order: binary.BigEndian}
	f.section(1)
	f.describe(LinkEthernet, 0)
	f.describe(LinkEthernet, 0)
	var want []uint64
	step := func(total uint64) {
		f.simple(p)
		want = append(want, total)
	}
	step(0)
	f.enhanced(0, 0, p, ngOption{2, []byte{0, 0, 0, 0}}, f.count(4, 5))
	want = append(want, 5)
	f.obsolete(1, 3, 0, p)
	want = append(want, 8)
	f.obsolete(1, 0xffff, 0, p) // not known
	want = append(want, 8)
	f.statistics(0, f.count(4, 900), f.count(5, 4), f.count(7, 3)) // received, dropped by the interface, by the system
	step(10)
	f.statistics(0, f.count(5, 9), f.count(7, 3)) // replaces
	step(15)
	f.statistics(0, f.count(5, 9)) // the system's not told this time
	step(12)
	f.statistics(0) // nothing told: nothing changes
	step(12)
	f.statistics(9, f.count(5, 1)) // an interface nobody described
	step(12)
	f.section(1)
	f.describe(LinkEthernet, 0)
	f.statistics(0, f.count(7, 100)) // another interface 0
	step(112)
	r, err := NewReader(bytes.NewReader(f.bytes), "test")
	if err != nil {
		t.Fatal(err)
	}
	for i, dropped := range want {
		if _, _, err := r.ZeroCopyReadPacketData(); err != nil || r.Dropped() != dropped {
			t.Fatalf("after packet %d: %d dropped (%v), want %d", i+1, r.Dropped(), err, dropped)
		}
	}
}

func TestPcapngSecrets(t *testing.T) {
	f := &ngFile{order: binary.LittleEndian}
	f.section(1)
	f.describe(LinkEthernet, 0)
	f.secrets(0x544c534b, "CLIENT_RANDOM 1 2\n")
	f.secrets(0x57474b4c, "WireGuard's")
	big := strings.Repeat("x", 900<<10)
	f.secrets(0x544c534b, big)
	f.secrets(0x544c534b, big) // too much
	f.secrets(0x544c534b, "CLIENT_RANDOM 3 4\n")
	f.simple(sampleRaws(3)[2])
	r, err := NewReader(bytes.NewReader(f.bytes), "test")
	if err != nil {
		t.Fatal(err)
	}
	got, err := readRaws(t, r)
	if err != io.EOF || len(got) != 1 {
		t.Fatal(got, err)
	}
	logs := r.(interface{ Secrets() [][]byte }).Secrets()
	want := []string{"CLIENT_RANDOM 1 2\n", big, "CLIENT_RANDOM 3 4\n"}
	if !slices.EqualFunc(logs, want, func(a []byte, b string) bool { return string(a) == b }) {
		t.Fatalf("%d logs kept", len(logs))
	}
}

// Each kind of damage behind one good packet: the packet is read, then one
// error of packet 2 at the place of the bad block.
func TestPcapngDamage(t *testing.T) {
	p := sampleRaws(3)[2]
	for name, c := range map[string]struct {
		damage func(f *ngFile)
		says   string
	}{
		"unknown interface":            {func(f *ngFile) { f.enhanced(1, 0, p) }, "interface 1 is not described, of 1 in its section"},
		"interface of another section": {func(f *ngFile) { f.section(1); f.enhanced(0, 0, p) }, "interface 0 is not described, of 0"},
		"simple without interface":     {func(f *ngFile) { f.section(1); f.simple(p) }, "interface 0 is not described"},
		"major version":                {func(f *ngFile) { f.section(2) }, "pcapng version 2.0 is not known"},
		"byte-order mark":              {func(f *ngFile) { f.block(0x0a0d0d0a, make([]byte, 16)) }, "byte-order mark is 00 00 00 00"},
		"short section":                {func(f *ngFile) { f.block(0x0a0d0d0a, f.words(0x1a2b3c4d)) }, "section header is too short"},
		"short interface":              {func(f *ngFile) { f.block(1, f.words(1)) }, "too short for its type"},
		"short packet":                 {func(f *ngFile) { f.block(6, f.words(0, 0, 0, 0)) }, "too short for its type"},
		"short obsolete packet":        {func(f *ngFile) { f.block(2, f.words(0, 0, 0, 0)) }, "too short for its type"},
		"short simple packet":          {func(f *ngFile) { f.block(3, nil) }, "too short for its type"},
		"short statistics":             {func(f *ngFile) { f.block(5, f.words(0)) }, "too short for its type"},
		"short secrets":                {func(f *ngFile) { f.block(10, f.words(0x544c534b)) }, "too short for its type"},
		"packet beyond its block":      {func(f *ngFile) { f.block(6, f.words(0, 0, 0, 5, 5, 0)) }, "a packet of 5 bytes in a block of 36"},
		"simple packet beyond":         {func(f *ngFile) { f.block(3, f.words(5, 0)) }, "a packet of 5 bytes in a block of 20"},
		"packet of all ones":           {func(f *ngFile) { f.block(6, f.words(0, 0, 0, math.MaxUint32, 5, 0)) }, "a packet of 4294967295 bytes"},
		"secrets beyond their block":   {func(f *ngFile) { f.block(10, f.words(0x544c534b, 9, 0, 0)) }, "secrets run past their block"},
		"options beyond their block":   {func(f *ngFile) { f.block(1, f.words(1, 0, 9|5<<16, 0)) }, "options run past their block"},
		"two lengths":                  {func(f *ngFile) { f.block(9, nil); f.bytes[len(f.bytes)-4]++ }, "two lengths differ, 12 and 13"},
		"length not a multiple of 4":   {func(f *ngFile) { f.bytes = append(f.bytes, f.words(9, 13, 0, 0, 13)...) }, "a block of 13 bytes is impossible"},
		"length too small":             {func(f *ngFile) { f.bytes = append(f.bytes, f.words(9, 8, 8)...) }, "a block of 8 bytes is impossible"},
		"length too large":             {func(f *ngFile) { f.bytes = append(f.bytes, f.words(9, 16<<20+4, 0)...) }, "a block of 16777220 bytes is impossible"},
		"zeros":                        {func(f *ngFile) { f.bytes = append(f.bytes, make([]byte, 64)...) }, "a block of 0 bytes is impossible"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &ngFile{order: binary.LittleEndian}
			f.section(1)
			f.describe(LinkEthernet, 0)
			f.enhanced(0, 1, p)
			at := len(f.bytes)
			c.damage(f)
			if name == "interface of another section" || name == "simple without interface" {
				at += 28
			}
			got, err := readFile(t, f.bytes)
			e, ok := errors.AsType[*Error](err)
			if len(got) != 1 || !ok || !strings.Contains(err.Error(), c.says) || e.Offset != int64(at) {
				t.Fatalf("%d packets, then %v; want %q at byte %d", len(got), err, c.says, at)
			}
		})
	}
}

func TestPcapngFirstSectionRefused(t *testing.T) {
	f := &ngFile{order: binary.LittleEndian}
	f.section(3)
	_, err := NewReader(bytes.NewReader(f.bytes), "test")
	if e, ok := errors.AsType[*Error](err); !ok || e.Packet != 0 || e.Hint == "" {
		t.Fatalf("%v, want an error of the file, not of a packet", err)
	}
}

func TestPcapngInterfacesAreBounded(t *testing.T) {
	f := &ngFile{order: binary.LittleEndian}
	f.section(1)
	for range maxInterfaces + 1 {
		f.describe(LinkEthernet, 0)
	}
	if _, err := readFile(t, f.bytes); err == io.EOF {
		t.Fatal("more interfaces than a Segment can name")
	}
}

func TestPcapngOptionsEndWhereMalformed(t *testing.T) {
	p := sampleRaws(3)[2]
	f := &ngFile{order: binary.LittleEndian}
	f.section(1)
	f.describe(LinkEthernet, 0)
	body := append(f.words(0, 0, 0, 4, 4), 1, 2, 3, 4)
	f.block(6, append(body, f.words(4|8<<16, 6, 0, 4|200<<16, 7)...)) // 6 lost, then an option of 200 bytes
	f.enhanced(0, 0, p)
	r, err := NewReader(bytes.NewReader(f.bytes), "test")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := readRaws(t, r); err != io.EOF || len(got) != 2 || r.Dropped() != 6 {
		t.Fatalf("%d packets, %d dropped, %v", len(got), r.Dropped(), err)
	}
}
