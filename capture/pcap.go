package capture

import (
	"fmt"
	"math"
	"time"

	"github.com/google/gopacket"
)

// The sizes of pcap's headers in bytes (draft-ietf-opsawg-pcap §4 and §5).
const (
	pcapHeader   = 24
	pcapRecord   = 16
	pcapModified = 24 // Kuznetzov's: interface, protocol and packet type follow
)

// A pcap record may be as long as the file's own snap length says, which is
// believed within these bounds: programs write longer packets than they
// announced, but a gigabyte is damage. The lower bound is twice the longest
// packet of Linux (see maxRecord).
const (
	minPacketLimit = 1 << 20
	maxPacketLimit = maxRecord - pcapModified
)

// pcapVariant is what the magic number of a pcap file tells.
type pcapVariant struct {
	order  bigEndian
	unit   int64 // ns in a unit of the second time field
	record int   // bytes of a record header
}

// pcapVariantOf reads the magic number in either byte order: microseconds,
// nanoseconds, or the modified form of Alexey Kuznetzov's libpcap.
func pcapVariantOf(magic []byte) (v pcapVariant, ok bool) {
	for _, v.order = range []bigEndian{false, true} {
		switch v.order.u32(magic) {
		case 0xa1b2c3d4:
			v.unit, v.record = 1000, pcapRecord
			return v, true
		case 0xa1b23c4d:
			v.unit, v.record = 1, pcapRecord
			return v, true
		case 0xa1b2cd34:
			v.unit, v.record = 1000, pcapModified
			return v, true
		}
	}
	return v, false
}

// pcapReader reads the pcap format, draft-ietf-opsawg-pcap.
type pcapReader struct {
	input
	pcapVariant
	link  LinkType
	limit uint32 // longest packet taken for one, in bytes
}

// newPcap takes over in, whose first bytes are a magic number of variant v.
func newPcap(in *input, v pcapVariant) (*pcapReader, error) {
	head, err := in.peek(pcapHeader)
	if err != nil {
		hint, cause := in.shortage(head, pcapHeader, "the file header", err)
		return nil, in.refuse(cause, hint)
	}
	if major := v.order.u16(head[4:]); major != 2 {
		return nil, in.refuse(fmt.Errorf("pcap version %d.%d is not known", major, v.order.u16(head[6:])), "version 2.4 is what everyone writes: is the file damaged?")
	}
	in.skip(pcapHeader)
	return &pcapReader{
		input:       *in,
		pcapVariant: v,
		limit:       min(max(v.order.u32(head[16:]), minPacketLimit), maxPacketLimit),
		// The upper half of the field tells of frame check sequences.
		link: LinkType(v.order.u32(head[20:])),
	}, nil
}

// LinkType is that of the file: pcap has one for all packets.
func (r *pcapReader) LinkType(int) LinkType { return r.link }

// Dropped is 0: pcap does not record it.
func (r *pcapReader) Dropped() uint64 { return 0 }

// ZeroCopyReadPacketData implements [Reader].
func (r *pcapReader) ZeroCopyReadPacketData() (data []byte, ci gopacket.CaptureInfo, err error) {
	if r.err != nil {
		return nil, ci, r.err
	}
	head, err := r.peek(r.record)
	if err != nil {
		return nil, ci, r.ended(head, r.record, "a packet's header", err)
	}
	captured := r.order.u32(head[8:])
	if captured > r.limit {
		return nil, ci, r.fail(fmt.Errorf("a packet of %d bytes is impossible", captured), hintDamaged)
	}
	size := r.record + int(captured)
	packet, err := r.peek(size)
	if err != nil {
		return nil, ci, r.ended(packet, size, "a packet", err)
	}
	ci.Timestamp = time.Unix(int64(r.order.u32(packet)), int64(r.order.u32(packet[4:]))*r.unit).UTC()
	ci.CaptureLength = int(captured)
	ci.Length = wireLength(r.order.u32(packet[12:]), captured)
	r.skip(size)
	r.packets++
	return packet[r.record:], ci, nil
}

// wireLength is the length of a packet on the wire as a file tells it. Some
// writers leave it 0 or count it without the check sequence that they
// captured: a packet is never shorter than what there is of it.
func wireLength(told, captured uint32) int {
	return int(min(max(told, captured), math.MaxInt32))
}
