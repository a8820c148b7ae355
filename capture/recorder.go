package capture

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/gopacket"
)

// RecorderConfig says where a [Recorder] writes.
type RecorderConfig struct {
	// Path is the file, which is overwritten. With a RotateSize it is only
	// the pattern: of trace.pcapng the files are trace_00001.pcapng,
	// trace_00002.pcapng and so on.
	Path string
	// RotateSize is how many bytes a file may have before the next one is
	// begun; 0 is no limit. A packet is never divided.
	RotateSize int64
	// RotateCount is how many files are kept: the oldest of this run is
	// removed when there are more; 0 keeps all. It needs a RotateSize.
	RotateCount int
	// Filter is the expression that the packets passed, told in the file.
	Filter string
	// InterfaceName is the name of what ci.InterfaceIndex stands for; nil or
	// "" if there is none.
	InterfaceName func(interfaceIndex int) string
	// Failed is told once why no more is written, by the goroutine that
	// reads; nil if nobody listens.
	Failed func(error)
}

// Recorder writes raw packets to pcapng files as they are captured, with
// stamps in nanoseconds. What has been written is in the file a second of
// capture time later at the latest. If writing fails, it stops, and the
// capture goes on: Err says why, Lost counts what is missing.
//
// Err, Written, Lost and Files may be called by any goroutine at any time.
// All else belongs to the goroutine that reads.
type Recorder struct {
	cfg     RecorderConfig
	file    *recording // nil before the first packet and after a failure
	began   int        // how many files were begun
	flushed int64      // capture time of the last flush, ns
	dropped uint64     // what the reader said when the file was begun

	written, lost, files atomic.Uint64
	failure              atomic.Pointer[Error]
}

// NewRecorder makes a Recorder and the first file, so that a place where
// nothing can be written shows at once. Errors are [*Error].
func NewRecorder(cfg RecorderConfig) (*Recorder, error) {
	refuse := func(what, hint string) (*Recorder, error) {
		return nil, &Error{Path: cfg.Path, Err: errors.New(what), Hint: hint}
	}
	switch {
	case cfg.Path == "":
		return refuse("no name for the packets to be written to", "")
	case cfg.Path == "-":
		return refuse("packets are not written to standard output, which has the report", "name a file")
	case cfg.RotateSize < 0 || cfg.RotateCount < 0:
		return refuse(fmt.Sprintf("cannot keep %d files of %d bytes", cfg.RotateCount, cfg.RotateSize), "")
	case cfg.RotateCount > 0 && cfg.RotateSize == 0:
		return refuse("a number of files needs a size at which the next is begun", "")
	}
	r := &Recorder{cfg: cfg}
	if err := r.begin(0); err != nil {
		return nil, err
	}
	return r, nil
}

// Record is r with a copy of each packet going to rec. Packets, [Idle] and
// errors come as they do from r; no packet is allocated. Close closes both;
// what goes wrong with rec stands in rec.Err.
//
// It is what the reader yields that is written: live, what the kernel's
// program let through, which may be more than the filter chooses (whole
// tunnels, fragments), so that nothing the analysis saw is missing.
func Record(r ReadCloser, rec *Recorder) ReadCloser { return &recorded{r, rec} }

type recorded struct {
	ReadCloser
	rec *Recorder
}

// ZeroCopyReadPacketData implements [Reader].
func (r *recorded) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	data, ci, err := r.ReadCloser.ZeroCopyReadPacketData()
	if err == nil {
		r.rec.packet(r.ReadCloser, ci, data)
	} else if idle, ok := errors.AsType[Idle](err); ok {
		r.rec.tick(idle.Now)
	}
	return data, ci, err
}

// Untimed is that of the reader behind it.
func (r *recorded) Untimed() uint64 { return untimed(r.ReadCloser) }

// Close implements [ReadCloser].
func (r *recorded) Close() error {
	r.rec.end(r.ReadCloser.Dropped())
	return r.ReadCloser.Close()
}

// Err is why writing stopped, an [*Error]; nil if it did not.
func (r *Recorder) Err() error {
	if e := r.failure.Load(); e != nil {
		return e
	}
	return nil
}

// Written is how many packets were taken to be written. Of the last second
// before a failure some may be missing in the file all the same.
func (r *Recorder) Written() uint64 { return r.written.Load() }

// Lost is how many packets came when nothing could be written any more.
func (r *Recorder) Lost() uint64 { return r.lost.Load() }

// Files is how many files were begun, those removed included.
func (r *Recorder) Files() uint64 { return r.files.Load() }

// packet writes one packet.
func (r *Recorder) packet(from Reader, ci gopacket.CaptureInfo, data []byte) {
	if r.file == nil {
		r.lost.Add(1)
		return
	}
	size := packetBlockSize(len(data))
	if limit := r.cfg.RotateSize; limit > 0 && r.file.packets > 0 && r.file.size+size > limit {
		r.rotate(from.Dropped())
	}
	err := r.write(from, ci, data)
	if err != nil {
		r.fail(err)
		r.lost.Add(1)
		return
	}
	r.written.Add(1)
	r.tick(ci.Timestamp.UnixNano())
}

func (r *Recorder) write(from Reader, ci gopacket.CaptureInfo, data []byte) error {
	if r.file == nil {
		return nil // the failure is known
	}
	id, ok := r.file.known(ci.InterfaceIndex)
	if !ok {
		var err error
		name := ""
		if r.cfg.InterfaceName != nil {
			name = r.cfg.InterfaceName(ci.InterfaceIndex)
		}
		if id, err = r.file.add(ci.InterfaceIndex, from.LinkType(ci.InterfaceIndex), name); err != nil {
			return err
		}
	}
	return r.file.write(id, ci, data)
}

// tick flushes if a second has passed since the last time. A clock that was
// set back counts as well.
func (r *Recorder) tick(now int64) {
	if since := now - r.flushed; r.file == nil || 0 <= since && since < int64(time.Second) {
		return
	}
	r.flushed = now
	if err := r.file.flush(); err != nil {
		r.fail(err)
	}
}

// rotate ends the file and begins the next.
func (r *Recorder) rotate(dropped uint64) {
	r.end(dropped)
	if r.Err() == nil {
		if err := r.begin(dropped); err != nil {
			r.fail(err)
		}
	}
}

// end completes the file.
func (r *Recorder) end(dropped uint64) {
	if r.file == nil {
		return
	}
	file := r.file
	r.file = nil
	if err := file.end(dropped - r.dropped); err != nil {
		r.fail(err)
	}
}

// fail stops the writing. What is in the file stays.
func (r *Recorder) fail(err error) {
	if r.file != nil {
		r.file.abandon()
		r.file = nil
	}
	known, ok := errors.AsType[*Error](err)
	if !ok {
		known = &Error{Path: r.name(r.began), Err: fmt.Errorf("cannot be written: %w", pathless(err)), Hint: "no more packets are written, the analysis goes on"}
	}
	if r.failure.CompareAndSwap(nil, known) && r.cfg.Failed != nil {
		r.cfg.Failed(known)
	}
}
