package analysis_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"connlint/analysis/rules"
	"connlint/analysis/ruletest"
	"connlint/capture"
)

// TestRotatedCaptures cuts captures into two to seven files, as a rotated
// capture is, names them in any order, and reads them as one: every record is
// that of the whole capture, and every packet that is cited is found in its
// file. With CONNLINT_STRESS each is cut in eight ways.
func TestRotatedCaptures(t *testing.T) {
	files, _ := filepath.Glob("../testdata/lab/*/*.pcap*")
	if dir := os.Getenv("CONNLINT_LAB"); dir != "" {
		lab, _ := filepath.Glob(filepath.Join(dir, "*", "*.pcap*"))
		files = append(files, lab...)
	} else {
		t.Log("CONNLINT_LAB is not set: its captures are not cut")
	}
	if dir := os.Getenv("CONNLINT_CAPTURES"); dir != "" {
		public, _ := filepath.Glob(filepath.Join(dir, "*"))
		files = append(files, public...)
	} else {
		t.Log("CONNLINT_CAPTURES is not set: its captures are not cut")
	}
	rotated, times := 0, 1
	if os.Getenv("CONNLINT_STRESS") != "" {
		times = 8
	}
	for _, path := range sampled(files) {
		if cut := cuttable(path); cut != nil {
			rotated++
			t.Run(filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path), func(t *testing.T) {
				for r, n := random(path), 0; n < times; n++ {
					rotate(t, cut, r)
				}
			})
		}
	}
	t.Logf("%d of %d captures were cut", rotated, len(sampled(files)))
	if rotated == 0 {
		t.Error("no capture was cut")
	}
}

// longest is how large a capture may be to be cut, bytes.
const longest = 20 << 20

// apart is a capture file taken apart.
type apart struct {
	file []byte
	// records are the packets, each with the blocks in front of it, and in the
	// end what lies behind the last. heads are what a file needs in front of
	// each record that it begins with.
	records, heads [][]byte
	times          []int64 // of the packets that can be read, ns
}

// cuttable takes a capture apart; nil if it is of a kind that is left alone.
func cuttable(path string) *apart {
	file, err := os.ReadFile(path)
	if err != nil || len(file) > longest {
		return nil
	}
	if bytes.HasPrefix(file, []byte{0x1f, 0x8b}) {
		r, err := gzip.NewReader(bytes.NewReader(file))
		if err != nil {
			return nil
		}
		if file, err = io.ReadAll(io.LimitReader(r, longest+1)); err != nil || len(file) > longest {
			return nil
		}
	}
	if len(file) < 28 {
		return nil
	}
	p := &apart{file: file}
	switch binary.LittleEndian.Uint32(file) {
	case 0xa1b2c3d4, 0xa1b23c4d:
		p.cutPcap(binary.LittleEndian)
	case 0xd4c3b2a1, 0x4d3cb2a1:
		p.cutPcap(binary.BigEndian)
	case 0x0a0d0d0a:
		if !p.cutPcapng() {
			return nil
		}
	default:
		return nil
	}
	if !p.readTimes(path) {
		return nil
	}
	return p
}

func (p *apart) cutPcap(order binary.ByteOrder) {
	at := 24
	for at+16 <= len(p.file) {
		end := at + 16 + int(order.Uint32(p.file[at+8:]))
		if end > len(p.file) || end < at {
			break
		}
		p.heads = append(p.heads, p.file[:24])
		p.records = append(p.records, p.file[at:end])
		at = end
	}
	p.heads, p.records = append(p.heads, p.file[:24]), append(p.records, p.file[at:])
}

// cutPcapng reports whether there is one section: interfaces of a second one
// would be known by their order in the file.
func (p *apart) cutPcapng() bool {
	order := binary.ByteOrder(binary.LittleEndian)
	if order.Uint32(p.file[8:]) != 0x1a2b3c4d {
		order = binary.BigEndian
	}
	var head, before []byte // the section and its interfaces, so far and before the record at hand
	from := 0
	for at := 0; at+12 <= len(p.file); {
		kind, end := order.Uint32(p.file[at:]), at+int(order.Uint32(p.file[at+4:]))
		if end > len(p.file) || end < at+12 {
			break
		}
		block := p.file[at:end]
		switch at = end; kind {
		case 0x0a0d0d0a:
			if head != nil {
				return false
			}
			head = slices.Clone(block)
			before, from = head, end
		case 1:
			head = slices.Concat(head, block)
		case 2, 3, 6:
			p.heads, p.records = append(p.heads, before), append(p.records, p.file[from:end])
			before, from = head, end
		}
	}
	p.heads, p.records = append(p.heads, before), append(p.records, p.file[from:])
	return true
}

// readTimes reports whether there are packets to cut between.
func (p *apart) readTimes(path string) bool {
	r, err := capture.NewReader(bytes.NewReader(p.file), path)
	if err != nil {
		return false
	}
	for {
		_, ci, err := r.ZeroCopyReadPacketData()
		if err != nil {
			break
		}
		p.times = append(p.times, ci.Timestamp.UnixNano())
	}
	return len(p.times) > 1 && len(p.times) < len(p.records)+1
}

// cuts are places where parts begin, by index of their first packets: the first
// of all, and up to six more, each later in time than the ones before.
func (p *apart) cuts(random *rand.Rand) []int {
	chosen := map[int]bool{0: true}
	for range 1 + random.IntN(6) {
		chosen[1+random.IntN(len(p.times)-1)] = true
	}
	var cuts []int
	for _, at := range slices.Sorted(maps.Keys(chosen)) {
		if len(cuts) == 0 || p.times[at] > p.times[cuts[len(cuts)-1]] {
			cuts = append(cuts, at)
		}
	}
	return cuts
}

// parts writes the files that begin at the cuts.
func (p *apart) parts(t *testing.T, cuts []int) []string {
	t.Helper()
	dir := t.TempDir()
	var paths []string
	for i, from := range cuts {
		to := len(p.records)
		if i+1 < len(cuts) {
			to = cuts[i+1]
		}
		file := slices.Concat(append([][]byte{p.heads[from]}, p.records[from:to]...)...)
		path := filepath.Join(dir, fmt.Sprintf("part%d", i))
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

func rotate(t *testing.T, p *apart, random *rand.Rand) {
	whole, err := ruletest.Open("whole", p.file)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := ruletest.Run(ruletest.Options{Rules: rules.All()}, whole)
	cuts := p.cuts(random)
	paths := p.parts(t, cuts)
	shuffled := slices.Clone(paths)
	random.Shuffle(len(paths), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	rot := capture.NewRotation(shuffled)
	src := capture.NewFile(rot.Open(), rot.Name(), 0)
	defer src.Close()
	got, _ := ruletest.Run(ruletest.Options{Rules: rules.All()}, src)
	sameRecords(t, got.Records(), want.Records())
	if a, b := src.Stats(), whole.Stats(); a.Packets != b.Packets || a.Segments != b.Segments || a.Fragments != b.Fragments ||
		a.Unassembled != b.Unassembled || a.TunnelCopies != b.TunnelCopies || a.Untimed != b.Untimed || a.Bytes != b.Bytes || a.First != b.First || a.Last != b.Last {
		t.Errorf("%+v, want %+v", a, b)
	}
	for i, part := range rot.Parts() {
		if part.Path != paths[i] || part.Before != uint64(cuts[i]) {
			t.Errorf("part %d is %s behind %d packets, cut at %v", i, part.Path, part.Before, cuts)
		}
	}
	times := partTimes(t, paths)
	for _, f := range got.Findings {
		for _, c := range f.Evidence.Frames {
			part, own := rot.Place(c.Frame.Number())
			if in := times[part]; own == 0 || own > uint64(len(in)) || in[own-1] != p.times[c.Frame.Number()-1] {
				t.Errorf("%s: packet %d is not packet %d of part %d", f.Rule.Name, c.Frame.Number(), own, part)
			}
		}
	}
}

// partTimes are the times of the packets of files that are read by themselves.
func partTimes(t *testing.T, paths []string) [][]int64 {
	t.Helper()
	all := make([][]int64, len(paths))
	for i, path := range paths {
		r, err := capture.Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for {
			_, ci, err := r.ZeroCopyReadPacketData()
			if err != nil {
				break
			}
			all[i] = append(all[i], ci.Timestamp.UnixNano())
		}
		r.Close()
	}
	return all
}

// sameRecords says where two lists of records part.
func sameRecords(t *testing.T, got, want []string) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	t.Errorf("%d records, want %d", len(got), len(want))
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			g, w := differ(got[i], want[i])
			t.Errorf("%s\nwant\n%s", g, w)
			return
		}
	}
}
