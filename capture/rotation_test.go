package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
)

// inFiles writes each of the files and returns their paths.
func inFiles(t *testing.T, files ...[]byte) []string {
	t.Helper()
	dir := t.TempDir()
	var paths []string
	for i, file := range files {
		path := filepath.Join(dir, fmt.Sprintf("part%d", i))
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// readRotation reads all parts; holes are the numbers of packets before each.
func readRotation(t *testing.T, r *Rotation) (all []raw, holes []int) {
	t.Helper()
	reader := behindHoles{r.Open(), &holes, new(int)}
	all, err := readRaws(t, reader)
	if err != io.EOF {
		t.Fatal(err)
	}
	return all, holes
}

// behindHoles notes holes and reads on.
type behindHoles struct {
	ReadCloser
	holes *[]int
	read  *int
}

func (b behindHoles) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	data, ci, err := b.ReadCloser.ZeroCopyReadPacketData()
	if (err == Hole{}) {
		*b.holes = append(*b.holes, *b.read)
		return b.ZeroCopyReadPacketData()
	}
	*b.read++
	return data, ci, err
}

// However packets lie in files, and in whatever order these are named, they
// read as from one file, and each number leads to its file and place.
func TestRotationReadsAsOne(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	all := sampleRaws(200)
	for n := 1; n <= 7; n++ {
		cuts := []int{0, len(all)}
		for len(cuts) <= n {
			if c := 1 + random.IntN(len(all)-1); !slices.Contains(cuts, c) {
				cuts = append(cuts, c)
			}
		}
		slices.Sort(cuts)
		var files [][]byte
		for i := range n {
			file := plainPcap(all[cuts[i]:cuts[i+1]]).bytes
			switch i % 3 {
			case 1:
				file = gzipped(file)
			case 2:
				file = zstded(file)
			}
			files = append(files, file)
		}
		paths := inFiles(t, files...)
		shuffled := slices.Clone(paths)
		random.Shuffle(n, func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		r := NewRotation(shuffled)
		got, holes := readRotation(t, r)
		if wantRaws(t, got, all); len(holes) > 0 {
			t.Errorf("holes behind packets %v", holes)
		}
		if r.Reordered() == slices.Equal(shuffled, paths) {
			t.Errorf("reordered: %v", r.Reordered())
		}
		for i, p := range r.Parts() {
			if p.Path != paths[i] || p.Before != uint64(cuts[i]) || p.Packets != uint64(cuts[i+1]-cuts[i]) || !p.Reached || p.Err != nil ||
				p.First != all[cuts[i]].time.UnixNano() || p.Last != all[cuts[i+1]-1].time.UnixNano() {
				t.Errorf("part %d of %v is %+v", i, cuts, p)
			}
		}
		for number := 1; number <= len(all); number++ {
			part, own := r.Place(uint64(number))
			if own < 1 || own > r.Parts()[part].Packets || cuts[part]+int(own) != number {
				t.Fatalf("%d is packet %d of part %d, cut at %v", number, own, part, cuts)
			}
		}
	}
}

// A file without a packet stays behind the one given before it, and files of
// one time in the order given.
func TestRotationOrder(t *testing.T) {
	at := func(second int64) []byte {
		return plainPcap([]raw{{time: time.Unix(second, 0), wire: 60, data: make([]byte, 60)}}).bytes
	}
	untimed := &ngFile{order: binary.LittleEndian}
	untimed.section(1)
	untimed.describe(LinkEthernet, 0)
	untimed.simple(sampleRaws(1)[0])
	paths := inFiles(t, at(30), nil, at(10), plainPcap(nil).bytes, untimed.bytes, at(20), at(10), []byte("text"))
	r := NewRotation(append(paths, filepath.Join(filepath.Dir(paths[0]), "none")))
	var got []int
	for _, p := range r.Parts() {
		got = append(got, slices.Index(paths, p.Path))
	}
	if want := []int{2, 3, 4, 6, 7, -1, 5, 0, 1}; !slices.Equal(got, want) || !r.Reordered() {
		t.Errorf("%v, want %v", got, want)
	}
	if got, holes := readRotation(t, r); len(got) != 5 || len(holes) != 1 || holes[0] != 3 || !got[1].time.Equal(time.Unix(10, 0)) {
		t.Errorf("%d packets, holes behind %v; that without a time is of %v", len(got), holes, got[1].time)
	}
	for i, p := range r.Parts() {
		if bad := i == 4 || i == 5; (p.Err != nil) != bad || !p.Reached {
			t.Errorf("%s: %v", p.Path, p.Err)
		}
	}
}

// A damaged part ends where its damage begins, and its error has its own
// numbers; the next part follows.
func TestRotationDamage(t *testing.T) {
	all := sampleRaws(30)
	middle := plainPcap(all[10:20])
	middle.bytes = middle.bytes[:middle.ends[4]+20]
	paths := inFiles(t, plainPcap(all[:10]).bytes, middle.bytes, plainPcap(all[20:]).bytes)
	r := NewRotation(paths)
	f := NewFile(r.Open(), r.Name(), 0)
	var holes []uint64
	for {
		_, err := f.Next()
		if err == io.EOF {
			break
		}
		if (err == Hole{}) {
			holes = append(holes, f.Stats().Packets)
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if n := f.Stats().Packets; n != 24 || !slices.Equal(holes, []uint64{14}) {
		t.Errorf("%d packets, holes behind %d", n, holes)
	}
	parts := r.Parts()
	bad, ok := errors.AsType[*Error](parts[1].Err)
	if !ok || bad.Path != paths[1] || bad.Packet != 5 || parts[0].Err != nil || parts[2].Err != nil {
		t.Errorf("%v, %v, %v", parts[0].Err, parts[1].Err, parts[2].Err)
	}
	if part, own := r.Place(15); part != 2 || own != 1 {
		t.Errorf("packet 15 is packet %d of part %d", own, part)
	}
	if r.Name() != paths[0]+" … "+paths[2] {
		t.Error(r.Name())
	}
}

// A pipe, which could be read only once, is not waited for.
func TestRotationRefusesPipes(t *testing.T) {
	for _, path := range []string{"-", os.DevNull} {
		r := NewRotation([]string{path})
		if got, _ := readRotation(t, r); len(got) != 0 || r.Parts()[0].Err == nil || !strings.Contains(r.Parts()[0].Err.Error(), "is no file on disk") {
			t.Errorf("%s: %v", path, r.Parts()[0].Err)
		}
	}
}

// Where parts overlap by more than packets come out of order, they are hardly
// of one capture.
func TestRotationOverlap(t *testing.T) {
	from := func(ms ...int64) []byte {
		var list []raw
		for _, m := range ms {
			list = append(list, raw{time: time.UnixMilli(1e12 + m), wire: 60, data: make([]byte, 60)})
		}
		return plainPcap(list).bytes
	}
	for _, x := range []struct {
		want  int
		files [][]byte
	}{
		{0, [][]byte{from(0, 5000), from(4500, 9000), from(9000)}},
		{2, [][]byte{from(0, 5000), nil, from(3900, 9000), from(3950)}},
	} {
		r := NewRotation(inFiles(t, x.files...))
		readRotation(t, r)
		if got := r.Overlap(); got != x.want {
			t.Errorf("%d, want %d", got, x.want)
		}
	}
}

// After Close nothing more is read.
func TestRotationClose(t *testing.T) {
	r := NewRotation(inFiles(t, plainPcap(sampleRaws(3)).bytes, plainPcap(sampleRaws(3)).bytes))
	reader := r.Open()
	if _, _, err := reader.ZeroCopyReadPacketData(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := reader.Close(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := reader.ZeroCopyReadPacketData(); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("%v", err)
		}
	}
	if p := r.Parts(); p[0].Packets != 1 || p[1].Reached {
		t.Errorf("%+v", p)
	}
}

// Of thousands of parts one is open at a time.
func TestRotationOpensOneAtATime(t *testing.T) {
	open := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("no /proc to count open files in")
		}
		return len(list)
	}
	var files [][]byte
	for i, p := range sampleRaws(300) {
		p.time = time.Unix(int64(i), 0)
		files = append(files, plainPcap([]raw{p}).bytes)
	}
	paths := inFiles(t, files...)
	before := open()
	reader := NewRotation(paths).Open()
	for n := 0; ; n++ {
		_, _, err := reader.ZeroCopyReadPacketData()
		if err == io.EOF && n == len(files) {
			break
		}
		if err != nil {
			t.Fatal(n, err)
		}
		if more := open() - before; more > 1 {
			t.Fatalf("packet %d: %d files are open", n, more)
		}
	}
	if more := open() - before; more != 0 {
		t.Errorf("%d files are open at the end", more)
	}
}

// Reading a packet of a part allocates nothing.
func TestRotationAllocatesNothing(t *testing.T) {
	ng := &ngFile{order: binary.LittleEndian}
	ng.section(1)
	ng.describe(LinkEthernet, 0)
	for _, p := range sampleRaws(3000) {
		ng.enhanced(0, microseconds(p.time), p)
	}
	reader := NewRotation(inFiles(t, ng.bytes, plainPcap(sampleRaws(3000)).bytes)).Open()
	next := func() {
		if _, _, err := reader.ZeroCopyReadPacketData(); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // of each part, behind its first packet
		next()
		if n := testing.AllocsPerRun(2000, next); n != 0 {
			t.Errorf("%v allocations a packet", n)
		}
		for range 998 {
			next()
		}
	}
}

// What a Recorder leaves reads back as it was captured, with the interfaces
// that each of its files numbers anew.
func TestRotationOfRecorder(t *testing.T) {
	dir := t.TempDir()
	m := &memory{packets: liveRaws(500), lost: 9}
	recordAll(t, m, RecorderConfig{Path: filepath.Join(dir, "a.pcapng"), RotateSize: 4000,
		InterfaceName: func(i int) string { return fmt.Sprint("if", i) }})
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) < 6 {
		t.Fatal(names, err)
	}
	slices.Reverse(names)
	r := NewRotation(names)
	reader := r.Open()
	got, err := readRaws(t, reader)
	if err != io.EOF || reader.Dropped() != 9 {
		t.Errorf("%v, %d dropped", err, reader.Dropped())
	}
	wantRaws(t, got, inFile(m.packets))
}
