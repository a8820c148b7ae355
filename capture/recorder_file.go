package capture

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

const (
	// recordBuffer is how many bytes are gathered for one write, some
	// hundreds of packets.
	recordBuffer = 256 << 10
	// maxFilterOption is how long a filter may be to be told in the file: an
	// option has less than 64 KiB.
	maxFilterOption = 4096
)

// begin makes the next file and removes the oldest if there are too many.
// dropped is what the capture had lost before.
func (r *Recorder) begin(dropped uint64) error {
	name := r.name(r.began + 1)
	// Packets hold passwords and cookies: a new file is its owner's alone. One
	// that is there keeps its mode, which somebody chose.
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return &Error{Path: name, Err: fmt.Errorf("cannot be written: %w", pathless(err))}
	}
	r.began++
	r.files.Add(1)
	r.file, r.dropped = newRecording(f, r.cfg.Filter), dropped
	if keep := r.cfg.RotateCount; keep > 0 && r.began > keep {
		oldest := r.name(r.began - keep)
		if err := os.Remove(oldest); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return &Error{Path: oldest, Err: fmt.Errorf("cannot be removed: %w", pathless(err)), Hint: "no more packets are written, the analysis goes on"}
		}
	}
	return nil
}

// name is that of file number n, counted from 1.
func (r *Recorder) name(n int) string {
	if r.cfg.RotateSize == 0 {
		return r.cfg.Path
	}
	ext := filepath.Ext(r.cfg.Path)
	return fmt.Sprintf("%s_%05d%s", strings.TrimSuffix(r.cfg.Path, ext), n, ext)
}

// pathless is an error of the operating system without the path: that stands
// in ours.
func pathless(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// recording is one pcapng file (draft-ietf-opsawg-pcapng) on its way. It is
// written by pcapgo.NgWriter, but for the two bytes of the link type: gopacket
// has one.
type recording struct {
	sink    *recordSink
	filter  string
	buffer  *bufio.Writer
	writer  *pcapgo.NgWriter // nil before the first interface
	ids     []int32          // by interface index of the reader: the file's, or -1
	counts  []uint64         // packets by interface of the file
	packets uint64
	size    int64 // bytes written and still to be, without the statistics at the end
}

func newRecording(f io.WriteCloser, filter string) *recording {
	if len(filter) > maxFilterOption {
		filter = ""
	}
	sink := &recordSink{out: f}
	return &recording{sink: sink, filter: filter, buffer: bufio.NewWriterSize(sink, recordBuffer)}
}

// known is the file's number of an interface, if it has one.
func (f *recording) known(index int) (id int, ok bool) {
	if index < 0 || index >= len(f.ids) || f.ids[index] < 0 {
		return 0, false
	}
	return int(f.ids[index]), true
}

// add describes an interface in the file. The block goes alone through the
// sink, which puts the link type right.
func (f *recording) add(index int, link LinkType, name string) (id int, err error) {
	if index < 0 || index > math.MaxUint16 {
		return 0, fmt.Errorf("interface %d is more than a file can number", index)
	}
	about := pcapgo.NgInterface{Name: name, Filter: f.filter, LinkType: layers.LinkType(link), OS: runtime.GOOS}
	if err := f.buffer.Flush(); err != nil {
		return 0, err
	}
	if f.writer == nil {
		section := pcapgo.NgWriterOptions{SectionInfo: pcapgo.NgSectionInfo{Hardware: runtime.GOARCH, OS: runtime.GOOS, Application: "connlint"}}
		f.writer, err = pcapgo.NewNgWriterInterface(f.buffer, about, section)
	} else {
		id, err = f.writer.AddInterface(about)
	}
	if err != nil {
		return 0, err
	}
	f.size += int64(f.buffer.Buffered())
	f.sink.link, f.sink.describes = link, true
	err = f.buffer.Flush()
	f.sink.describes = false
	for len(f.ids) <= index {
		f.ids = append(f.ids, -1)
	}
	f.ids[index] = int32(id)
	f.counts = append(f.counts, 0)
	return id, err
}

// write writes one packet of the file's interface id.
func (f *recording) write(id int, ci gopacket.CaptureInfo, data []byte) error {
	ci.InterfaceIndex, ci.CaptureLength, ci.Length = id, len(data), max(ci.Length, len(data))
	f.packets++
	f.counts[id]++
	f.size += packetBlockSize(len(data))
	return f.writer.WritePacket(ci, data)
}

// packetBlockSize is how many bytes a packet takes in the file (§4.3).
func packetBlockSize(data int) int64 { return 32 + (int64(data)+3)&^3 }

// flush writes out what is gathered.
func (f *recording) flush() error { return f.buffer.Flush() }

// end writes how many packets came, and how many the capture lost while this
// file was written: which interface lost them is not known, so they stand
// with the first.
func (f *recording) end(dropped uint64) error {
	if f.writer == nil { // a section without an interface is not in gopacket's power
		if _, err := f.add(0, LinkEthernet, ""); err != nil {
			f.abandon()
			return err
		}
	}
	for id, n := range f.counts { // errors stay in the buffer for Flush to tell
		_ = f.writer.WriteInterfaceStats(id, pcapgo.NgInterfaceStatistics{PacketsReceived: n + dropped, PacketsDropped: dropped})
		dropped = 0
	}
	if err := f.buffer.Flush(); err != nil {
		f.abandon()
		return err
	}
	return f.sink.out.Close()
}

// abandon closes the file as it is.
func (f *recording) abandon() { f.sink.out.Close() }

// recordSink is the file behind the buffer.
type recordSink struct {
	out       io.WriteCloser
	link      LinkType
	describes bool // what comes next is, behind a section header at most, one interface description
}

// Write implements io.Writer.
func (s *recordSink) Write(b []byte) (int, error) {
	if s.describes {
		b = withLinkType(b, s.link)
	}
	return s.out.Write(b)
}

// withLinkType is a copy of blocks in which interface descriptions (§4.2)
// have the given link type.
func withLinkType(blocks []byte, link LinkType) []byte {
	const description = 1
	b := slices.Clone(blocks)
	for rest := b; len(rest) >= 12; {
		size := int(binary.LittleEndian.Uint32(rest[4:]))
		if size < 12 || size > len(rest) {
			break
		}
		if binary.LittleEndian.Uint32(rest) == description {
			binary.LittleEndian.PutUint16(rest[8:], uint16(link))
		}
		rest = rest[size:]
	}
	return b
}
