//go:build linux && !pcap

package capture

import (
	"io"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"connlint/capture/livetest"
)

// burst sends the same frame many times with one system call (sendmmsg(2)).
type burst struct {
	fd   int
	msgs []mmsghdr
}

type mmsghdr struct {
	msg unix.Msghdr
	len uint32
	_   uint32
}

func newBurst(s *sender, frame []byte, n int) *burst {
	to := &unix.RawSockaddrLinklayer{Family: unix.AF_PACKET, Ifindex: int32(s.to.Ifindex)}
	iov := &unix.Iovec{Base: &frame[0]}
	iov.SetLen(len(frame))
	b := &burst{fd: s.fd, msgs: make([]mmsghdr, n)}
	for i := range b.msgs {
		b.msgs[i].msg = unix.Msghdr{Name: (*byte)(unsafe.Pointer(to)), Namelen: unix.SizeofSockaddrLinklayer, Iov: iov, Iovlen: 1}
	}
	return b
}

// send returns how many went out.
func (b *burst) send() int {
	n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(b.fd), uintptr(unsafe.Pointer(&b.msgs[0])), uintptr(len(b.msgs)), 0, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

// small is a segment of one byte with timestamps: 67 bytes.
func small() []byte { return eth(etherIPv4, ip4(6, tcp(timestamps, "x"))) }

// Reading from the ring and decoding allocates nothing, on one interface and
// on any.
func TestLiveAllocatesNothing(t *testing.T) {
	if !livetest.InNamespace(t) {
		return
	}
	veth(t)
	for _, name := range []string{"v0", "any"} {
		live, err := OpenLive(LiveConfig{Interface: name, Clock: wallClock})
		if err != nil {
			t.Fatal(err)
		}
		const runs = 20000
		b := newBurst(newSender(t, "v1"), small(), 100)
		for sent := 0; sent < runs+1000; {
			sent += b.send()
		}
		f := NewFile(live, name, 0)
		allocs := testing.AllocsPerRun(runs, func() {
			for {
				if _, err := f.Next(); err == nil {
					return
				} else if _, idle := err.(Idle); !idle {
					t.Fatal(err)
				}
			}
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations a packet", name, allocs)
		}
		if c := live.Counters(); c.Dropped != 0 {
			t.Errorf("%s: %+v", name, c)
		}
		f.Close()
	}
}

// TestLiveSustained sends CONNLINT_LIVE_RATE small packets a second for
// CONNLINT_LIVE_SECONDS to a reader of the ring in a process of its own, and
// says what it cost. It is a measurement: without the variables it is short,
// and only holds that nothing is lost.
func TestLiveSustained(t *testing.T) {
	if !livetest.InNamespace(t) {
		return
	}
	rate, seconds := fromEnvironment("CONNLINT_LIVE_RATE", 20_000), fromEnvironment("CONNLINT_LIVE_SECONDS", 1)
	veth(t)
	live, err := OpenLive(LiveConfig{Interface: "v0", Clock: wallClock, Ring: int64(fromEnvironment("CONNLINT_LIVE_RING", 0))})
	if err != nil {
		t.Fatal(err)
	}
	f := NewFile(live, "v0", 0)
	type cost struct {
		cpu      time.Duration
		segments uint64
		err      error
	}
	read := make(chan cost)
	go func() {
		runtime.LockOSThread()
		var c cost
		from := threadCPU()
		for {
			if _, err := f.Next(); err == nil {
				c.segments++
			} else if _, idle := err.(Idle); !idle {
				c.cpu, c.err = threadCPU()-from, err
				read <- c
				return
			}
		}
	}()
	sent := uint64(pace(newBurst(newSender(t, "v1"), small(), 64), rate, time.Duration(seconds)*time.Second))
	live.Stop()
	c := <-read
	if c.err != io.EOF {
		t.Fatal(c.err)
	}
	k := live.Counters()
	t.Logf("%d packets sent at %d/s: kernel %+v, %d segments read, %v of CPU in %d s: %.1f ns a packet, %.1f %% of a core",
		sent, sent/uint64(seconds), k, c.segments, c.cpu, seconds, float64(c.cpu)/float64(c.segments),
		100*c.cpu.Seconds()/float64(seconds))
	if k.Dropped != 0 || c.segments != sent {
		t.Errorf("%d sent, %d read, %d dropped", sent, c.segments, k.Dropped)
	}
	f.Close()
}

// pace sends at a rate and returns how many packets went out.
func pace(b *burst, rate int, length time.Duration) (sent int) {
	from := time.Now()
	for {
		passed := time.Since(from)
		if passed >= length {
			return sent
		}
		if due := int(passed.Seconds() * float64(rate)); sent >= due {
			time.Sleep(100 * time.Microsecond)
			continue
		}
		sent += b.send()
	}
}

// threadCPU is the CPU time of this thread, user and system.
func threadCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF+1, &u); err != nil { // RUSAGE_THREAD
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func fromEnvironment(name string, otherwise int) int {
	n, err := strconv.Atoi(os.Getenv(name))
	if err != nil {
		return otherwise
	}
	return n
}
