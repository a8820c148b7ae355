package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"
)

// raw is one packet as a Reader yields it, with its bytes copied.
type raw struct {
	time  time.Time
	wire  int
	iface int
	link  LinkType
	data  []byte
}

func (r raw) String() string {
	return fmt.Sprintf("{%s wire %d interface %d %s % x}", r.time.Format(time.RFC3339Nano), r.wire, r.iface, r.link, r.data)
}

// sampleRaws are packets that every format can hold: whole microseconds,
// lengths around the padding of 4, one cut by a snap length, one empty.
func sampleRaws(n int) []raw {
	start := time.Unix(1_700_000_000, 999_990_000).UTC()
	list := make([]raw, n)
	for i := range list {
		data := bytes.Repeat([]byte{byte(i + 1)}, i*7%23)
		list[i] = raw{time: start.Add(time.Duration(i) * 13 * time.Microsecond), wire: len(data) + i%2*100, link: LinkEthernet, data: data}
	}
	return list
}

// readRaws reads to the end. It holds the reader to what every reader
// promises: agreeing lengths, UTC, and an end that stays the end.
func readRaws(t testing.TB, r Reader) ([]raw, error) {
	t.Helper()
	var list []raw
	for {
		data, ci, err := r.ZeroCopyReadPacketData()
		if err != nil {
			checkEnd(t, r, err, uint64(len(list)))
			return list, err
		}
		if ci.CaptureLength != len(data) || ci.Length < len(data) {
			t.Fatalf("packet %d: %d bytes, said to be %d of %d", len(list)+1, len(data), ci.CaptureLength, ci.Length)
		}
		if ci.Timestamp.Location() != time.UTC {
			t.Fatalf("packet %d: time in %v", len(list)+1, ci.Timestamp.Location())
		}
		list = append(list, raw{ci.Timestamp, ci.Length, ci.InterfaceIndex, r.LinkType(ci.InterfaceIndex), bytes.Clone(data)})
	}
}

func checkEnd(t testing.TB, r Reader, err error, read uint64) {
	t.Helper()
	if e, ok := errors.AsType[*Error](err); err != io.EOF && (!ok || e.Packet != read+1) {
		t.Fatalf("after %d packets: %v, want io.EOF or an error of packet %d", read, err, read+1)
	}
	if _, theirs := r.(*gopacketReader); theirs {
		return
	}
	if _, _, again := r.ZeroCopyReadPacketData(); again != err {
		t.Fatalf("after the end (%v): %v", err, again)
	}
}

// readFile reads a file in memory; err is from opening or from reading.
func readFile(t testing.TB, file []byte) ([]raw, error) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file), "test")
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return readRaws(t, r)
}

func wantRaws(t testing.TB, got, want []raw) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d packets, want %d", len(got), len(want))
	}
	for i := range want {
		g, w := got[i], want[i]
		if !g.time.Equal(w.time) || g.wire != w.wire || g.iface != w.iface || g.link != w.link || !bytes.Equal(g.data, w.data) {
			t.Fatalf("packet %d is %v, want %v", i+1, g, w)
		}
	}
}

// byteOrder is what both binary.LittleEndian and binary.BigEndian are.
type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// pcapFile writes pcap in the variants that pcapgo's writer does not know.
// ends are the places where a record ends, the file header's first.
type pcapFile struct {
	order         byteOrder
	magic         uint32
	snap, network uint32
	bytes         []byte
	ends          []int
}

func (f *pcapFile) encode(packets []raw) []byte {
	o := f.order
	b := o.AppendUint32(nil, f.magic)
	b = o.AppendUint16(o.AppendUint16(b, 2), 4)
	b = append(b, make([]byte, 8)...)
	b = o.AppendUint32(o.AppendUint32(b, f.snap), f.network)
	f.ends = []int{len(b)}
	for _, p := range packets {
		fraction := uint32(p.time.Nanosecond())
		if f.magic != 0xa1b23c4d {
			fraction /= 1000
		}
		for _, v := range []uint32{uint32(p.time.Unix()), fraction, uint32(len(p.data)), uint32(p.wire)} {
			b = o.AppendUint32(b, v)
		}
		if f.magic == 0xa1b2cd34 {
			b = append(b, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee)
		}
		b = append(b, p.data...)
		f.ends = append(f.ends, len(b))
	}
	f.bytes = b
	return b
}

// ngFile writes pcapng block by block.
type ngFile struct {
	order byteOrder
	bytes []byte
	ends  []int // where blocks end
}

type ngOption struct {
	code  uint16
	value []byte
}

func (f *ngFile) block(kind uint32, body []byte) {
	body = append(slices.Clip(body), make([]byte, -len(body)&3)...)
	length := uint32(len(body) + 12)
	f.bytes = f.order.AppendUint32(f.order.AppendUint32(f.bytes, kind), length)
	f.bytes = append(f.bytes, body...)
	f.bytes = f.order.AppendUint32(f.bytes, length)
	f.ends = append(f.ends, len(f.bytes))
}

func (f *ngFile) words(v ...uint32) (b []byte) {
	for _, w := range v {
		b = f.order.AppendUint32(b, w)
	}
	return b
}

func (f *ngFile) options(list []ngOption) (b []byte) {
	for _, o := range list {
		b = f.order.AppendUint16(f.order.AppendUint16(b, o.code), uint16(len(o.value)))
		b = append(append(b, o.value...), make([]byte, -len(o.value)&3)...)
	}
	if len(list) > 0 {
		b = append(b, 0, 0, 0, 0)
	}
	return b
}

func (f *ngFile) section(major uint16) {
	body := f.order.AppendUint32(nil, 0x1a2b3c4d)
	body = f.order.AppendUint16(f.order.AppendUint16(body, major), 0)
	f.block(0x0a0d0d0a, f.order.AppendUint64(body, 1<<64-1))
}

func (f *ngFile) describe(link LinkType, snap uint32, options ...ngOption) {
	body := f.order.AppendUint16(nil, uint16(link))
	body = f.order.AppendUint32(append(body, 0, 0), snap)
	f.block(1, append(body, f.options(options)...))
}

func (f *ngFile) resolution(r uint8) ngOption { return ngOption{9, []byte{r}} }

func (f *ngFile) offset(seconds int64) ngOption {
	return ngOption{14, f.order.AppendUint64(nil, uint64(seconds))}
}

func (f *ngFile) count(code uint16, n uint64) ngOption {
	return ngOption{code, f.order.AppendUint64(nil, n)}
}

func (f *ngFile) enhanced(id uint32, ticks uint64, p raw, options ...ngOption) {
	body := f.words(id, uint32(ticks>>32), uint32(ticks), uint32(len(p.data)), uint32(p.wire))
	body = append(append(body, p.data...), make([]byte, -len(p.data)&3)...)
	f.block(6, append(body, f.options(options)...))
}

func (f *ngFile) simple(p raw) { f.block(3, append(f.words(uint32(p.wire)), p.data...)) }

func (f *ngFile) obsolete(id, drops uint16, ticks uint64, p raw) {
	body := f.order.AppendUint16(f.order.AppendUint16(nil, id), drops)
	body = append(body, f.words(uint32(ticks>>32), uint32(ticks), uint32(len(p.data)), uint32(p.wire))...)
	f.block(2, append(body, p.data...))
}

func (f *ngFile) statistics(id uint32, options ...ngOption) {
	f.block(5, append(f.words(id, 0, 0), f.options(options)...))
}

func (f *ngFile) secrets(kind uint32, log string) {
	f.block(10, append(f.words(kind, uint32(len(log))), log...))
}

// microseconds is the ticks of a time in pcapng's default resolution.
func microseconds(t time.Time) uint64 { return uint64(t.UnixMicro()) }

// cutEverywhere reads every prefix of a file: it must yield a prefix of the
// packets and end cleanly exactly where a record ends.
func cutEverywhere(t *testing.T, file []byte, ends []int, want []raw) {
	t.Helper()
	for n := range file {
		got, err := readFile(t, file[:n])
		if len(got) > len(want) {
			t.Fatalf("cut at %d: %d packets", n, len(got))
		}
		wantRaws(t, got, want[:len(got)])
		e, damaged := errors.AsType[*Error](err)
		if whole := slices.Contains(ends, n); whole == damaged || whole != (err == io.EOF) {
			t.Fatalf("cut at %d after %d packets: %v", n, len(got), err)
		}
		if damaged && n > ends[0] && (e.Packet == 0 || e.Offset != int64(lastEnd(ends, n))) {
			t.Fatalf("cut at %d: %v, want byte %d", n, err, lastEnd(ends, n))
		}
	}
}

func lastEnd(ends []int, n int) int {
	i, _ := slices.BinarySearch(ends, n)
	return ends[i-1]
}
