package capture

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
)

// listReader is a Reader over packets in memory. Like the file readers it
// hands out one buffer again and again, so that what is kept too long shows.
type listReader struct {
	packets []listPacket
	at      int
	end     error // instead of io.EOF
	buffer  []byte
	closed  int
}

type listPacket struct {
	data  []byte
	wire  int
	ns    int64
	link  LinkType
	iface int
}

func (r *listReader) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	if r.at == len(r.packets) {
		if r.end != nil {
			return nil, gopacket.CaptureInfo{}, r.end
		}
		return nil, gopacket.CaptureInfo{}, io.EOF
	}
	p := &r.packets[r.at]
	r.at++
	r.buffer = append(r.buffer[:0], p.data...)
	return r.buffer, gopacket.CaptureInfo{Timestamp: time.Unix(0, p.ns).UTC(),
		CaptureLength: len(p.data), Length: p.wire, InterfaceIndex: p.iface}, nil
}

func (r *listReader) LinkType(iface int) LinkType { return r.packets[r.at-1].link }
func (r *listReader) Close() error                { r.closed++; return nil }

// Dropped knows nothing any more once the file is closed.
func (r *listReader) Dropped() uint64 { return uint64(7 - 7*min(r.closed, 1)) }

// statsAtEnd reads a source to its end and returns its counts.
func statsAtEnd(t *testing.T, s Source) Stats {
	t.Helper()
	for {
		_, err := s.Next()
		if err == io.EOF || err != nil && strings.Contains(err.Error(), "is not decoded, and none") {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return s.Stats()
}

// A file of one unknown link type is a closed book, and says so at its end; a
// packet of a known one among them, or none at all, makes it an ordinary file.
func TestUnknownLinkType(t *testing.T) {
	for _, c := range []struct {
		links []LinkType
		want  string
	}{
		{nil, "EOF"},
		{[]LinkType{160, 160}, "x: packet 1: link type 160 is not decoded, and none of the 2 packets is of another; "},
		{[]LinkType{160, LinkEthernet}, "EOF"},
	} {
		f := NewFile(&links{of: c.links}, "x", 0)
		var err error
		for err == nil {
			_, err = f.Next()
		}
		if !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%v: %v, want %s", c.links, err, c.want)
		}
	}
}

// links is a Reader of one hello for each link type.
type links struct {
	of []LinkType
	at int
}

func (r *links) LinkType(int) LinkType { return r.of[r.at-1] }
func (r *links) Dropped() uint64       { return 0 }
func (r *links) Close() error          { return nil }
func (r *links) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	if r.at == len(r.of) {
		return nil, gopacket.CaptureInfo{}, io.EOF
	}
	r.at++
	frame := eth(0x0800, hello)
	return frame, gopacket.CaptureInfo{Timestamp: time.Unix(1, 0), CaptureLength: len(frame), Length: len(frame)}, nil
}

func TestFile(t *testing.T) {
	frame := eth(0x0800, hello)
	r := &listReader{packets: []listPacket{
		{eth(0x0806, hello), len(frame), 2000, LinkEthernet, 0},
		{frame, len(frame), 1000, LinkEthernet, 1}, // earlier than the one before
		{frame[:60], 1500, 5000, LinkEthernet, 0},
		{with(frame, 20, 0x20), len(frame), 4000, LinkEthernet, 0},
		{frame[:33], len(frame), 4000, LinkEthernet, 0},
		{frame, len(frame), 4000, 160, 3},
		{hello6, len(hello6), 3000, LinkRaw, 2},
	}}
	f := NewFile(r, "test.pcap", 3)
	if s := f.Stats(); s.First != 0 || s.Last != 0 || s.Packets != 0 {
		t.Errorf("before the first packet: %+v", s)
	}
	for _, want := range []struct {
		frame Frame
		iface uint16
	}{{NewFrame(3, 2, 1000), 1}, {NewFrame(3, 3, 5000), 0}, {NewFrame(3, 7, 3000), 2}} {
		p, err := f.Next()
		if err != nil || p.Kind != TCP || p.Segment.Frame != want.frame || p.Segment.Interface != want.iface {
			t.Fatalf("%+v, %v; want %+v", p, err, want)
		}
	}
	for range 2 {
		if p, err := f.Next(); p != nil || err != io.EOF {
			t.Fatalf("at the end: %v, %v", p, err)
		}
	}
	bytes := uint64(len(frame)*5 + 1500 + len(hello6))
	want := Stats{Packets: 7, Bytes: bytes, Segments: 3, Fragments: 1, Unassembled: 1, Undecoded: 1, Malformed: 1, Cut: 2,
		Dropped: 7, First: 1000, Last: 5000}
	if s := f.Stats(); s != want {
		t.Errorf("%+v\nwant %+v", s, want)
	}
	if err := errors.Join(f.Close(), f.Close()); err != nil || r.closed != 1 {
		t.Errorf("closed %d times: %v", r.closed, err)
	}
	if f.Stats() != want {
		t.Error("the counts are gone after Close")
	}
}

func TestFileErrors(t *testing.T) {
	frame := listPacket{eth(0x0800, hello), 71, 1, LinkEthernet, 0}
	own := &Error{Path: "a", Packet: 2, Offset: 99, Err: io.ErrUnexpectedEOF}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"ours":    {own, own.Error()},
		"foreign": {errors.New("ring broke"), "a: packet 2: ring broke"},
	} {
		f := NewFile(&listReader{packets: []listPacket{frame}, end: c.err}, "a", 0)
		if _, err := f.Next(); err != nil {
			t.Fatalf("%s: what comes before the damage: %v", name, err)
		}
		for range 2 {
			if _, err := f.Next(); !errors.Is(err, c.err) || err.Error() != c.want {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	f := NewFile(&listReader{packets: []listPacket{frame}}, "a", 0)
	f.Close()
	if p, err := f.Next(); p != nil || !errors.Is(err, fs.ErrClosed) {
		t.Errorf("after Close: %v, %v", p, err)
	}
}

// TestFileAllocates counts allocations over packets of the fast path, TCP
// and not.
func TestFileAllocates(t *testing.T) {
	r := &listReader{packets: []listPacket{
		{eth(0x0800, hello), 71, 1, LinkEthernet, 0},
		{eth(0x0800, ip4(17, udp(53, []byte("query")))), 47, 1, LinkEthernet, 0},
		{sll2Header(0x86dd, hello6), 97, 1, LinkSLL2, 0},
	}}
	f := NewFile(r, "test.pcap", 0)
	allocs := testing.AllocsPerRun(100, func() {
		r.at = 0
		for r.at < len(r.packets) {
			if _, err := f.Next(); err != nil {
				t.Fatal(err)
			}
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}
