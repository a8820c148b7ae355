package capture

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/gopacket"
)

// The block types of pcapng that mean something here (draft-ietf-opsawg-pcapng
// §11.1, and §A for the obsolete one). All others are passed over.
const (
	blockInterface  = 1
	blockObsolete   = 2
	blockSimple     = 3
	blockStatistics = 5
	blockEnhanced   = 6
	blockSecrets    = 10
	sectionHeader   = 0x0a0d0d0a // the same in both byte orders
)

const (
	blockEnds     = 12         // type and length before a block's body, the length again behind it
	byteOrderMark = 0x1a2b3c4d // §4.1
	minSection    = 28         // bytes of a section header block without options
)

// pcapngReader reads the pcapng format, draft-ietf-opsawg-pcapng.
type pcapngReader struct {
	input
	order      bigEndian     // of the current section
	interfaces []ngInterface // of the whole file
	base       int           // where the current section's interfaces begin
	last       time.Time     // of the packet before
	dropped    uint64
	untimed    uint64
	secrets    secretStore
}

// ngBlock is one block of a section, borrowed until the next is read.
type ngBlock struct {
	kind uint32
	body []byte // between the two lengths
}

// newPcapng takes over in, whose first bytes are a section header's. The
// first section header belongs to the file's head: a fault in it is none of
// a packet's.
func newPcapng(in *input) (*pcapngReader, error) {
	r := &pcapngReader{input: *in, last: time.Unix(0, 0).UTC()}
	if _, err := r.nextBlock(); err != nil {
		if e, ok := errors.AsType[*Error](err); ok {
			e.Packet = 0
		}
		return nil, err
	}
	return r, nil
}

// LinkType implements [Reader].
func (r *pcapngReader) LinkType(interfaceIndex int) LinkType {
	if interfaceIndex < 0 || interfaceIndex >= len(r.interfaces) {
		return linkUndescribed
	}
	return r.interfaces[interfaceIndex].link
}

// linkUndescribed is none of the registry's numbers, so nothing decodes it.
const linkUndescribed LinkType = 0xffff

// Dropped implements [Reader].
func (r *pcapngReader) Dropped() uint64 { return r.dropped }

// Untimed is how many packets were read so far that have no capture time:
// those of simple packet blocks (§4.4).
func (r *pcapngReader) Untimed() uint64 { return r.untimed }

// Secrets are the TLS key logs that the file carries (decryption secrets
// blocks) as far as it has been read, in the form of SSLKEYLOGFILE. They are
// the caller's to keep. What exceeds 1 MiB in all is left out.
func (r *pcapngReader) Secrets() [][]byte { return r.secrets.logs }

// ZeroCopyReadPacketData implements [Reader].
func (r *pcapngReader) ZeroCopyReadPacketData() (data []byte, ci gopacket.CaptureInfo, err error) {
	for r.err == nil {
		b, err := r.nextBlock()
		if err != nil {
			return nil, ci, err
		}
		switch b.kind {
		case blockEnhanced:
			data, ci, err = r.enhanced(b.body)
		case blockSimple:
			data, ci, err = r.simple(b.body)
		case blockObsolete:
			data, ci, err = r.obsolete(b.body)
		default:
			if err := r.note(b); err != nil {
				return nil, ci, r.failBefore(b, err)
			}
			continue
		}
		if err != nil {
			return nil, ci, r.failBefore(b, err)
		}
		r.packets++
		return data, ci, nil
	}
	return nil, ci, r.err
}

// note takes in a block that is no packet.
func (r *pcapngReader) note(b ngBlock) error {
	switch b.kind {
	case blockInterface:
		return r.describe(b.body)
	case blockStatistics:
		return r.statistics(b.body)
	case blockSecrets:
		return r.secrets.take(b.body, r.order)
	}
	return nil
}

// nextBlock takes the next block off the input. It begins a new section
// where one starts.
func (r *pcapngReader) nextBlock() (ngBlock, error) {
	head, err := r.peek(blockEnds)
	if err != nil {
		return ngBlock{}, r.ended(head, blockEnds, "a block's header", err)
	}
	kind := r.order.u32(head)
	if kind == sectionHeader {
		if err := r.turnOrder(head[8:]); err != nil {
			return ngBlock{}, r.fail(err, hintDamaged)
		}
	}
	length := r.order.u32(head[4:])
	if length < blockEnds || length%4 != 0 || length > maxRecord {
		return ngBlock{}, r.fail(fmt.Errorf("a block of %d bytes is impossible", length), hintDamaged)
	}
	size := int(length)
	whole, err := r.peek(size)
	if err != nil {
		return ngBlock{}, r.ended(whole, size, "a block", err)
	}
	if again := r.order.u32(whole[size-4:]); again != length {
		return ngBlock{}, r.fail(fmt.Errorf("a block's two lengths differ, %d and %d bytes", length, again), hintDamaged)
	}
	b := ngBlock{kind, whole[8 : size-4]}
	if kind == sectionHeader {
		if err := r.beginSection(b.body); err != nil {
			return ngBlock{}, err
		}
	}
	r.skip(size)
	return b, nil
}

// turnOrder sets the byte order of the section that begins. It must be known
// before the header's own length can be.
func (r *pcapngReader) turnOrder(mark []byte) error {
	switch uint32(byteOrderMark) {
	case bigEndian(false).u32(mark):
		r.order = false
	case bigEndian(true).u32(mark):
		r.order = true
	default:
		return fmt.Errorf("a section's byte-order mark is % x", mark[:4])
	}
	return nil
}

// beginSection forgets the interfaces' numbers: a section counts its own from
// 0. The section's length is not needed, and often not known to its writer.
func (r *pcapngReader) beginSection(body []byte) error {
	if len(body)+blockEnds < minSection {
		return r.fail(errors.New("a section header is too short"), hintDamaged)
	}
	if major := r.order.u16(body[4:]); major != 1 {
		return r.fail(fmt.Errorf("pcapng version %d.%d is not known", major, r.order.u16(body[6:])),
			"version 1 is what everyone writes: is the file damaged?")
	}
	r.base = len(r.interfaces)
	return nil
}

// failBefore is fail for a fault in a block that has been taken already.
func (r *pcapngReader) failBefore(b ngBlock, err error) error {
	e := r.fail(err, hintDamaged)
	e.Offset -= int64(len(b.body) + blockEnds)
	return e
}
