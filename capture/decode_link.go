package capture

import "encoding/binary"

// EtherTypes (IEEE 802 Numbers, IANA) that lead on to TCP.
const (
	etherIPv4   = 0x0800
	etherIPv6   = 0x86dd
	etherVLAN   = 0x8100 // IEEE 802.1Q
	etherQinQ   = 0x88a8 // IEEE 802.1ad
	etherQinQ91 = 0x9100 // before the standard: Cisco, Juniper
	etherQinQ92 = 0x9200
	etherBridge = 0x6558 // Ethernet inside GRE or GENEVE
	etherPPP    = 0x880b // PPP inside GRE (PPTP)
	etherMPLS   = 0x8847
	etherMPLSm  = 0x8848 // multicast, or with an upstream label
	etherPPPoE  = 0x8864 // session stage

	// Smaller values are the length of an IEEE 802.3 frame, which starts
	// with an LLC header.
	etherLeast = 0x0600

	// Headers between Ethernet and the packet.
	etherMACsec = 0x88e5
	etherPBB    = 0x88e7
	etherNSH    = 0x894f

	// Inside GRE only.
	etherERSPAN  = 0x88be // types I and II
	etherERSPAN3 = 0x22eb
	etherWCCP    = 0x883e
)

const maxTags = 8

func (d *Decoder) ethernet(b []byte, n int, seg *Segment) Verdict {
	if len(b) < 14 {
		return Malformed
	}
	return d.ethertype(binary.BigEndian.Uint16(b[12:]), b[14:], n-14, seg)
}

// ethertype decodes what an EtherType announces. VLAN tags (IEEE 802.1Q §9)
// are stepped over here, so that a tag costs next to nothing.
func (d *Decoder) ethertype(t uint16, b []byte, n int, seg *Segment) Verdict {
	for range maxTags + 1 {
		switch t {
		case etherIPv4:
			return d.ip4(b, n, seg)
		case etherIPv6:
			return d.ip6(b, n, seg)
		case etherVLAN, etherQinQ, etherQinQ91, etherQinQ92:
			if len(b) < 4 {
				return Malformed
			}
			t = binary.BigEndian.Uint16(b[2:])
			b, n = b[4:], n-4
		default:
			return d.rareEthertype(t, b, n, seg)
		}
	}
	return Undecoded
}

// sll decodes a Linux cooked header, version 1: packet type, ARPHRD, address
// length, 8 bytes of address, protocol (LINKTYPE_LINUX_SLL).
func (d *Decoder) sll(b []byte, n int, seg *Segment) Verdict {
	if len(b) < 16 {
		return Malformed
	}
	return d.cooked(binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint16(b[14:]), b[16:], n-16, seg)
}

// sll2 decodes a Linux cooked header, version 2: protocol, 2 bytes reserved,
// interface index, ARPHRD, packet type, address length, 8 bytes of address
// (LINKTYPE_LINUX_SLL2).
func (d *Decoder) sll2(b []byte, n int, seg *Segment) Verdict {
	if len(b) < 20 {
		return Malformed
	}
	return d.cooked(binary.BigEndian.Uint16(b[8:]), binary.BigEndian.Uint16(b), b[20:], n-20, seg)
}

func (d *Decoder) cooked(hardware, protocol uint16, b []byte, n int, seg *Segment) Verdict {
	const (
		arphrdNetlink = 824    // the protocol is a netlink family then
		ethP8022      = 0x0004 // an LLC header follows (linux/if_ether.h)
	)
	switch {
	case hardware == arphrdNetlink:
		return NotTCP
	case protocol == ethP8022:
		return d.llc(b, n, seg)
	case protocol < etherLeast: // CAN, PPP and other numbers of Linux's own
		return NotTCP
	}
	return d.ethertype(protocol, b, n, seg)
}

// loopback decodes BSD loopback: an address family of 4 bytes, in the byte
// order of the writer (LINKTYPE_NULL) or of the network (LINKTYPE_LOOP). No
// family exceeds 16 bits, so the byte order shows.
func (d *Decoder) loopback(b []byte, n int, seg *Segment) Verdict {
	if len(b) < 4 {
		return Malformed
	}
	return d.family(b, b[4:], n-4, seg)
}

// family decodes what an address family in the first bytes of head announces.
func (d *Decoder) family(head, b []byte, n int, seg *Segment) Verdict {
	family := binary.BigEndian.Uint32(head)
	if family > 0xffff {
		family = binary.LittleEndian.Uint32(head)
	}
	switch family {
	case 2:
		return d.ip4(b, n, seg)
	case 10, 24, 28, 30: // Linux; NetBSD and OpenBSD; FreeBSD; Darwin
		return d.ip6(b, n, seg)
	}
	return NotTCP
}

// ip decodes raw IP, whose version is in its first four bits.
func (d *Decoder) ip(b []byte, n int, seg *Segment) Verdict {
	if len(b) == 0 {
		return Malformed
	}
	switch b[0] >> 4 {
	case 4:
		return d.ip4(b, n, seg)
	case 6:
		return d.ip6(b, n, seg)
	}
	return Malformed
}

// hdlc decodes Cisco HDLC: address, control, EtherType (LINKTYPE_C_HDLC).
func (d *Decoder) hdlc(b []byte, n int, seg *Segment) Verdict {
	if len(b) < 4 {
		return Malformed
	}
	return d.ethertype(binary.BigEndian.Uint16(b[2:]), b[4:], n-4, seg)
}

// nflog decodes a packet logged by netfilter: family, version, resource id,
// then attributes of which one is the packet (LINKTYPE_NFLOG). Length and
// type of an attribute are in the byte order of the capturing host, which
// the file does not tell; no type exceeds one byte, so the type shows it.
func (d *Decoder) nflog(b []byte, n int, seg *Segment) Verdict {
	const payload = 9 // NFULA_PAYLOAD, linux/netfilter/nfnetlink_log.h
	if len(b) < 4 {
		return Malformed
	}
	b, n = b[4:], n-4
	for len(b) >= 4 {
		var order binary.ByteOrder = binary.LittleEndian
		if b[2] == 0 {
			order = binary.BigEndian
		}
		size := int(order.Uint16(b))
		if size < 4 || size > n {
			return Malformed
		}
		if order.Uint16(b[2:]) == payload {
			b, n = b[4:min(size, len(b))], size-4
			if len(b) > 0 && b[0]>>4 != 4 && b[0]>>4 != 6 {
				return NotTCP // ARP and whatever else passes a bridge
			}
			return d.ip(b, n, seg)
		}
		size = (size + 3) &^ 3
		if size > len(b) {
			return Malformed
		}
		b, n = b[size:], n-size
	}
	return NotTCP
}
