package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"connlint/capture"
)

// liveOptions are the flags of live capture.
type liveOptions struct {
	iface    string // "": files are read
	ring     int64  // bytes; 0: the default
	snaplen  uint32 // bytes; 0: whole packets
	private  bool
	every    time.Duration // between reports of what gathers; 0: at the end
	duration time.Duration // of the capture; 0: until it is stopped
	listen   string        // address of the pages for who watches; empty: none
	// write is the file that packets are written to; "": none. A new one is
	// begun at rotateSize bytes, and rotateCount are kept; 0: no limit.
	write       string
	rotateSize  int64
	rotateCount uint32
}

// leastInterval is the shortest report interval: shorter ones tell nothing that
// findings do not tell at once.
const leastInterval = 100 * time.Millisecond

// flags are the ones that fill l.
func (l *liveOptions) flags() *pflag.FlagSet {
	f := newFlags()
	f.StringVarP(&l.iface, "interface", "i", "", "IFACE\tcapture live from this interface; any is all of them")
	f.Var(aTime(&l.duration, 0), "duration", "TIME\tstop after so long, such as 10m; a number alone is seconds")
	f.Var(aTime(&l.every, time.Minute), "report-every", "TIME\ttell what gathers over connections so often; 0: at the end")
	f.StringVar(&l.listen, "listen", "", "ADDRESS:PORT\tserve /metrics for Prometheus and /healthz; :9807 is 127.0.0.1:9807, other addresses are written out")
	f.Var(&byteSize{&l.ring, capture.RingMost}, "ring", "SIZE\troom for packets between kernel and program (default 64M)")
	f.Uint32Var(&l.snaplen, "snaplen", 0, "BYTES\tcapture no more of each packet (default all of it)")
	f.BoolVar(&l.private, "no-promiscuous", false, "leave alone what is for other hosts")
	f.StringVarP(&l.write, "write", "w", "", "FILE\twrite what is captured as pcapng, over what is there")
	f.Var(&byteSize{&l.rotateSize, math.MaxInt64}, "rotate-size", "SIZE\tbegin a new file at so many bytes, such as 100M: FILE gets numbers")
	f.Uint32Var(&l.rotateCount, "rotate-count", 0, "N\tkeep so many of these files, the newest of this run (default all of them)")
	return f
}

// check refuses what makes no sense; files are what the command line names
// besides.
func (l *liveOptions) check(flags *pflag.FlagSet, files []string) error {
	if !flags.Changed("interface") {
		wrong := ""
		l.flags().VisitAll(func(f *pflag.Flag) {
			if flags.Changed(f.Name) {
				wrong = f.Name
			}
		})
		if wrong != "" {
			return fmt.Errorf("--%s is of live capture: it goes with -i IFACE", wrong)
		}
		return nil
	}
	switch {
	case l.iface == "":
		return errors.New("-i names no interface; ip link lists them, and any is all of them")
	case len(files) > 0:
		return fmt.Errorf("-i %s captures and %s is read: one at a time", l.iface, files[0])
	case flags.Changed("duration") && l.duration <= 0:
		return fmt.Errorf("--duration %v: it is a time such as 10m", l.duration)
	case l.every < 0 || l.every > 0 && l.every < leastInterval:
		return fmt.Errorf("--report-every %v: it is 0 or a time of %v or more, such as 60s", l.every, leastInterval)
	case flags.Changed("snaplen") && l.snaplen == 0:
		return errors.New("--snaplen 0 would capture nothing; leave it out to capture whole packets")
	case l.write == "" && (flags.Changed("write") || flags.Changed("rotate-size") || flags.Changed("rotate-count")):
		return errors.New("-w names no file to write packets to; --rotate-size and --rotate-count go with it")
	case flags.Changed("rotate-size") && l.rotateSize < rotateLeast:
		return fmt.Errorf("--rotate-size %d: it is in bytes, %d at least; tcpdump's -C 5 is 5MB here", l.rotateSize, rotateLeast)
	case flags.Changed("rotate-count") && (l.rotateCount == 0 || !flags.Changed("rotate-size")):
		return fmt.Errorf("--rotate-count %d: it is a number of files, and --rotate-size says how large each may be", l.rotateCount)
	}
	if flags.Changed("listen") {
		var err error
		if l.listen, err = listenAddress(l.listen); err != nil {
			return err
		}
	}
	return nil
}

// rotateLeast is the least size of a file, bytes: less is a number of something
// else, and would make a file of each packet.
const rotateLeast = 4096

// byteSize is a flag that takes a number of bytes.
type byteSize struct {
	bytes *int64
	most  int64
}

// String is part of pflag.Value, as are Set and Type.
func (s *byteSize) String() string {
	if s.bytes == nil || *s.bytes == 0 {
		return ""
	}
	return strconv.FormatInt(*s.bytes, 10)
}

// Set takes a number of bytes in any unit that --set knows, K, M and G being
// powers of 1,024 as in tcpdump and dd.
func (s *byteSize) Set(text string) error {
	v, err := inUnit(text, "bytes")
	switch {
	case err != nil || v < 1:
		return errors.New("it is a size such as 64M")
	case v >= 1<<63 || int64(v) > s.most:
		return fmt.Errorf("it is a size of at most %dM", s.most>>20)
	}
	*s.bytes = int64(v)
	return nil
}

// Type is what help would call the value.
func (s *byteSize) Type() string { return "size" }

// config is what is asked of the interface.
func (l *liveOptions) config(o *options, h *host, t *trouble) capture.LiveConfig {
	return capture.LiveConfig{Interface: l.iface, Ring: l.ring, Snaplen: int(min(l.snaplen, math.MaxInt32)), Promiscuous: !l.private,
		Clock: h.now, Notice: t.notice, Program: o.filter.Program}
}

// recorder writes what is captured, if that was asked for; else it is nil.
func (l *liveOptions) recorder(o *options, t *trouble) (*capture.Recorder, error) {
	if l.write == "" {
		return nil, nil
	}
	filter := ""
	if o.filter != nil {
		filter = o.filter.String()
	}
	return capture.NewRecorder(capture.RecorderConfig{Path: l.write, RotateSize: l.rotateSize, RotateCount: int(l.rotateCount),
		Filter: filter, InterfaceName: t.live.InterfaceName, Failed: t.notWritten})
}
