package capture

import (
	"fmt"
	"io"

	"github.com/google/gopacket"
)

// FromGopacket makes a Reader of any packet source of the gopacket world:
// pcapgo's readers, a pcap handle, afpacket. gopacket's own link type has 8
// bits, so link says what all packets of src start with; name stands in
// errors. What the source drops is not known here: Dropped is 0.
//
// Errors of src other than io.EOF come as [*Error] with the number of the
// packet that could not be read, wrapping the source's own, and leave it to
// the caller to go on: a live source times out and then continues. Close
// closes src if it can be closed.
func FromGopacket(src gopacket.ZeroCopyPacketDataSource, link LinkType, name string) ReadCloser {
	return &gopacketReader{src: src, link: link, name: name}
}

type gopacketReader struct {
	src     gopacket.ZeroCopyPacketDataSource
	link    LinkType
	name    string
	packets uint64
}

// LinkType implements [Reader].
func (r *gopacketReader) LinkType(int) LinkType { return r.link }

// Close implements [ReadCloser].
func (r *gopacketReader) Close() error {
	switch c := r.src.(type) {
	case io.Closer:
		return c.Close()
	case interface{ Close() }: // as gopacket's own handles have it
		c.Close()
	}
	return nil
}

// Dropped implements [Reader].
func (r *gopacketReader) Dropped() uint64 { return 0 }

// ZeroCopyReadPacketData implements [Reader]. It holds the source to what a
// Reader promises: times in UTC, lengths that agree with the data.
func (r *gopacketReader) ZeroCopyReadPacketData() (data []byte, ci gopacket.CaptureInfo, err error) {
	// pcapgo divides by zero on a crafted time resolution.
	defer func() {
		if p := recover(); p != nil {
			data, err = nil, r.fail(fmt.Errorf("the packet source panicked: %v", p))
		}
	}()
	data, ci, err = r.src.ZeroCopyReadPacketData()
	switch {
	case err == io.EOF:
		return nil, ci, io.EOF
	case err != nil:
		return nil, ci, r.fail(err)
	}
	r.packets++
	ci.Timestamp = ci.Timestamp.UTC()
	ci.CaptureLength = len(data)
	ci.Length = max(ci.Length, len(data))
	return data, ci, nil
}

func (r *gopacketReader) fail(err error) error {
	return &Error{Path: r.name, Packet: r.packets + 1, Err: err}
}
