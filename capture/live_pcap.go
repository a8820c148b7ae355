//go:build pcap

package capture

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/pcap"
)

// OpenLive captures from a network interface through libpcap, on whatever
// system has it. Errors are [*Error].
//
// What it has less than the ring of Linux: no filter runs in the kernel, an
// interface that goes down ends the capture, and "any", where there is such a
// thing, is one place, not one for each interface.
func OpenLive(cfg LiveConfig) (Live, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	handle, err := activate(cfg)
	if err != nil {
		if known, ok := errors.AsType[*Error](err); ok {
			return nil, known
		}
		return nil, &Error{Path: cfg.Interface, Err: err}
	}
	return &pcapLive{handle: handle, cfg: cfg, link: LinkType(handle.LinkType())}, nil
}

// activate opens the interface.
func activate(cfg LiveConfig) (*pcap.Handle, error) {
	inactive, err := pcap.NewInactiveHandle(cfg.Interface)
	if err != nil {
		return nil, err
	}
	defer inactive.CleanUp()
	err = errors.Join(
		inactive.SetSnapLen(cfg.Snaplen),
		// On "any" libpcap warns of promiscuous mode, which gopacket takes
		// for an error.
		inactive.SetPromisc(cfg.Promiscuous && cfg.Interface != "any"),
		inactive.SetTimeout(blockTimeout),
		inactive.SetBufferSize(int(cfg.Ring)))
	if err != nil {
		return nil, err
	}
	handle, err := inactive.Activate()
	if err == nil {
		return handle, nil
	}
	// gopacket has no names for these errors, only their texts.
	switch e := (&Error{Path: cfg.Interface, Err: errors.New(strings.ToLower(err.Error()))}); err.Error() {
	case "Permission Denied":
		e.Hint = "use sudo; on Linux the capability CAP_NET_RAW will do: sudo setcap cap_net_raw=ep $(command -v connlint)"
		return nil, e
	case "No Such Device":
		return nil, unknownInterface(cfg.Interface)
	case "Interface Not Up":
		e.Err = errors.New("the interface is down")
		return nil, e
	default:
		return nil, e
	}
}

// pcapLive is a [Live] of libpcap.
type pcapLive struct {
	handle  *pcap.Handle
	cfg     LiveConfig
	link    LinkType
	packets uint64
	held    packetHeld // a packet that waits behind an Idle
	told    int64      // what Idle said last
	since   int64      // when silence began; 0: not yet
	err     error      // what ended the capture
	stopped atomic.Int64

	mu       sync.Mutex
	counters LiveCounters
	seen     pcap.Stats // as libpcap counted last
}

type packetHeld struct {
	data []byte
	ci   gopacket.CaptureInfo
}

// ZeroCopyReadPacketData implements [Reader].
func (l *pcapLive) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	if h := l.held; h.data != nil {
		l.held = packetHeld{}
		return h.data, h.ci, nil
	}
	for l.err == nil {
		data, ci, err := l.handle.ZeroCopyReadPacketData()
		switch {
		case err == pcap.NextErrorTimeoutExpired:
			if err := l.silence(l.cfg.Clock()); err != nil {
				return nil, gopacket.CaptureInfo{}, err
			}
		case err == nil:
			if err := l.packet(data, &ci); err != nil {
				return nil, gopacket.CaptureInfo{}, err
			}
			return data, ci, nil
		case err == pcap.NextErrorReadError:
			l.end(l.fail(l.handle.Error()))
		default:
			l.end(l.fail(err))
		}
	}
	return nil, gopacket.CaptureInfo{}, l.err
}

// packet notes a packet. It returns io.EOF if it came after Stop, or an Idle
// that is due before it: then the packet is held.
func (l *pcapLive) packet(data []byte, ci *gopacket.CaptureInfo) error {
	ci.Timestamp = ci.Timestamp.UTC()
	ci.Length = max(ci.Length, len(data))
	ci.InterfaceIndex = 0
	l.since = 0
	now := ci.Timestamp.UnixNano()
	if stop := l.stopped.Load(); stop != 0 && now > stop {
		l.end(io.EOF)
		return io.EOF
	}
	l.packets++
	if now-l.told < int64(l.cfg.Idle+liveDelay) {
		return nil
	}
	l.held = packetHeld{data, *ci}
	return l.idle(now)
}

// silence is called each time libpcap waited in vain. It returns io.EOF or
// Idle when it is time for that.
func (l *pcapLive) silence(now int64) error {
	if l.since == 0 || now < l.since {
		l.since = now
	}
	stop := l.stopped.Load()
	switch {
	case stop != 0 && (now < stop || now-stop >= int64(liveDelay)):
		l.end(io.EOF)
		return io.EOF
	case stop == 0 && time.Duration(now-l.since) >= l.cfg.Idle:
		l.since = now
		return l.idle(now)
	}
	return nil
}

func (l *pcapLive) idle(now int64) error {
	l.told = now - int64(liveDelay)
	l.count()
	return Idle{Now: l.told}
}

// count takes over what libpcap counts, in 32 bits.
func (l *pcapLive) count() {
	s, err := l.handle.Stats()
	if err != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counters.Received += uint64(uint32(s.PacketsReceived) - uint32(l.seen.PacketsReceived))
	l.counters.Dropped += uint64(uint32(s.PacketsDropped) - uint32(l.seen.PacketsDropped))
	l.seen = *s
}

func (l *pcapLive) fail(err error) error {
	return &Error{Path: l.cfg.Interface, Packet: l.packets + 1, Err: err}
}

func (l *pcapLive) end(err error) {
	l.count()
	l.err = err
}

// LinkType implements [Reader].
func (l *pcapLive) LinkType(int) LinkType { return l.link }

// InterfaceName implements [Live].
func (l *pcapLive) InterfaceName(index int) string {
	if index != 0 {
		return ""
	}
	return l.cfg.Interface
}

// Stop implements [Live]. The reader looks at least each blockTimeout.
func (l *pcapLive) Stop() { l.stopped.CompareAndSwap(0, max(l.cfg.Clock(), 1)) }

// Counters implements [Live]. libpcap is asked by the reader only, whenever
// it returns Idle and at the end.
func (l *pcapLive) Counters() LiveCounters {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counters
}

// Dropped implements [Reader].
func (l *pcapLive) Dropped() uint64 { return l.Counters().Dropped }

// Close implements [ReadCloser].
func (l *pcapLive) Close() error {
	if l.err == nil {
		l.end(&Error{Path: l.cfg.Interface, Err: fs.ErrClosed})
	}
	l.held = packetHeld{}
	l.handle.Close()
	return nil
}
