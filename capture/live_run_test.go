//go:build linux

package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/gopacket"
)

func wallClock() int64 { return time.Now().UnixNano() }

// liveRun reads a live capture to its end beside the test.
type liveRun struct {
	Live
	file  *File
	ended chan struct{}
	err   error // what it ended with

	mu       sync.Mutex
	raws     []raw
	segments []Segment
	idle     []idleAt
	notices  []string
}

// idleAt is an Idle and how many packets came before it.
type idleAt struct {
	now     int64
	packets int
}

func startLive(t *testing.T, cfg LiveConfig) *liveRun {
	t.Helper()
	run := &liveRun{ended: make(chan struct{})}
	cfg.Clock = wallClock
	cfg.Notice = func(line string) {
		run.mu.Lock()
		defer run.mu.Unlock()
		run.notices = append(run.notices, line)
	}
	live, err := OpenLive(cfg)
	if err != nil {
		t.Fatal(err)
	}
	run.Live = live
	run.file = NewFile(run, cfg.Interface, 0)
	go run.read()
	return run
}

// ZeroCopyReadPacketData keeps a copy of what it passes on.
func (r *liveRun) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	data, ci, err := r.Live.ZeroCopyReadPacketData()
	r.mu.Lock()
	defer r.mu.Unlock()
	switch idle, ok := err.(Idle); {
	case ok:
		r.idle = append(r.idle, idleAt{idle.Now, len(r.raws)})
	case err == nil:
		r.raws = append(r.raws, raw{ci.Timestamp, ci.Length, ci.InterfaceIndex, r.LinkType(ci.InterfaceIndex), bytes.Clone(data)})
	}
	return data, ci, err
}

func (r *liveRun) read() {
	defer close(r.ended)
	for {
		p, err := r.file.Next()
		if _, ok := errors.AsType[Idle](err); ok {
			continue
		}
		if err != nil {
			r.err = err
			return
		}
		r.mu.Lock()
		r.segments = append(r.segments, keep(&p.Segment))
		r.mu.Unlock()
	}
}

// keep is a copy that outlives the packet.
func keep(s *Segment) Segment {
	c := *s
	c.Payload = bytes.Clone(s.Payload)
	if len(c.Payload) == 0 {
		c.Payload = nil
	}
	return c
}

// wait waits until cond holds.
func (r *liveRun) wait(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		r.mu.Lock()
		ok := cond()
		r.mu.Unlock()
		if ok {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

// finish stops the capture, reads it to its end and holds it to what every
// live capture promises.
func (r *liveRun) finish(t *testing.T) {
	t.Helper()
	from := time.Now()
	r.Stop()
	r.Stop()
	select {
	case <-r.ended:
	case <-time.After(5 * time.Second):
		t.Fatal("Stop does not end the capture")
	}
	t.Logf("%d packets, %d segments, %d times idle, stopped within %v, kernel: %+v",
		len(r.raws), len(r.segments), len(r.idle), time.Since(from).Round(time.Millisecond), r.Counters())
	if r.err != io.EOF {
		t.Fatal(r.err)
	}
	r.verify(t)
	if err := r.file.Close(); err != nil {
		t.Fatal(err)
	}
}

// verify checks that no packet is older than an Idle before it, and that a
// file of the same packets gives the same segments.
func (r *liveRun) verify(t *testing.T) {
	t.Helper()
	for _, i := range r.idle {
		for n, p := range r.raws[i.packets:] {
			if p.time.UnixNano() < i.now {
				t.Errorf("packet %d, of %v, comes after %v", i.packets+n+1, p.time, Idle{Now: i.now})
			}
		}
	}
	for i, p := range r.raws {
		if age := time.Since(p.time); age < 0 || age > time.Minute {
			t.Fatalf("packet %d is %v old", i+1, age)
		}
		if r.InterfaceName(p.iface) == "" {
			t.Errorf("packet %d is of interface %d, which has no name", i+1, p.iface)
		}
	}
	if s := r.file.Stats(); s.Packets != uint64(len(r.raws)) || s.Dropped != 0 || s.Malformed != 0 || s.Undecoded != 0 {
		t.Errorf("%d packets: %+v", len(r.raws), s)
	}
	if again := reread(t, r.raws); !reflect.DeepEqual(again, r.segments) {
		t.Errorf("%d segments live are not the %d of a file", len(r.segments), len(again))
	}
}

// reread writes packets to a pcapng file and decodes that.
func reread(t *testing.T, list []raw) (segments []Segment) {
	t.Helper()
	const interfaces = 8
	w := &ngFile{order: binary.LittleEndian}
	w.section(1)
	for i := range interfaces {
		link := LinkEthernet
		for _, p := range list {
			if p.iface == i {
				link = p.link
				break
			}
		}
		w.describe(link, 0, w.resolution(9))
	}
	for _, p := range list {
		w.enhanced(uint32(p.iface), uint64(p.time.UnixNano()), p)
	}
	r, err := NewReader(bytes.NewReader(w.bytes), "again")
	if err != nil {
		t.Fatal(err)
	}
	f := NewFile(r, "again", 0)
	defer f.Close()
	for {
		p, err := f.Next()
		if err == io.EOF {
			return segments
		}
		if err != nil {
			t.Fatal(err)
		}
		segments = append(segments, keep(&p.Segment))
	}
}
