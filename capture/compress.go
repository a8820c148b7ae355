package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	// maxLayers is how many compressions may lie around a capture: one is
	// usual, two is an accident that happens, more is an attack.
	maxLayers = 2
	// maxWindow is the longest zstd window in bytes, the memory of a
	// decoder: what "zstd -d" itself takes without being asked (windowLog 27,
	// ZSTD_WINDOWLOG_LIMIT_DEFAULT in zstd.h) and "zstd --long" writes.
	maxWindow = 128 << 20
)

// compression is one of the formats that may lie around a capture.
type compression struct {
	name string
	open func(io.Reader) (io.ReadCloser, error)
}

// compressionOf tells by the first four bytes of a file: gzip by RFC 1952
// §2.3.1, zstd by RFC 8878 §3.1.1; pzstd puts a skippable frame first
// (§3.1.2). It is nil for everything else.
func compressionOf(magic []byte) *compression {
	le := binary.LittleEndian.Uint32(magic)
	switch {
	case le&0xffff == 0x8b1f:
		return &compression{"gzip", openGzip}
	case le == 0xfd2fb528, le&^0xf == 0x184d2a50:
		return &compression{"zstd", openZstd}
	}
	return nil
}

// openGzip reads all members of a file, as gzip does: parts of a rotated
// capture are joined by cat.
func openGzip(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) }

func openZstd(r io.Reader) (io.ReadCloser, error) {
	d, err := zstd.NewReader(r,
		zstd.WithDecoderConcurrency(1), // no goroutines: nothing to leak, one core for one capture
		zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}

// unwrap puts a decompressor between the input and what is read from it.
// Offsets are from now on those of the decompressed file.
func (in *input) unwrap(c *compression) error {
	r, err := c.open(in.block)
	if err != nil {
		return in.refuse(inStream(c.name, err), "")
	}
	in.closers = append(in.closers, r)
	in.block = newBlock(&stream{name: c.name, r: r})
	return nil
}

// stream is a decompressor whose errors say which format is broken.
type stream struct {
	name string
	r    io.Reader
}

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		err = inStream(s.name, err)
	}
	return n, err
}

// streamError is compressed data that cannot be decompressed.
type streamError struct {
	name string
	err  error
}

func (e *streamError) Error() string {
	switch {
	case errors.Is(e.err, io.ErrUnexpectedEOF):
		return fmt.Sprintf("the file ends inside its %s stream", e.name)
	case errors.Is(e.err, zstd.ErrWindowSizeExceeded):
		return fmt.Sprintf("its zstd window is larger than %d MiB", maxWindow>>20)
	}
	return fmt.Sprintf("its %s stream is broken: %v", e.name, e.err)
}

func (e *streamError) Unwrap() error { return e.err }

// inStream marks err as the fault of the compressed data, unless it comes
// from the operating system or from a stream further down.
func inStream(name string, err error) error {
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return err
	}
	if _, ok := errors.AsType[*streamError](err); ok {
		return err
	}
	return &streamError{name, err}
}
