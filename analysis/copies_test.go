package analysis_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"connlint/analysis/rules"
	"connlint/analysis/ruletest"
	"connlint/capture"
	"connlint/reassembly"
)

// shot is a packet of an Ethernet capture, copied.
type shot struct {
	at     time.Time
	wire   int
	data   []byte
	number uint64 // of the original; a copy has one that no original has
}

// copied is a number that only copies have, from here on.
const copied = 1 << 40

// ways are how the packets of a capture come to be in it twice.
var ways = []struct {
	name   string
	late   time.Duration
	v6     bool // the capture is rewritten to IPv6 first, where no packet has an identification
	first  func([]byte) []byte
	second func([]byte) []byte // nil: there is no copy of this packet
}{
	{"at once", time.Microsecond, false, same, same},
	{"180 µs later", 180 * time.Microsecond, false, same, same},
	{"routed", 180 * time.Microsecond, false, same, routed},
	{"tag stripped", 4 * time.Microsecond, false, tagged, same},
	{"one direction", 180 * time.Microsecond, false, same, fromServer},
	{"IPv6", 180 * time.Microsecond, true, same, same},
	{"IPv6 at once", time.Microsecond, true, same, same},
	{"IPv6 routed", 300 * time.Microsecond, true, same, routed},
	{"IPv6 one direction", 180 * time.Microsecond, true, same, fromServer},
}

// TestCopies doubles the packets of the lab's captures in every way there is
// and asks for the same findings, transactions and counts as without.
func TestCopies(t *testing.T) {
	paths, err := filepath.Glob("../testdata/lab/*/*.pcap*")
	if err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("CONNLINT_LAB"); dir != "" {
		if paths, err = filepath.Glob(filepath.Join(dir, "*", "*.pcap*")); err != nil {
			t.Fatal(err)
		}
	} else {
		t.Log("CONNLINT_LAB is not set: only the captures of the repository are doubled")
	}
	done := 0
	paths = sampled(paths)
	for _, path := range paths {
		shots := ethernet(t, path)
		if shots == nil || strings.Contains(path, "11-span-duplicates") || strings.HasSuffix(path, "both.pcapng") {
			continue // of another link type, or doubled already
		}
		done++
		t.Run(filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path), func(t *testing.T) {
			doubleAll(t, shots)
		})
	}
	if done*10 < len(paths)*9 {
		t.Errorf("%d of %d captures were doubled", done, len(paths))
	}
}

func doubleAll(t *testing.T, shots []shot) {
	rewritten := make([]shot, len(shots))
	for i, s := range shots {
		rewritten[i] = s
		rewritten[i].data = toIPv6(s.data)
		rewritten[i].wire += len(rewritten[i].data) - len(s.data)
	}
	plain, plain6 := judged(t, shots), judged(t, rewritten)
	for i, w := range ways {
		if len(shots) > 5000 && i%4 != 1 {
			continue // two ways are enough for the long ones
		}
		if w.name == "IPv6" && strings.Contains(t.Name(), "11-starts-mid-response/server") {
			continue // begins with 34 ACKs in 180 µs: nothing tells their copies from ACKs of their own
		}
		from, want := shots, plain
		if w.v6 {
			from, want = rewritten, plain6
		}
		got := judged(t, double(from, w.late, w.first, w.second))
		if slices.Equal(want.records, got.records) {
			if got.copies > 2*got.connections && got.copies*8 > got.packets && !got.caveat {
				t.Errorf("%s: %d copies of %d packets and no caveat", w.name, got.copies, got.packets)
			}
			continue
		}
		t.Errorf("%s: %d records, %d without copies", w.name, len(got.records), len(want.records))
		for i := range min(len(want.records), len(got.records)) {
			if want.records[i] != got.records[i] {
				a, b := differ(want.records[i], got.records[i])
				t.Errorf("once  %s\ntwice %s", a, b)
				break
			}
		}
	}
}

// outcome is what a run says, but for what copies may change: how many copies
// there are, and the caveat.
type outcome struct {
	records                      []string
	connections, packets, copies uint64
	caveat                       bool
}

var (
	copyCounts = regexp.MustCompile(`Duplicates:\d+ `)
	// What hangs on which of several equal resets came last.
	lastThings = regexp.MustCompile(`(Last:\d+/\d+@\d+|RSTs:\[\d+ \d+ \]|Packets:\d+|End:\d+|To:\d+) `)
	caveatSets = regexp.MustCompile(`Caveats:(\d+) `)
)

func judged(t *testing.T, shots []shot) outcome {
	t.Helper()
	res, err := ruletest.Run(ruletest.Options{Rules: rules.All()}, &renumbered{Source: sourceOf(t, shots), shots: shots})
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Verify(); err != nil {
		t.Error(err)
	}
	o := outcome{connections: uint64(len(res.Connections)), packets: res.Counts[0].Source.Packets, copies: res.Counts[0].Connections.Copies}
	doubt := equalResets(shots)
	for _, r := range res.Records() {
		if doubt {
			r = lastThings.ReplaceAllString(r, "")
		}
		r = copyCounts.ReplaceAllString(r, "")
		o.records = append(o.records, caveatSets.ReplaceAllStringFunc(r, func(m string) string {
			set, _ := strconv.Atoi(caveatSets.FindStringSubmatch(m)[1])
			o.caveat = o.caveat || reassembly.Caveats(set)&reassembly.Duplicated != 0
			return "Caveats:" + strconv.Itoa(set&^int(reassembly.Duplicated)) + " "
		}))
	}
	return o
}

// equalResets reports whether a host sends the same reset several times within
// no time: which of them are copies cannot be told.
func equalResets(shots []shot) bool {
	seen := map[string]uint64{}
	for _, s := range shots {
		at, version := network(s.data)
		switch version {
		case 4:
			at += int(s.data[at]&15) * 4
		case 6:
			at += 40
		default:
			continue
		}
		if len(s.data) < at+20 || s.data[at+13]&4 == 0 {
			continue
		}
		tcp := string(s.data[at : at+16])
		if was, ok := seen[tcp]; ok && s.number != was+copied-1 {
			return true
		}
		seen[tcp] = s.number
	}
	return false
}

// renumbered gives the packets the numbers that they have without copies.
type renumbered struct {
	capture.Source
	shots []shot
}

func (r *renumbered) Next() (*capture.Packet, error) {
	p, err := r.Source.Next()
	if err == nil {
		s := &p.Segment
		s.Frame = capture.NewFrame(s.Source(), r.shots[s.Number()-1].number, s.Time)
	}
	return p, err
}

// ethernet reads a capture; nil if it is not all of Ethernet.
func ethernet(t *testing.T, path string) []shot {
	t.Helper()
	r, err := capture.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var shots []shot
	for {
		data, ci, err := r.ZeroCopyReadPacketData()
		if errors.Is(err, io.EOF) {
			return shots
		}
		if err != nil {
			t.Fatal(err)
		}
		if r.LinkType(ci.InterfaceIndex) != capture.LinkEthernet {
			return nil
		}
		shots = append(shots, shot{ci.Timestamp, ci.Length, bytes.Clone(data), uint64(len(shots) + 1)})
	}
}

// double puts a copy of each packet behind it, late by that much, between
// the packets that came meanwhile.
func double(shots []shot, late time.Duration, first, second func([]byte) []byte) []shot {
	var out, due []shot
	for i, s := range shots {
		for len(due) > 0 && due[0].at.Before(s.at) {
			out, due = append(out, due[0]), due[1:]
		}
		was := s.data
		s.data = first(was)
		s.wire += len(s.data) - len(was)
		out = append(out, s)
		if data := second(was); data != nil {
			again := shot{s.at.Add(late), s.wire + len(data) - len(s.data), data, copied + uint64(i)}
			due = append(due, again)
		}
	}
	return append(out, due...)
}

func same(b []byte) []byte { return b }

// routed is a packet behind a router.
func routed(b []byte) []byte {
	b = bytes.Clone(b)
	copy(b, []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2})
	switch at, version := network(b); version {
	case 4:
		b[at+8]--
	case 6:
		b[at+7]--
	}
	return b
}

// tagged is a packet in a VLAN.
func tagged(b []byte) []byte {
	if len(b) < 14 {
		return b
	}
	return slices.Concat(b[:12], []byte{0x81, 0, 0, 42}, b[12:])
}

// fromServer is a packet if it was sent from a lower port, else nothing.
func fromServer(b []byte) []byte {
	at, version := network(b)
	switch version {
	case 4:
		at += int(b[at]&15) * 4
	case 6:
		at += 40
	default:
		return nil
	}
	if len(b) < at+4 || binary.BigEndian.Uint16(b[at:]) > binary.BigEndian.Uint16(b[at+2:]) {
		return nil
	}
	return b
}

// network is where the IP header begins, and its version; 0 if there is none.
func network(b []byte) (at, version int) {
	at = 12
	for len(b) >= at+2 && binary.BigEndian.Uint16(b[at:]) == 0x8100 {
		at += 4
	}
	at += 2
	if len(b) < at+20 {
		return at, 0
	}
	switch binary.BigEndian.Uint16(b[at-2:]) {
	case 0x0800:
		return at, 4
	case 0x86dd:
		return at, 6
	}
	return at, 0
}

// toIPv6 puts what an IPv4 packet carries into an IPv6 packet.
func toIPv6(b []byte) []byte {
	at, version := network(b)
	if version != 4 {
		return b
	}
	header := int(b[at]&15) * 4
	out := slices.Clone(b[:at])
	binary.BigEndian.PutUint16(out[at-2:], 0x86dd)
	size := max(int(binary.BigEndian.Uint16(b[at+2:]))-header, 0)
	out = append(out, 0x60, 0, 0, 0)
	out = binary.BigEndian.AppendUint16(out, uint16(size))
	out = append(out, b[at+9], b[at+8])
	for _, address := range [][]byte{b[at+12 : at+16], b[at+16 : at+20]} {
		out = append(out, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0)
		out = append(out, address...)
	}
	return append(out, b[min(at+header, len(b)):]...)
}

// sourceOf is a capture file of those packets, read back.
func sourceOf(t *testing.T, shots []shot) capture.Source {
	t.Helper()
	var file bytes.Buffer
	w := pcapgo.NewWriterNanos(&file)
	if err := w.WriteFileHeader(1<<18, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	for _, s := range shots {
		ci := gopacket.CaptureInfo{Timestamp: s.at, CaptureLength: len(s.data), Length: max(s.wire, len(s.data))}
		if err := w.WritePacket(ci, s.data); err != nil {
			t.Fatal(err)
		}
	}
	src, err := ruletest.Open("doubled", file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return src
}
