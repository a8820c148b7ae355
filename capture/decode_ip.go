package capture

import "encoding/binary"

// IP protocol and IPv6 next header numbers (IANA).
const (
	protoHopByHop    = 0
	protoIPv4        = 4
	protoTCP         = 6
	protoUDP         = 17
	protoIPv6        = 41
	protoRouting     = 43
	protoFragment    = 44
	protoGRE         = 47
	protoESP         = 50
	protoAH          = 51
	protoDestination = 60
	protoIPIP        = 94
	protoEtherIP     = 97
	protoL2TP        = 115
	protoMobility    = 135
	protoMPLS        = 137
	protoHIP         = 139
	protoShim6       = 140
)

// maxOffload bounds a packet whose IP length is 0. Linux builds none above
// GSO_MAX_SIZE, 8 × 65,535 bytes (linux/netdevice.h), so that a longer one
// comes from a damaged record header.
const maxOffload = 8 * 65535

// maxExtensions is how many IPv6 extension headers may follow one another;
// RFC 8200 §4.1 lists seven.
const maxExtensions = 16

// ip4 decodes an IPv4 packet (RFC 791 §3.1).
func (d *Decoder) ip4(b []byte, n int, seg *Segment) Verdict {
	if len(b) < 20 || b[0]>>4 != 4 {
		return Malformed
	}
	header := int(b[0]&15) * 4
	total := int(binary.BigEndian.Uint16(b[2:]))
	if total == 0 {
		if n > maxOffload {
			return Malformed
		}
		total = n
	}
	if header < 20 || header > total || header > len(b) {
		return Malformed
	}
	seg.Src.hi, seg.Src.lo = 0, mapped4|uint64(binary.BigEndian.Uint32(b[12:]))
	seg.Dst.hi, seg.Dst.lo = 0, mapped4|uint64(binary.BigEndian.Uint32(b[16:]))
	seg.HasIPID, seg.IPID = true, binary.BigEndian.Uint16(b[4:])
	seg.TTL = b[8]
	protocol, bits := b[9], binary.BigEndian.Uint16(b[6:])
	b, n = b[header:min(len(b), total)], total-header
	if bits&0x3fff != 0 { // more fragments, offset
		return d.fragment4(bits, protocol, b, n, seg)
	}
	if protocol == protoTCP {
		return decodeTCP(b, n, seg)
	}
	return d.transport(protocol, b, n, seg)
}

// ip6 decodes an IPv6 packet (RFC 8200 §3). A payload length of 0 is a
// jumbogram (RFC 2675); its hop-by-hop option need not be there, since Linux
// leaves it away within the host.
func (d *Decoder) ip6(b []byte, n int, seg *Segment) Verdict {
	if len(b) < 40 || b[0]>>4 != 6 {
		return Malformed
	}
	n -= 40
	if length := int(binary.BigEndian.Uint16(b[4:])); length > 0 {
		n = length
	} else if n > maxOffload {
		return Malformed
	}
	seg.Src.hi, seg.Src.lo = binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[16:])
	seg.Dst.hi, seg.Dst.lo = binary.BigEndian.Uint64(b[24:]), binary.BigEndian.Uint64(b[32:])
	seg.HasIPID, seg.IPID = false, 0
	seg.TTL = b[7]
	next := b[6]
	b = b[40:min(len(b), 40+n)]
	if next == protoTCP {
		return decodeTCP(b, n, seg)
	}
	return d.transport(next, b, n, seg)
}

// transport decodes what an IP protocol number announces, behind any
// extension headers (RFC 8200 §4; AH: RFC 4302 §2, under IPv4 too).
func (d *Decoder) transport(protocol byte, b []byte, n int, seg *Segment) Verdict {
	for range maxExtensions + 1 {
		var size int
		switch protocol {
		case protoTCP:
			return decodeTCP(b, n, seg)
		case protoHopByHop, protoRouting, protoDestination, protoMobility, protoHIP, protoShim6:
			if len(b) < 8 {
				return Malformed
			}
			size = (int(b[1]) + 1) * 8
		case protoFragment:
			if len(b) < 8 {
				return Malformed
			}
			if binary.BigEndian.Uint16(b[2:])&0xfff9 != 0 {
				return d.fragment6(b, n, seg)
			}
			size = 8 // an atomic fragment is a whole packet (RFC 6946)
		case protoAH:
			if len(b) < 12 {
				return Malformed
			}
			size = (int(b[1]) + 2) * 4
		default:
			return d.tunnel(protocol, b, n, seg)
		}
		if size > len(b) {
			return Malformed
		}
		protocol = b[0]
		b, n = b[size:], n-size
	}
	return Undecoded
}
