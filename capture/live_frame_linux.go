//go:build !pcap

package capture

import (
	"encoding/binary"
	"time"
	"unsafe"

	"github.com/google/gopacket"
	"golang.org/x/sys/unix"
)

// sockaddrAt is where a packet's sockaddr_ll lies behind its header, which is
// aligned to TPACKET_ALIGNMENT (16); linux/if_packet.h.
const sockaddrAt = (unix.SizeofTpacket3Hdr + 15) &^ 15

// sll2Size is the size of the header of LINKTYPE_LINUX_SLL2.
const sll2Size = 20

// frame makes a packet of what lies in the ring: p starts with its header. It
// is not ok if the packet is the outgoing view of one that loops back.
func (r *ringReader) frame(p []byte) (data []byte, ci gopacket.CaptureInfo, ok bool) {
	h := (*unix.Tpacket3Hdr)(unsafe.Pointer(&p[0]))
	from := (*unix.RawSockaddrLinklayer)(unsafe.Pointer(&p[sockaddrAt]))
	if from.Pkttype == unix.PACKET_OUTGOING && from.Hatype == unix.ARPHRD_LOOPBACK {
		return nil, ci, false
	}
	start, end, wire := int(h.Mac), int(h.Mac)+int(h.Snaplen), int(h.Len)
	switch tagged := h.Status&unix.TP_STATUS_VLAN_VALID != 0; {
	case r.link == LinkSLL2:
		start -= cook(p, start, end, tagged)
	case tagged && h.Snaplen >= 2*macSize:
		start -= retag(p[start-tagSize:], h)
	}
	ci.Timestamp = time.Unix(int64(h.Sec), int64(h.Nsec)).UTC()
	ci.CaptureLength = end - start
	ci.Length = wire + int(h.Mac) - start
	if r.index == 0 {
		ci.InterfaceIndex = r.places.of(int(from.Ifindex))
	}
	return p[start:end:end], ci, true
}

const (
	macSize = 6
	tagSize = 4
)

// tag8021Q is the VLAN tag beside a packet: EtherType and control information.
// Kernels before 3.14 do not say the type.
func tag8021Q(h *unix.Tpacket3Hdr) (tpid, tci uint16) {
	if h.Status&unix.TP_STATUS_VLAN_TPID_VALID == 0 {
		return etherVLAN, uint16(h.Hv1.Vlan_tci)
	}
	return h.Hv1.Vlan_tpid, uint16(h.Hv1.Vlan_tci)
}

// retag puts the VLAN tag back between the addresses and the EtherType of an
// Ethernet frame that starts tagSize into b: the addresses move to b's start.
// The room is the end of the sockaddr_ll, which has been read. It returns by
// how much the frame grew.
func retag(b []byte, h *unix.Tpacket3Hdr) int {
	tpid, tci := tag8021Q(h)
	copy(b, b[tagSize:tagSize+2*macSize])
	binary.BigEndian.PutUint16(b[2*macSize:], tpid)
	binary.BigEndian.PutUint16(b[2*macSize+2:], tci)
	return tagSize
}

// cook writes a header of LINKTYPE_LINUX_SLL2, and behind it the VLAN tag if
// there is one, before the packet p[start:end] and returns its size. The
// kernel leaves 28 bytes free there: tpacket_rcv aligns the header and its
// address and adds 16 for a link layer's header that a SOCK_DGRAM packet does
// not have.
func cook(p []byte, start, end int, tagged bool) int {
	be := binary.BigEndian
	h := (*unix.Tpacket3Hdr)(unsafe.Pointer(&p[0]))
	from := (*unix.RawSockaddrLinklayer)(unsafe.Pointer(&p[sockaddrAt]))
	// sll_protocol is in network byte order already.
	protocol := be.Uint16(p[sockaddrAt+unsafe.Offsetof(from.Protocol):])
	if hidesTag(protocol, p[start:end], int(h.Len)) {
		protocol = etherVLAN
	}
	size := sll2Size
	if tagged {
		size += tagSize
		tpid, tci := tag8021Q(h)
		be.PutUint16(p[start-tagSize:], tci)
		be.PutUint16(p[start-tagSize+2:], protocol)
		protocol = tpid
	}
	head := p[start-size:]
	be.PutUint16(head, protocol)
	be.PutUint16(head[2:], 0)
	be.PutUint32(head[4:], uint32(from.Ifindex))
	be.PutUint16(head[8:], from.Hatype)
	head[10], head[11] = from.Pkttype, from.Halen
	copy(head[12:sll2Size], from.Addr[:])
	return size
}

// hidesTag reports whether a packet said to be of IP starts with a VLAN tag.
// Since 6.10 the kernel names the innermost EtherType on SOCK_DGRAM sockets
// (vlan_get_protocol_dgram in net/packet/af_packet.c), but leaves the inner of
// two tags where it is. wire is the packet's length: a packet of IP that
// looks like a tag agrees with it.
func hidesTag(protocol uint16, packet []byte, wire int) bool {
	be := binary.BigEndian
	if len(packet) < tagSize+2 || be.Uint16(packet[2:]) != protocol {
		return false
	}
	switch protocol {
	case etherIPv4: // the EtherType would be the total length
		return packet[4]>>4 == 4 && (packet[0]>>4 != 4 || int(protocol) != wire)
	case etherIPv6: // and here the end of the flow label
		return packet[4]>>4 == 6 && (packet[0]>>4 != 6 || 40+int(be.Uint16(packet[4:])) != wire)
	}
	return false
}
