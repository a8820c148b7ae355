//go:build !pcap

package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"

	"github.com/google/gopacket"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// OpenLive captures from a network interface through a ring that the kernel
// shares (packet(7), TPACKET_V3: Documentation/networking/packet_mmap.rst).
// It needs CAP_NET_RAW, also for promiscuous mode. Errors are [*Error].
//
// Ethernet and loopback interfaces yield packets of LinkEthernet; all others,
// and "any", yield LinkSLL2, made of what the kernel says beside each packet.
// A VLAN tag that the kernel or the card took off is put back. What a
// loopback interface sends comes back to it and is captured then, once.
func OpenLive(cfg LiveConfig) (Live, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	r := &ringReader{ring: ring{fd: -1}, cfg: cfg, wake: -1, link: LinkSLL2}
	if err := r.open(); err != nil {
		r.free()
		known, ok := errors.AsType[*Error](err)
		if !ok {
			known = &Error{Err: err}
		}
		known.Path = cfg.Interface
		return nil, known
	}
	return r, nil
}

// ringReader is the [Live] of Linux.
type ringReader struct {
	ring
	cfg     LiveConfig
	link    LinkType
	index   int // of the interface; 0: any
	places  places
	packets uint64
	last    int64 // stamp of the packet read last
	told    int64 // what Idle said last
	down    bool  // the interface is
	removed bool
	err     error        // what ended the capture
	stopped atomic.Int64 // when Stop was called; 0: it was not

	mu       sync.Mutex // guards what follows, and fd and wake against Close
	wake     int        // an eventfd that is readable after Stop
	closed   bool
	counters LiveCounters
}

const anyInterface = "any"

// open makes the socket in an order that lets no packet in before the filter
// is there: a packet socket without a protocol receives nothing until bind
// names one.
func (r *ringReader) open() (err error) {
	hardware, err := r.find()
	if err != nil {
		return err
	}
	socket := unix.SOCK_DGRAM // the kernel takes the link layer's header off
	if hardware == unix.ARPHRD_ETHER || hardware == unix.ARPHRD_LOOPBACK {
		r.link, socket = LinkEthernet, unix.SOCK_RAW
	}
	if r.fd, err = packetSocket(socket); err != nil {
		return err
	}
	if hardware == unix.ARPHRD_LOOPBACK {
		// It saves the ring from what the reader would pass over; kernels
		// before 4.20 do not know it.
		_ = unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1)
	}
	if err := r.ring.open(int(r.cfg.Ring)); err != nil {
		return err
	}
	if err := r.filter(); err != nil {
		return err
	}
	if err := r.promiscuous(); err != nil {
		return err
	}
	if r.wake, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		return fmt.Errorf("no event descriptor: %w", err)
	}
	all := binary.NativeEndian.Uint16([]byte{0, unix.ETH_P_ALL}) // in network byte order
	if err := unix.Bind(r.fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: r.index}); err != nil {
		return fmt.Errorf("cannot capture: %w", err)
	}
	return nil
}

// find looks the interface up and returns what hardware it is: an ARPHRD_
// value, or ARPHRD_VOID for any.
func (r *ringReader) find() (hardware uint16, err error) {
	fd, err := packetSocket(unix.SOCK_RAW)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	if r.cfg.Interface == anyInterface {
		return unix.ARPHRD_VOID, nil
	}
	iface, err := net.InterfaceByName(r.cfg.Interface)
	if err != nil {
		return 0, unknownInterface(r.cfg.Interface, anyInterface)
	}
	request, err := unix.NewIfreq(iface.Name)
	if err == nil {
		err = unix.IoctlIfreq(fd, unix.SIOCGIFHWADDR, request)
	}
	if err != nil {
		return 0, fmt.Errorf("its kind is not to be had: %w", err)
	}
	r.index = iface.Index
	r.places.add(iface.Index)
	return request.Uint16(), nil
}

// packetSocket makes a packet socket that receives nothing yet.
func packetSocket(kind int) (int, error) {
	fd, err := unix.Socket(unix.AF_PACKET, kind|unix.SOCK_CLOEXEC, 0)
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return -1, &Error{Err: errors.New("a live capture needs the capability CAP_NET_RAW"),
			Hint: "use sudo, or give it once: sudo setcap cap_net_raw=ep $(command -v connlint)"}
	case err != nil:
		return -1, fmt.Errorf("no packet socket: %w", err)
	}
	return fd, nil
}

// filter attaches the program, or one that only cuts.
func (r *ringReader) filter() error {
	program := []bpf.RawInstruction{{Op: unix.BPF_RET | unix.BPF_K, K: uint32(r.cfg.Snaplen)}}
	if r.cfg.Program != nil {
		var err error
		if program, err = r.cfg.Program(r.link, r.cfg.Snaplen); err != nil {
			return err
		}
	}
	if len(program) == 0 || len(program) > unix.BPF_MAXINSNS {
		return fmt.Errorf("a kernel filter of %d instructions: it must have from 1 to %d", len(program), unix.BPF_MAXINSNS)
	}
	code := make([]unix.SockFilter, len(program))
	for i, p := range program {
		code[i] = unix.SockFilter{Code: p.Op, Jt: p.Jt, Jf: p.Jf, K: p.K}
	}
	err := unix.SetsockoptSockFprog(r.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]})
	if err != nil {
		return fmt.Errorf("the kernel refuses the filter of %d instructions: %w", len(code), err)
	}
	return nil
}

// promiscuous asks for packets to others, for as long as the socket lives.
func (r *ringReader) promiscuous() error {
	if !r.cfg.Promiscuous || r.index == 0 {
		return nil
	}
	err := unix.SetsockoptPacketMreq(r.fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP,
		&unix.PacketMreq{Ifindex: int32(r.index), Type: unix.PACKET_MR_PROMISC})
	if err != nil {
		return fmt.Errorf("no promiscuous mode: %w", err)
	}
	return nil
}

// LinkType implements [Reader].
func (r *ringReader) LinkType(int) LinkType { return r.link }

// InterfaceName implements [Live].
func (r *ringReader) InterfaceName(index int) string { return r.places.name(index) }

// ZeroCopyReadPacketData implements [Reader]. The packet lies in the ring;
// its block goes back to the kernel with the call after its last packet.
func (r *ringReader) ZeroCopyReadPacketData() (data []byte, ci gopacket.CaptureInfo, err error) {
	for {
		for r.left == 0 {
			if err := r.advance(); err != nil {
				return nil, ci, err
			}
		}
		if data, ci, ok := r.frame(r.next()); ok {
			r.packets++
			r.last = ci.Timestamp.UnixNano()
			return data, ci, nil
		}
	}
}
