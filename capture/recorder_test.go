package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
)

// memory is a reader of packets in memory, with the ticks of a live one where
// a packet has no data.
type memory struct {
	packets []raw
	at      int
	links   map[int]LinkType
	lost    uint64
	closed  int
}

func (m *memory) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	if m.at == len(m.packets) {
		return nil, gopacket.CaptureInfo{}, io.EOF
	}
	p := m.packets[m.at]
	m.at++
	if p.data == nil {
		return nil, gopacket.CaptureInfo{}, Idle{Now: p.time.UnixNano()}
	}
	if m.links == nil {
		m.links = map[int]LinkType{}
	}
	m.links[p.iface] = p.link
	return p.data, gopacket.CaptureInfo{Timestamp: p.time, CaptureLength: len(p.data), Length: p.wire, InterfaceIndex: p.iface}, nil
}

func (m *memory) LinkType(index int) LinkType { return m.links[index] }
func (m *memory) Dropped() uint64             { return m.lost }
func (m *memory) Close() error                { m.closed++; return nil }

// recordAll passes packets through a recorder and returns what came out.
func recordAll(t *testing.T, m *memory, cfg RecorderConfig) (*Recorder, []error) {
	t.Helper()
	rec, err := NewRecorder(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r := Record(m, rec)
	var ends []error
	for {
		data, ci, err := r.ZeroCopyReadPacketData()
		if err == io.EOF {
			break
		}
		if err != nil {
			ends = append(ends, err)
		} else if p := m.packets[m.at-1]; &data[:1][0] != &p.data[:1][0] || !ci.Timestamp.Equal(p.time) || r.LinkType(ci.InterfaceIndex) != p.link {
			t.Fatalf("packet %d is another behind the recorder", m.at)
		}
	}
	if err := r.Close(); err != nil || r.Close() != nil || m.closed != 2 {
		t.Fatalf("closed %d times, %v", m.closed, err)
	}
	return rec, ends
}

// liveRaws are packets as a live capture has them: several interfaces and
// link types, one of more than 8 bits, stamps in nanoseconds, odd lengths,
// one cut by a snap length.
func liveRaws(n int) []raw {
	start := time.Unix(1_700_000_000, 999_999_937).UTC()
	links := []LinkType{LinkSLL2, LinkEthernet, LinkRaw}
	list := make([]raw, n)
	for i := range list {
		data := bytes.Repeat([]byte{byte(i)}, 1+i*7%90)
		list[i] = raw{time: start.Add(time.Duration(i) * 1_234_567), wire: len(data) + i%3*100, iface: i % 5 % 3, link: links[i%5%3], data: data}
	}
	return list
}

// inFile is packets with the interfaces numbered as a file does, in the order
// of their first packets.
func inFile(list []raw) []raw {
	var order []int
	out := slices.Clone(list)
	for i := range out {
		at := slices.Index(order, out[i].iface)
		if at < 0 {
			at = len(order)
			order = append(order, out[i].iface)
		}
		out[i].iface = at
	}
	return out
}

// readPath reads a file to its end and returns what it says it lost.
func readPath(t *testing.T, path string) (list []raw, dropped uint64) {
	t.Helper()
	r, err := Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	list, err = readRaws(t, r)
	if err != io.EOF {
		t.Fatal(err)
	}
	return list, r.Dropped()
}

// What was captured is in the file: bytes, lengths, nanoseconds, link types
// and drops, for our reader and for tshark.
func TestRecorder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pcapng")
	m := &memory{packets: liveRaws(200), lost: 17}
	rec, _ := recordAll(t, m, RecorderConfig{Path: path, Filter: "tcp",
		InterfaceName: func(i int) string { return "if" + strconv.Itoa(i) }})
	if rec.Err() != nil || rec.Written() != 200 || rec.Lost() != 0 || rec.Files() != 1 {
		t.Fatalf("%d written, %d lost in %d files, %v", rec.Written(), rec.Lost(), rec.Files(), rec.Err())
	}
	got, dropped := readPath(t, path)
	wantRaws(t, got, inFile(m.packets))
	if dropped != 17 {
		t.Errorf("%d dropped", dropped)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	out, err := exec.Command("tshark", "-r", path, "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len",
		"-e", "frame.interface_name", "-e", "frame.encap_type").Output()
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	encap := map[LinkType]int{LinkSLL2: 210, LinkEthernet: 1, LinkRaw: 7} // WTAP_ENCAP_, wiretap/wtap.h
	for _, p := range m.packets {
		fmt.Fprintf(&want, "%d.%09d\t%d\t%d\tif%d\t%d\n", p.time.Unix(), p.time.Nanosecond(), p.wire, len(p.data), p.iface, encap[p.link])
	}
	if string(out) != want.String() {
		t.Errorf("tshark reads\n%.300s\nwant\n%.300s", out, want.String())
	}
}

// With a limit files are numbered, none is larger, each is whole by itself,
// and the oldest go.
func TestRecorderRotates(t *testing.T) {
	dir := t.TempDir()
	m := &memory{packets: liveRaws(500)}
	rec, _ := recordAll(t, m, RecorderConfig{Path: filepath.Join(dir, "a.b.pcapng"), RotateSize: 4000, RotateCount: 3})
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) != 3 || rec.Files() < 6 || rec.Err() != nil || rec.Written() != 500 {
		t.Fatalf("%v of %d files, %d packets written, %v, %v", names, rec.Files(), rec.Written(), rec.Err(), err)
	}
	if want := fmt.Sprintf("a.b_%05d.pcapng", rec.Files()); filepath.Base(names[2]) != want {
		t.Errorf("the last is %s, want %s", names[2], want)
	}
	var kept []raw
	for _, name := range names {
		got, _ := readPath(t, name)
		info, err := os.Stat(name)
		if err != nil || info.Size() > 4000+300 { // the statistics of three interfaces come behind
			t.Errorf("%s: %d bytes, %v", name, info.Size(), err)
		}
		kept = append(kept, got...)
	}
	want := m.packets[len(m.packets)-len(kept):]
	for i := range kept {
		kept[i].iface = want[i].iface // each file numbers anew
	}
	wantRaws(t, kept, want)
}

// Without a packet the file is still a capture.
func TestRecorderEmpty(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pcapng")
	recordAll(t, &memory{}, RecorderConfig{Path: path})
	if got, _ := readPath(t, path); len(got) != 0 {
		t.Errorf("%d packets", len(got))
	}
}

// A file can be read while it is written: packets are there a second of
// capture time later, also when nothing but a tick comes.
func TestRecorderFlushes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pcapng")
	start := time.Unix(1_700_000_000, 0)
	at := func(ms int, data []byte) raw {
		return raw{time: start.Add(time.Duration(ms) * time.Millisecond), wire: len(data), link: LinkEthernet, data: data}
	}
	m := &memory{packets: []raw{at(0, []byte("a")), at(100, []byte("b")), at(999, []byte("c")), at(1000, []byte("d")), at(1100, []byte("e")), at(2500, nil)}}
	rec, err := NewRecorder(RecorderConfig{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	r := Record(m, rec)
	for i, want := range []int{1, 1, 1, 4, 4, 5} {
		if _, _, err := r.ZeroCopyReadPacketData(); (err == Idle{Now: m.packets[i].time.UnixNano()}) != (m.packets[i].data == nil) {
			t.Errorf("step %d: %v", i, err)
		}
		if got, _ := readPath(t, path); len(got) != want {
			t.Errorf("step %d: %d packets in the file, want %d", i, len(got), want)
		}
	}
}

// fullDisk is a file that has no room behind some bytes.
type fullDisk struct {
	room   int
	closed bool
}

func (d *fullDisk) Write(b []byte) (int, error) {
	if len(b) > d.room {
		n := d.room
		d.room = 0
		return n, errors.New("no space left on device")
	}
	d.room -= len(b)
	return len(b), nil
}

func (d *fullDisk) Close() error { d.closed = true; return nil }

// A full disk ends the writing with one line, and nothing else.
func TestRecorderFullDisk(t *testing.T) {
	for _, room := range []int{0, 100, 5000, 20000} {
		path := filepath.Join(t.TempDir(), "x.pcapng")
		var told []error
		rec, err := NewRecorder(RecorderConfig{Path: path, Failed: func(err error) { told = append(told, err) }})
		if err != nil {
			t.Fatal(err)
		}
		disk := &fullDisk{room: room}
		rec.file = newRecording(disk, "")
		list := liveRaws(2000)
		for i := range list {
			list[i].time = list[0].time.Add(time.Duration(i) * 100 * time.Millisecond)
		}
		r := Record(&memory{packets: list}, rec)
		read := 0
		for ; err == nil; read++ {
			_, _, err = r.ZeroCopyReadPacketData()
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		want := path + ": cannot be written: no space left on device; no more packets are written, the analysis goes on"
		if len(told) != 1 || told[0].Error() != want || rec.Err() == nil || rec.Err().Error() != want {
			t.Errorf("told %v, kept %v", told, rec.Err())
		}
		if err != io.EOF || read != 2001 || rec.Lost() == 0 || rec.Lost()+rec.Written() != 2000 || !disk.closed {
			t.Errorf("room %d: %d read, %d written, %d lost, %v, file closed %v", room, read-1, rec.Written(), rec.Lost(), err, disk.closed)
		}
	}
}

// A real full device, where there is one.
func TestRecorderDevFull(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full")
	}
	rec, _ := recordAll(t, &memory{packets: liveRaws(3)}, RecorderConfig{Path: "/dev/full"})
	if rec.Err() == nil || rec.Err().Error() != "/dev/full: cannot be written: no space left on device; no more packets are written, the analysis goes on" {
		t.Errorf("%v", rec.Err())
	}
}

func TestRecorderRefuses(t *testing.T) {
	dir := t.TempDir()
	for want, cfg := range map[string]RecorderConfig{
		"-: packets are not written to standard output, which has the report; name a file": {Path: "-"},
		"x: a number of files needs a size at which the next is begun":                     {Path: "x", RotateCount: 2},
		"x: cannot keep 0 files of -1 bytes":                                               {Path: "x", RotateSize: -1},
		dir + ": cannot be written: is a directory":                                        {Path: dir},
		dir + "/no/x: cannot be written: no such file or directory":                        {Path: dir + "/no/x"},
	} {
		if rec, err := NewRecorder(cfg); err == nil || err.Error() != want || rec != nil {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestRecorderAllocations(t *testing.T) {
	list := liveRaws(3000)
	rec, err := NewRecorder(RecorderConfig{Path: filepath.Join(t.TempDir(), "x.pcapng")})
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{packets: list}
	r := Record(m, rec)
	defer r.Close()
	for range 10 {
		r.ZeroCopyReadPacketData()
	}
	if n := testing.AllocsPerRun(2000, func() { r.ZeroCopyReadPacketData() }); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}
