package capture

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"testing"
)

// ngPart is a pcapng file of one section. Packets come from the interfaces
// that of names, one each.
func ngPart(first raw, describe func(f *ngFile), of ...uint32) []byte {
	f := &ngFile{order: binary.LittleEndian}
	f.section(1)
	describe(f)
	for i, id := range of {
		f.enhanced(id, microseconds(first.time)+uint64(i), first)
	}
	return f.bytes
}

func named(name string) ngOption { return ngOption{2, []byte(name)} }

// An interface is the same in every part, whatever its number there.
func TestRotationKnowsInterfaces(t *testing.T) {
	samples := sampleRaws(8)
	describe := func(names ...string) func(f *ngFile) {
		return func(f *ngFile) {
			for _, name := range names {
				link := LinkEthernet
				if name == "tun" {
					link = LinkRaw
				}
				f.describe(link, 0, named(name))
			}
		}
	}
	paths := inFiles(t,
		ngPart(samples[0], describe("eth0", "tun"), 0, 1),
		ngPart(samples[1], describe("tun", "eth0"), 0, 1),                       // the other way round
		ngPart(samples[2], describe("eth1", "tun"), 0, 1),                       // one more, where eth0 was
		ngPart(samples[3], describe("eth0", "eth0", "eth1"), 0, 1, 2),           // two of one name: merged
		ngPart(samples[4], describe("eth0", "eth0"), 1),                         // and again
		plainPcap(samples[5:6]).bytes,                                           // without a name
		ngPart(samples[6], func(f *ngFile) { f.describe(LinkEthernet, 64) }, 0), // the same
		ngPart(samples[7], func(f *ngFile) { f.describe(LinkRaw, 64) }, 0))
	reader := NewRotation(paths).Open()
	got, err := readRaws(t, reader)
	if err != io.EOF {
		t.Fatal(err)
	}
	var ifaces []int
	for _, p := range got {
		ifaces = append(ifaces, p.iface)
		want := LinkEthernet
		if p.iface == 1 || p.iface == 5 {
			want = LinkRaw
		}
		if p.link != want {
			t.Errorf("interface %d has link type %d", p.iface, p.link)
		}
	}
	if want := []int{0, 1, 1, 0, 2, 1, 0, 3, 2, 3, 4, 4, 5}; !slices.Equal(ifaces, want) {
		t.Errorf("%v, want %v", ifaces, want)
	}
}

// The interfaces of all parts are bounded: a file of nothing else would
// otherwise fill the memory, and many small ones too.
func TestRotationInterfacesAreBounded(t *testing.T) {
	samples := sampleRaws(2)
	many := func(name string) func(f *ngFile) {
		return func(f *ngFile) {
			for i := range maxInterfaces/2 + 1 {
				f.describe(LinkEthernet, 0, named(fmt.Sprint(name, i)))
			}
		}
	}
	r := NewRotation(inFiles(t, ngPart(samples[0], many("a"), maxInterfaces/2), ngPart(samples[1], many("b"), 5, maxInterfaces/2)))
	got, _ := readRotation(t, r)
	if p := r.Parts(); len(got) != 2 || p[0].Err != nil || p[1].Err == nil ||
		p[1].Err.Error() != p[1].Path+": packet 2: more than 65536 interfaces in all parts" {
		t.Errorf("%d packets, %v, %v", len(got), p[0].Err, p[1].Err)
	}
}

// Losses are counted since the start that a part names, for the part alone if
// it names none, and one by one.
func TestRotationDropped(t *testing.T) {
	samples := sampleRaws(6)
	since := func(start, lost uint64) func(f *ngFile) {
		return func(f *ngFile) {
			f.describe(LinkEthernet, 0, named("eth0"))
			f.describe(LinkEthernet, 0, named("eth1"))
			f.statistics(0, ngOption{2, f.words(uint32(start>>32), uint32(start))}, f.count(5, lost))
		}
	}
	alone := func(lost uint64) func(f *ngFile) {
		return func(f *ngFile) {
			f.describe(LinkEthernet, 0, named("eth1"))
			f.describe(LinkEthernet, 0, named("eth0"))
			f.statistics(0, f.count(5, lost))
		}
	}
	for name, x := range map[string]struct {
		files [][]byte
		want  uint64
	}{
		"since one start":  {[][]byte{ngPart(samples[0], since(9, 3), 0), ngPart(samples[1], since(9, 3), 0), ngPart(samples[2], since(9, 5), 0)}, 5},
		"since two":        {[][]byte{ngPart(samples[0], since(9, 3), 0), ngPart(samples[1], since(10, 3), 0), ngPart(samples[2], since(10, 5), 0)}, 8},
		"each for itself":  {[][]byte{ngPart(samples[0], alone(3), 0), ngPart(samples[1], alone(1), 0), ngPart(samples[2], alone(5), 0)}, 9},
		"of two":           {[][]byte{ngPart(samples[0], since(9, 3), 0), ngPart(samples[1], alone(4), 0), ngPart(samples[2], since(9, 5), 0)}, 9},
		"none of a pcap":   {[][]byte{plainPcap(samples[:1]).bytes, ngPart(samples[1], alone(1), 0), plainPcap(samples[2:3]).bytes}, 1},
		"no packets there": {[][]byte{ngPart(samples[0], since(9, 3))}, 3},
	} {
		reader := NewRotation(inFiles(t, x.files...)).Open()
		for {
			_, _, err := reader.ZeroCopyReadPacketData()
			if err != nil {
				break
			}
			reader.Dropped() // asking changes nothing
		}
		if got := reader.Dropped(); got != x.want {
			t.Errorf("%s: %d dropped, want %d", name, got, x.want)
		}
	}
}
