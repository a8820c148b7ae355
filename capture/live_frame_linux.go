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
		start -= cook(p[:start], h, from, tagged)
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

// tag is the VLAN tag beside a packet: EtherType and control information.
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
// there is one, to the end of room and returns its size. The kernel leaves
// 28 bytes free there: tpacket_rcv aligns the header and its address and adds
// 16 for a link layer's header that a SOCK_DGRAM packet does not have.
func cook(room []byte, h *unix.Tpacket3Hdr, from *unix.RawSockaddrLinklayer, tagged bool) int {
	be := binary.BigEndian
	size := sll2Size
	// sll_protocol is in network byte order already.
	protocol := binary.NativeEndian.AppendUint16(make([]byte, 0, 2), from.Protocol)
	if tagged {
		size += tagSize
		tpid, tci := tag8021Q(h)
		behind := room[len(room)-tagSize:]
		be.PutUint16(behind, tci)
		copy(behind[2:], protocol)
		be.PutUint16(protocol, tpid)
	}
	head := room[len(room)-size:]
	copy(head, protocol)
	be.PutUint16(head[2:], 0)
	be.PutUint32(head[4:], uint32(from.Ifindex))
	be.PutUint16(head[8:], from.Hatype)
	head[10], head[11] = from.Pkttype, from.Halen
	copy(head[12:sll2Size], from.Addr[:])
	return size
}
