package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"unicode/utf8"
)

// ReadCloser is a Reader that holds a file or a decompressor. Close frees
// them; it may be called more than once. After it nothing more is read.
//
// That of a pcapng file also has Secrets() [][]byte: the TLS key logs that
// the file carries, as far as it has been read; and Untimed() uint64: how many
// packets had no capture time so far.
type ReadCloser interface {
	Reader
	Close() error
}

// Open opens a capture file; "-" stands for stdin, which Close leaves open.
// The format is told by the content, never by the name: pcap, pcapng, and
// either of them inside gzip or zstd. Errors are [*Error].
func Open(path string, stdin io.Reader) (ReadCloser, error) {
	if path == "-" {
		return NewReader(stdin, path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, notOpened(path, err)
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close()
		return nil, &Error{Path: path, Err: errors.New("is a directory"), Hint: "name the capture files in it"}
	}
	return open(f, path, f)
}

// openPart opens one file of a rotated capture, and says how large it is. It is
// opened twice, to be put into order and to be read.
func openPart(path string) (r ReadCloser, bytes int64, err error) {
	info, err := os.Stat(path)
	switch {
	case path == "-" || err == nil && !info.Mode().IsRegular() && !info.IsDir():
		return nil, 0, &Error{Path: path, Err: errors.New("is no file on disk, and the parts of a rotated capture are opened twice"),
			Hint: "write it to a file first (inside gzip or zstd it is read as well)"}
	case err == nil:
		bytes = info.Size()
	}
	r, err = Open(path, nil)
	return r, bytes, err
}

// NewReader reads a capture from r in any format that [Open] knows. name
// stands in errors. Close does not close r.
func NewReader(r io.Reader, name string) (ReadCloser, error) {
	return open(r, name)
}

// notOpened says in the system's words why a file could not be opened, and
// what is usually the matter.
func notOpened(path string, err error) error {
	e := &Error{Path: path, Err: err}
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		e.Err = p.Err // the path is in our own line already
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Hint = "check the name"
	case errors.Is(err, fs.ErrPermission):
		e.Hint = "a capture taken as root belongs to root: change its owner or mode"
	}
	return e
}

// open recognises the format in r. It owns the closers: they are closed with
// the reader, or at once if there is to be none.
func open(r io.Reader, name string, closers ...io.Closer) (ReadCloser, error) {
	in := &input{taken: &taken{r: r}, name: name, closers: closers}
	in.block = newBlock(in.taken)
	reader, err := in.recognise()
	if err != nil {
		in.Close()
		return nil, err
	}
	return reader, nil
}

// recognise takes compressions off the input until it starts like a capture.
func (in *input) recognise() (ReadCloser, error) {
	for layer := 0; ; layer++ {
		magic, err := in.peek(4)
		if err != nil {
			return nil, in.tooShort(magic, err)
		}
		wrap := compressionOf(magic)
		if wrap == nil {
			break
		}
		if layer == maxLayers {
			return nil, in.refuse(fmt.Errorf("compressed more than %d times over", maxLayers), "decompress it first")
		}
		if err := in.unwrap(wrap); err != nil {
			return nil, err
		}
	}
	return in.format()
}

// format chooses the reader by the magic number, which is there.
func (in *input) format() (ReadCloser, error) {
	in.grow(blockSize)
	magic, err := in.peek(4)
	if err != nil {
		return nil, in.refuse(unread(err), "")
	}
	if binary.BigEndian.Uint32(magic) == sectionHeader {
		return newPcapng(in)
	}
	if v, ok := pcapVariantOf(magic); ok {
		return newPcap(in, v)
	}
	start, _ := in.peek(in.held())
	what, hint := lookalike(start)
	return nil, in.refuse(errors.New("not a capture file, it "+what), hint)
}

// tooShort explains a file that has no room for a magic number.
func (in *input) tooShort(start []byte, err error) error {
	switch {
	case err != io.EOF:
		return in.refuse(unread(err), "")
	case len(start) == 0:
		return in.refuse(errNoBytes, "even a capture without packets has a header: was its writer stopped at once?")
	}
	return in.refuse(fmt.Errorf("not a capture file, %d bytes are too few", len(start)), hintFormats)
}

var errNoBytes = errors.New("the file is empty")

const (
	hintFormats    = "pcap and pcapng are read, also inside gzip or zstd"
	hintConvert    = "convert it: editcap -F pcapng FILE NEW"
	hintDecompress = "decompress it first"
)

// lookalike says what a file that is no capture is, as far as its first bytes
// tell, and what to do with it.
func lookalike(start []byte) (what, hint string) {
	for _, known := range []struct{ magic, what, hint string }{
		{"BZh", "is compressed with bzip2", hintDecompress},
		{"\xfd7zXZ\x00", "is compressed with xz", hintDecompress},
		{"\x04\x22\x4d\x18", "is compressed with lz4", hintDecompress},
		{"PK\x03\x04", "is a zip archive", "unpack it first"},
		{"snoop\x00\x00\x00", "is a capture of Solaris snoop", hintConvert},
		{"btsnoop\x00", "is a Bluetooth capture", "it holds no TCP"},
		{"GMBU", "is a capture of Microsoft Network Monitor", hintConvert},
		{"RTSS", "is a capture of Microsoft Network Monitor", hintConvert},
		{"TRSNIFF data", "is a capture of Network General Sniffer", hintConvert},
		{"XCP\x00", "is a capture of NetXRay", hintConvert},
		{"\x7fELF", "is a program", hintFormats},
		{"MZ", "is a program", hintFormats},
		{"%PDF", "is a PDF", hintFormats},
	} {
		if bytes.HasPrefix(start, []byte(known.magic)) {
			return known.what, known.hint
		}
	}
	if isText(start) {
		return "is text", "packets are needed, not what was printed of them: record with tcpdump -w FILE"
	}
	return fmt.Sprintf("starts with % x", start[:min(len(start), 8)]), hintFormats
}

// isText reports whether the start of a file reads as UTF-8 without control
// characters. A character cut off at the end is forgiven.
func isText(start []byte) bool {
	start = start[:min(len(start), 512)]
	for len(start) > 0 {
		r, size := utf8.DecodeRune(start)
		if r == utf8.RuneError && size == 1 {
			return !utf8.FullRune(start)
		}
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' && r != '\x1b' {
			return false
		}
		start = start[size:]
	}
	return true
}
