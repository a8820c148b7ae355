//go:build !pcap

package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// advance gives back the block that was read and takes the next one. Instead
// it may return Idle, or what ended the capture.
func (r *ringReader) advance() error {
	if r.err != nil {
		return r.err
	}
	r.giveBack()
	// With packets of no interest coming all the time, the ring is never
	// silent; the consumer's clock has to move all the same.
	if r.last-r.told >= int64(r.cfg.Idle+liveDelay) {
		if err := r.idle(r.last); err != nil {
			return err
		}
	}
	if !r.ready() {
		if err := r.wait(); err != nil {
			return err
		}
	}
	r.take()
	if stop := r.stopped.Load(); stop != 0 && r.left > 0 && r.first() > stop {
		return r.finish()
	}
	return nil
}

// wait returns nil when the next block is ready.
func (r *ringReader) wait() error {
	since := r.cfg.Clock()
	for {
		// The time is taken before the look at the ring, so that what comes
		// in between is not older than it.
		now := r.cfg.Clock()
		if r.ready() {
			return nil
		}
		if r.down {
			r.state(now)
		}
		left := r.cfg.Idle - time.Duration(now-since)
		stop := r.stopped.Load()
		if stop != 0 {
			left = liveDelay - time.Duration(now-stop)
		}
		switch {
		case left > max(r.cfg.Idle, liveDelay): // the clock was set back
			since = now
			r.stopped.CompareAndSwap(stop, min(stop, now))
		case left > 0:
			if err := r.poll(left, stop == 0); err != nil {
				return err
			}
		case stop != 0:
			return r.finish()
		default:
			since = now
			if err := r.idle(now); err != nil {
				return err
			}
		}
	}
}

// idle makes an Idle of a time at which the ring was read to its end, unless
// one like it was returned: a packet that came before may still lie in the
// block that the kernel fills.
func (r *ringReader) idle(now int64) error {
	const setBack = int64(time.Second)
	now -= int64(liveDelay)
	if now <= r.told && r.told-now < setBack {
		return nil
	}
	r.told = now
	r.Counters() // the kernel's counters have 32 bits
	return Idle{Now: now}
}

// poll waits for a block, for trouble, or, if it is not stopped yet, for Stop.
func (r *ringReader) poll(most time.Duration, stoppable bool) error {
	fds := [2]unix.PollFd{{Fd: int32(r.fd), Events: unix.POLLIN}, {Fd: int32(r.wake), Events: unix.POLLIN}}
	watched := fds[:]
	if !stoppable {
		watched = fds[:1]
	}
	_, err := unix.Poll(watched, int((most+time.Millisecond-1)/time.Millisecond))
	if err != nil && !errors.Is(err, unix.EINTR) {
		return r.fail(fmt.Errorf("cannot wait for packets: %w", err))
	}
	if fds[0].Revents&unix.POLLERR == 0 {
		return nil
	}
	errno, err := unix.GetsockoptInt(r.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	switch {
	case err != nil:
		return r.fail(err)
	case errno == 0:
		return nil
	case unix.Errno(errno) != unix.ENETDOWN:
		return r.fail(unix.Errno(errno))
	}
	r.down = true
	r.notice("the interface is down; the capture goes on when it is up again")
	return nil
}

// state looks whether an interface that is down is up again: the socket stays
// bound to it and receives again by itself. If it is no more, the kernel has
// unbound the socket (packet_notifier in net/packet/af_packet.c), and the
// capture ends as by Stop, but with an error. What cannot be looked up now can
// be later.
func (r *ringReader) state(now int64) {
	if bound, err := unix.Getsockname(r.fd); err == nil {
		if at, ok := bound.(*unix.SockaddrLinklayer); ok && at.Ifindex != r.index {
			r.down, r.removed = false, true
			r.stopped.CompareAndSwap(0, now)
			return
		}
	}
	if iface, err := net.InterfaceByIndex(r.index); err == nil && iface.Flags&net.FlagUp != 0 {
		r.down = false
		r.notice("the interface is up again")
	}
}

func (r *ringReader) notice(line string) {
	if r.cfg.Notice != nil {
		r.cfg.Notice(line)
	}
}

// finish ends the capture with what it was stopped for.
func (r *ringReader) finish() error {
	if r.removed {
		return r.fail(errors.New("the interface was removed"))
	}
	return r.end(io.EOF)
}

// fail ends the capture with an error.
func (r *ringReader) fail(err error) error {
	return r.end(&Error{Path: r.cfg.Interface, Packet: r.packets + 1, Err: err})
}

func (r *ringReader) end(err error) error {
	r.giveBack()
	r.Counters()
	r.err = err
	return err
}

// Stop implements [Live].
func (r *ringReader) Stop() {
	r.stopped.CompareAndSwap(0, max(r.cfg.Clock(), 1))
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		// It cannot fail: a counter of 64 bits is far from full.
		_, _ = unix.Write(r.wake, binary.NativeEndian.AppendUint64(nil, 1))
	}
}

// Counters implements [Live]. The kernel starts again from 0 whenever it is
// asked.
func (r *ringReader) Counters() LiveCounters {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return r.counters
	}
	if s, err := unix.GetsockoptTpacketStatsV3(r.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
		r.counters.Received += uint64(s.Packets)
		r.counters.Dropped += uint64(s.Drops)
		r.counters.Freezes += uint64(s.Freeze_q_cnt)
	}
	return r.counters
}

// Dropped implements [Reader].
func (r *ringReader) Dropped() uint64 { return r.Counters().Dropped }

// Close implements [ReadCloser].
func (r *ringReader) Close() error {
	r.Counters()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	if r.err == nil {
		r.err = &Error{Path: r.cfg.Interface, Err: fs.ErrClosed}
	}
	return r.free()
}

// free returns what the system gave.
func (r *ringReader) free() error {
	err := r.release()
	if r.wake >= 0 {
		err = errors.Join(err, unix.Close(r.wake))
	}
	return err
}
