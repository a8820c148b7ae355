package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func plainPcap(packets []raw) *pcapFile {
	f := &pcapFile{order: binary.LittleEndian, magic: 0xa1b2c3d4, snap: 262144, network: 1}
	f.encode(packets)
	return f
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func zstded(b []byte) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	return w.EncodeAll(b, nil)
}

func TestCompressedReadsEqual(t *testing.T) {
	want := sampleRaws(50)
	plain := plainPcap(want).bytes
	sections, sectionRaws := simpleAndSections()
	half := len(plain) / 2
	for name, c := range map[string]struct {
		file []byte
		want []raw
	}{
		"gzip":           {gzipped(plain), want},
		"gzip members":   {append(gzipped(plain[:half]), gzipped(plain[half:])...), want},
		"zstd":           {zstded(plain), want},
		"zstd frames":    {append(zstded(plain[:half]), zstded(plain[half:])...), want},
		"pzstd":          {append([]byte{0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4}, zstded(plain)...), want},
		"gzip in gzip":   {gzipped(gzipped(plain)), want},
		"gzip in zstd":   {zstded(gzipped(plain)), want},
		"pcapng in gzip": {gzipped(sections.bytes), sectionRaws},
		"pcapng in zstd": {zstded(sections.bytes), sectionRaws},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readFile(t, c.file)
			if err != io.EOF {
				t.Fatal(err)
			}
			wantRaws(t, got, c.want)
		})
	}
}

func TestCompressedTooOften(t *testing.T) {
	file := gzipped(zstded(gzipped(plainPcap(nil).bytes)))
	if _, err := readFile(t, file); err == nil || !strings.Contains(err.Error(), "compressed more than 2 times over") {
		t.Fatal(err)
	}
}

// A cut stream yields what could be decompressed, then one error that names
// the compression.
func TestCompressedCut(t *testing.T) {
	want := sampleRaws(300)
	noise := rand.NewChaCha8([32]byte{})
	for i := range want { // incompressible, so that there are several blocks
		want[i].data = make([]byte, 1200)
		noise.Read(want[i].data)
		want[i].wire = len(want[i].data)
	}
	plain := plainPcap(want).bytes
	for name, file := range map[string][]byte{"gzip": gzipped(plain), "zstd": zstded(plain)} {
		most := 0
		for n := 4; n < len(file); n += 1 + n/16 {
			got, err := readFile(t, file[:n])
			if _, ok := errors.AsType[*Error](err); !ok || !strings.Contains(err.Error(), "the file ends inside its "+name+" stream") {
				t.Fatalf("%s cut at %d: %v", name, n, err)
			}
			wantRaws(t, got, want[:len(got)])
			most = max(most, len(got))
		}
		if most < len(want)/2 {
			t.Errorf("%s cut near its end yields %d packets", name, most)
		}
	}
}

func TestCompressedBroken(t *testing.T) {
	want := sampleRaws(300)
	plain := plainPcap(want).bytes
	sum := gzipped(plain)
	sum[len(sum)-8]++
	got, err := readFile(t, sum)
	wantRaws(t, got, want)
	if e, ok := errors.AsType[*Error](err); !ok || e.Packet != 301 || !errors.Is(err, gzip.ErrChecksum) {
		t.Errorf("wrong gzip checksum: %v", err)
	}
	// A frame that asks for a window of 256 MiB.
	window := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 18 << 3, 1, 0, 0}
	if _, err = readFile(t, window); err == nil || !strings.Contains(err.Error(), "zstd window is larger than 128 MiB") {
		t.Errorf("zstd window of 256 MiB: %v", err)
	}
	if _, err = readFile(t, []byte("\x1f\x8b\x07 no deflate")); err == nil || !strings.Contains(err.Error(), "gzip stream is broken") {
		t.Errorf("gzip of unknown method: %v", err)
	}
}

func TestNoCaptureFile(t *testing.T) {
	for name, c := range map[string]struct{ file, says string }{
		"empty":           {"", "test: the file is empty; even a capture"},
		"three bytes":     {"\xd4\xc3\xb2", "3 bytes are too few; pcap and pcapng are read"},
		"pcap header cut": {"\xd4\xc3\xb2\xa1\x02\x00", "ends inside the file header: 6 of its 24 bytes are there"},
		"section cut":     {"\x0a\x0d\x0d\x0a\x1c\x00", "ends inside a block's header: 6 of its 12 bytes are there"},
		"text":            {"10:00:00.1 IP a > b: Flags [S]\n", "it is text; packets are needed"},
		"ELF":             {"\x7fELF\x02\x01", "it is a program"},
		"xz":              {"\xfd7zXZ\x00\x00", "it is compressed with xz; decompress it first"},
		"bzip2":           {"BZh91AY&SY", "it is compressed with bzip2"},
		"snoop":           {"snoop\x00\x00\x00\x00", "Solaris snoop; convert it: editcap"},
		"noise":           {"\x00\x01\x02\x03\x04\x05\x06\x07\x08", "it starts with 00 01 02 03 04 05 06 07; pcap"},
		"text in gzip":    {string(gzipped([]byte("hello, world"))), "it is text"},
		"nothing in gzip": {string(gzipped(nil)), "the file is empty"},
		"gzip header cut": {"\x1f\x8b\x08\x00", "the file ends inside its gzip stream"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := NewReader(strings.NewReader(c.file), "test")
			e, ok := errors.AsType[*Error](err)
			if r != nil || !ok || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%v, want one line with %q", err, c.says)
			}
			if e.Packet != 0 {
				t.Errorf("%v blames a packet", err)
			}
		})
	}
}

func TestHeaderOnly(t *testing.T) {
	for name, file := range map[string][]byte{"pcap": plainPcap(nil).bytes, "pcapng": func() []byte {
		f := &ngFile{order: binary.BigEndian}
		f.section(1)
		return f.bytes
	}()} {
		if got, err := readFile(t, file); err != io.EOF || len(got) != 0 {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestOpenWhatCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	locked := filepath.Join(dir, "locked.pcap")
	if err := os.WriteFile(locked, plainPcap(nil).bytes, 0); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		says string
		is   error
	}{
		dir:                             {dir + ": is a directory; name the capture files in it", nil},
		filepath.Join(dir, "none.pcap"): {"none.pcap: no such file or directory; check the name", fs.ErrNotExist},
	}
	if os.Geteuid() != 0 { // root may read everything
		cases[locked] = struct {
			says string
			is   error
		}{"locked.pcap: permission denied; a capture taken as root", fs.ErrPermission}
	}
	for path, c := range cases {
		r, err := Open(path, nil)
		if _, ok := errors.AsType[*Error](err); r != nil || !ok || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, want %q", err, c.says)
		}
		if c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%v does not wrap %v", err, c.is)
		}
	}
}

func TestOpenFileAndStandardInput(t *testing.T) {
	want := sampleRaws(4)
	path := filepath.Join(t.TempDir(), "misnamed.txt")
	if err := os.WriteFile(path, gzipped(plainPcap(want).bytes), 0o600); err != nil {
		t.Fatal(err)
	}
	stdin := bytes.NewReader(plainPcap(want).bytes)
	for _, name := range []string{path, "-"} {
		r, err := Open(name, stdin)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readRaws(t, r)
		if err != io.EOF {
			t.Fatal(err)
		}
		wantRaws(t, got, want)
		if err := errors.Join(r.Close(), r.Close()); err != nil {
			t.Errorf("closing %s: %v", name, err)
		}
	}
}

func TestReadAfterClose(t *testing.T) {
	r, err := NewReader(bytes.NewReader(plainPcap(sampleRaws(2)).bytes), "test")
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	if _, _, err := r.ZeroCopyReadPacketData(); !errors.Is(err, fs.ErrClosed) {
		t.Fatalf("%v, want %v", err, fs.ErrClosed)
	}
}

// The operating system's error comes through, behind the packets before it,
// also from beneath a decompressor.
func TestReadError(t *testing.T) {
	want := sampleRaws(3)
	broken := &fs.PathError{Op: "read", Path: "test", Err: errors.New("input/output error")}
	for name, file := range map[string][]byte{"plain": plainPcap(want).bytes, "gzip": gzipped(plainPcap(want).bytes)} {
		r, err := NewReader(io.MultiReader(bytes.NewReader(file), iotest.ErrReader(broken)), "test")
		if err != nil {
			t.Fatal(err)
		}
		got, err := readRaws(t, r)
		wantRaws(t, got, want)
		if !errors.Is(err, broken.Err) || !strings.Contains(err.Error(), "packet 4: ") || !strings.Contains(err.Error(), "cannot be read: input/output error") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewReader(iotest.ErrReader(broken), "test"); err == nil || err.Error() != "test: cannot be read: input/output error" {
		t.Error(err)
	}
}

// A pipe's packets are there when they were written, not when a block is full.
func TestPipeIsFollowed(t *testing.T) {
	want := sampleRaws(6)
	f := plainPcap(want)
	pr, pw := io.Pipe()
	go pw.Write(f.bytes[:f.ends[0]])
	r, err := NewReader(pr, "-")
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		go pw.Write(f.bytes[f.ends[i]:f.ends[i+1]]) // the next is written only after this was read
		data, _, err := r.ZeroCopyReadPacketData()
		if err != nil || !bytes.Equal(data, want[i].data) {
			t.Fatalf("packet %d: % x, %v", i+1, data, err)
		}
	}
}
