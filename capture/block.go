package capture

import (
	"encoding/binary"
	"io"
	"math/bits"
)

const (
	// firstBlock is enough to recognise a format, and to feed a decompressor,
	// which goes through its input far slower than we through its output.
	firstBlock = 64 << 10
	// blockSize is how much is asked of the operating system at once: large
	// enough that the calls do not show in a profile, small enough for the
	// cache of level 2.
	blockSize = 1 << 20
	// maxRecord is the longest record, header included, that a file may
	// announce. The longest packet that Linux makes is BIG TCP's, 8 × 65,535
	// bytes (GSO_MAX_SIZE, include/linux/netdevice.h); the rest is room for
	// pcapng's secrets and name tables.
	maxRecord = 16 << 20
)

// block is a stretch of an input held in memory, from which records are
// sliced without a copy. A slice is good until the next peek.
//
// The memory grows only when a record is longer than it, at most doubles for
// bytes that have really arrived, and ends at maxRecord: a length field alone
// allocates nothing.
type block struct {
	r          io.Reader
	buf        []byte
	start, end int   // what is read and not yet taken: buf[start:end]
	read       int64 // bytes taken from r so far
	stop       error // what r ended with; it comes to light when its bytes are used up
}

func newBlock(r io.Reader) *block {
	return &block{r: r, buf: make([]byte, firstBlock)}
}

// offset is the place in the input of the first byte not yet taken.
func (b *block) offset() int64 { return b.read - int64(b.held()) }

// peek returns the next n bytes and leaves them in place. If there are fewer
// it returns those and why: io.EOF at the end of the input, else the error of
// the reader beneath. n is at most maxRecord.
func (b *block) peek(n int) ([]byte, error) {
	if b.held() >= n {
		return b.buf[b.start : b.start+n], nil
	}
	return b.fill(n)
}

// skip takes n bytes that were peeked at.
func (b *block) skip(n int) { b.start += n }

// fill reads until n bytes are there. It does not wait for more, so that a
// capture that arrives through a pipe is followed packet by packet.
func (b *block) fill(n int) ([]byte, error) {
	b.end = copy(b.buf, b.buf[b.start:b.end]) // less than one record: cheap
	b.start = 0
	for idle := 0; b.end < n; {
		if b.stop != nil {
			return b.buf[:b.end], b.stop
		}
		if b.end == len(b.buf) {
			b.grow(min(2*len(b.buf), maxRecord))
		}
		got, err := b.r.Read(b.buf[b.end:])
		b.end += got
		b.read += int64(got)
		b.stop = err
		if idle++; got > 0 {
			idle = 0
		}
		if idle > 100 {
			b.stop = io.ErrNoProgress
		}
	}
	return b.buf[:n], nil
}

// grow gives the block room for size bytes. What was peeked at stays good.
func (b *block) grow(size int) {
	larger := make([]byte, size)
	copy(larger, b.buf[:b.end])
	b.buf = larger
}

// held is how many bytes are read and not yet taken.
func (b *block) held() int { return b.end - b.start }

// Read hands on what was peeked at and then the input itself: a decompressor
// continues where the recognition of the format stopped.
func (b *block) Read(p []byte) (int, error) {
	if b.start == b.end {
		if _, err := b.peek(1); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.buf[b.start:b.end])
	b.start += n
	return n, nil
}

// bigEndian says how the numbers of a file are written. A field in place of a
// binary.ByteOrder, whose calls through an interface cost more than the rest
// of a record header.
type bigEndian bool

func (big bigEndian) u16(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if big {
		return bits.ReverseBytes16(v)
	}
	return v
}

func (big bigEndian) u32(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if big {
		return bits.ReverseBytes32(v)
	}
	return v
}

func (big bigEndian) u64(b []byte) uint64 {
	v := binary.LittleEndian.Uint64(b)
	if big {
		return bits.ReverseBytes64(v)
	}
	return v
}
