package capture

import (
	"fmt"
	"time"

	"golang.org/x/net/bpf"
)

// LiveConfig says what [OpenLive] captures and how.
type LiveConfig struct {
	// Interface is the name of a network interface, or "any" for all there
	// are and all that come while the capture runs.
	Interface string
	// Ring is the size in bytes of the buffer between kernel and program;
	// 0 is RingDefault. It is rounded up to whole blocks.
	Ring int64
	// Snaplen is how many bytes of each packet are captured; 0 is
	// SnaplenMost, which is every byte of all but the rarest.
	Snaplen int
	// Promiscuous asks the interface for packets to others as well. It means
	// nothing on "any".
	Promiscuous bool
	// Idle is the silence after which, and the capture time at the end of
	// which, the reader returns [Idle]; 0 is IdleDefault.
	Idle time.Duration
	// Clock is the system's wall clock in ns since the Unix epoch, the one
	// that the kernel stamps packets with. It is asked when nothing comes,
	// never for a packet.
	Clock func() int64
	// Program makes the filter that runs in the kernel; nil lets everything
	// through. For LinkEthernet a packet starts with its MAC header, for
	// LinkSLL2 with its network header, and the EtherType is had from the
	// kernel (bpf.ExtProto); a VLAN tag is not in the packet but beside it
	// (bpf.ExtVLANTagPresent). What a program returns cuts packets like
	// snaplen, which it is given. With libpcap it is not asked for, and
	// everything comes through.
	Program func(link LinkType, snaplen int) ([]bpf.RawInstruction, error)
	// Notice is told in one line, without the interface's name, that the
	// interface went down or came back; nil if nobody listens. It is called
	// by the goroutine that reads.
	Notice func(line string)
}

// Limits of a LiveConfig.
const (
	RingDefault  = 64 << 20 // bytes
	RingLeast    = 2 << 20  // bytes: fewer blocks than four are no ring
	RingMost     = 2 << 30  // bytes
	SnaplenLeast = 96       // bytes: Ethernet, one VLAN tag, IPv6 and a TCP header hardly longer than its least
	SnaplenMost  = 262144   // bytes: as tcpdump has it
	IdleDefault  = 250 * time.Millisecond
	idleLeast    = 10 * time.Millisecond
)

const (
	// blockTimeout is how long the kernel keeps a block of packets that does
	// not fill. Each time costs a block of the ring, however few packets are
	// in it: a reader that stands still loses nothing for a whole ring of
	// time-outs, 5 s by default, or for the time that the packets take to
	// fill it, 2 s at 200,000 small ones a second.
	blockTimeout = 40 * time.Millisecond
	// liveDelay is the age at which a packet can be read at the latest: the
	// kernel looks each blockTimeout whether it gave the block out since it
	// looked last, and does so at the second look (prb_retire_rx_blk_timer_expired
	// in net/packet/af_packet.c). The rest is for timers that come late.
	liveDelay = 2*blockTimeout + 70*time.Millisecond
)

// Live is a [ReadCloser] over a network interface, for [NewFile] to make a
// [Source] of.
//
// ZeroCopyReadPacketData waits for packets. Its errors are [Idle], after
// which reading goes on, and for ever io.EOF after Stop or an [*Error] when
// the interface is removed or the system fails. An interface that goes down
// is no error: LiveConfig.Notice is told, and packets come again when it is
// up. ci.InterfaceIndex counts interfaces in the order in which packets of
// them came.
//
// Stop, Counters, Dropped and InterfaceName may be called by any goroutine at
// any time, also after Close; all else belongs to the goroutine that reads,
// Close included: stop, read to io.EOF, then close. A second Close does
// nothing.
type Live interface {
	ReadCloser
	// Stop ends the capture: what was captured before it is still read, then
	// comes io.EOF, at the latest a few tenths of a second from now. It wakes
	// a reader that waits, and may be called more than once.
	Stop()
	// Counters is what the kernel counted so far.
	Counters() LiveCounters
	// InterfaceName is the name of the interface that ci.InterfaceIndex
	// stands for, "" for an index that no packet had.
	InterfaceName(interfaceIndex int) string
}

// LiveCounters is what the kernel says of a live capture, from its start.
type LiveCounters struct {
	Received uint64 // packets that the kernel's filter let through, also those dropped
	Dropped  uint64 // of these, packets for which the ring had no room
	Freezes  uint64 // how often the ring was full
}

// ringMost is RingMost where an int holds it, on 32 bits half of it.
const ringMost = int64(RingMost >> (1 - ^uint(0)>>63))

// check replaces what is 0 by its default and refuses what is out of range.
func (c *LiveConfig) check() error {
	refuse := func(format string, args ...any) error {
		return &Error{Path: c.Interface, Err: fmt.Errorf(format, args...)}
	}
	if c.Ring == 0 {
		c.Ring = RingDefault
	}
	if c.Snaplen == 0 {
		c.Snaplen = SnaplenMost
	}
	if c.Idle == 0 {
		c.Idle = IdleDefault
	}
	switch {
	case c.Clock == nil:
		return refuse("a live capture needs a clock")
	case c.Ring < RingLeast || c.Ring > ringMost:
		return refuse("a ring of %d bytes: it must be from %d to %d", c.Ring, RingLeast, ringMost)
	case c.Snaplen < SnaplenLeast || c.Snaplen > SnaplenMost:
		return refuse("a snap length of %d bytes: it must be from %d to %d", c.Snaplen, SnaplenLeast, SnaplenMost)
	case c.Idle < idleLeast:
		return refuse("idle after %v: it must be at least %v", c.Idle, idleLeast)
	}
	return nil
}
