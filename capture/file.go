package capture

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
)

// File is a [Source] over a [Reader]: it numbers the packets, decodes them,
// yields those that are TCP and counts the rest.
type File struct {
	reader interface { // as in NewFile
		Reader
		io.Closer
	}
	name    string
	source  uint16
	decoder Decoder
	packets [8]Packet // the one at hand and those yielded before it, in turn
	at      uint      // which is at hand
	viewer  viewer
	stats   Stats
	frame   Frame // of the packet at hand, as are those below
	iface   uint16
	link    LinkType
	strange uint64 // packets of link types that nothing here knows
	err     error  // what ended the file: nothing follows it
	closed  bool
}

// NewFile makes a Source of r, which it closes when it is closed. name is the
// file's as the user gave it, for errors; source is its index in the run, for
// [Frame.Source].
func NewFile(r ReadCloser, name string, source uint16) *File {
	return &File{reader: r, name: name, source: source}
}

// Next yields the next TCP segment, io.EOF at the end of the file, or an
// [*Error] where it is damaged, or at its end if not one packet is of a link
// type that is known. All of them stay: a second call returns the same. An
// [Idle] of the reader is passed on and does not stay, nor does a [Hole].
func (f *File) Next() (*Packet, error) {
	for f.err == nil {
		p := &f.packets[f.at%uint(len(f.packets))]
		p.Segment.Frame, p.Segment.Interface = f.frame, f.iface
		verdict, more := f.decoder.More(&p.Segment)
		if !more {
			var err error
			if verdict, err = f.read(&p.Segment); err != nil {
				if goesOn(err) {
					return nil, err
				}
				f.err = f.ended(f.locate(err))
				break
			}
		}
		if !f.count(verdict) ||
			f.viewer.isCopy(&p.Segment, f.decoder.nesting, f.before) {
			continue
		}
		f.stats.Segments++
		f.at++
		p.Kind = TCP
		return p, nil
	}
	return nil, f.err
}

// read reads and decodes the next frame.
func (f *File) read(s *Segment) (Verdict, error) {
	data, ci, err := f.reader.ZeroCopyReadPacketData()
	if err != nil {
		return Undecoded, err
	}
	f.link = f.reader.LinkType(ci.InterfaceIndex)
	f.place(s, ci.Timestamp.UnixNano(), ci.InterfaceIndex)
	wire := max(ci.Length, len(data))
	f.stats.Bytes += uint64(wire)
	if wire > len(data) {
		f.stats.Cut++
	}
	return f.decoder.Decode(f.link, data, wire, s), nil
}

// before goes through the segments that were yielded last, the oldest first.
// Their payload is gone.
func (f *File) before(yield func(*Segment) bool) {
	for i := range uint(len(f.packets)) {
		if p := &f.packets[(f.at+i)%uint(len(f.packets))]; i > 0 && p.Kind != 0 && !yield(&p.Segment) {
			return
		}
	}
}

// place counts a packet captured at ns and gives its segment, if there is
// one, its number.
func (f *File) place(s *Segment, ns int64, iface int) {
	if f.stats.Packets == 0 {
		f.stats.First, f.stats.Last = ns, ns
	}
	f.stats.First, f.stats.Last = min(f.stats.First, ns), max(f.stats.Last, ns)
	f.stats.Packets++
	f.frame = NewFrame(f.source, f.stats.Packets, ns)
	f.iface = uint16(min(iface, math.MaxUint16))
	s.Frame, s.Interface = f.frame, f.iface
}

// count books a verdict and reports whether there is a segment.
func (f *File) count(v Verdict) bool {
	switch v {
	case Decoded:
		return true
	case Fragment:
		f.stats.Fragments++
	case Malformed:
		f.stats.Malformed++
	case Undecoded:
		f.stats.Undecoded++
	case UnknownLink:
		f.stats.Undecoded++
		f.strange++
	}
	return false
}

// ended is io.EOF, unless the whole file was a closed book.
func (f *File) ended(err error) error {
	if err != io.EOF || f.strange == 0 || f.strange < f.stats.Packets {
		return err
	}
	return &Error{Path: f.name, Packet: 1, Err: fmt.Errorf("%v is not decoded, and none of the %d packets is of another", f.link, f.strange),
		Hint: "Ethernet, Linux cooked, raw IP, loopback, PPP, HDLC, 802.11, ARCNET, PKTAP and NFLOG are"}
}

// locate makes an [*Error] of what a foreign reader returned; ours know the
// place better.
func (f *File) locate(err error) error {
	var known *Error
	if err == io.EOF || errors.As(err, &known) {
		return err
	}
	return &Error{Path: f.name, Packet: f.stats.Packets + 1, Err: err}
}

// Stats is what was read so far.
func (f *File) Stats() Stats {
	if !f.closed {
		f.stats.Dropped = f.reader.Dropped()
	}
	f.stats.Unassembled, f.stats.GivenUp = f.decoder.pieces.missed(f.stats.Fragments)
	f.stats.Untimed = untimed(f.reader)
	f.stats.TunnelCopies = f.viewer.copies
	return f.stats
}

// Close closes the reader. Next returns no packet any more.
func (f *File) Close() error {
	if f.closed {
		return nil
	}
	f.stats.Dropped = f.reader.Dropped()
	f.closed = true
	if f.err == nil {
		f.err = &Error{Path: f.name, Err: fs.ErrClosed}
	}
	return f.reader.Close()
}
