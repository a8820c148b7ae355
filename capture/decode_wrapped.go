package capture

import "encoding/binary"

// wrapped decodes the link types that stand before another: headers of
// capture programs and drivers.
func (d *Decoder) wrapped(link LinkType, b []byte, n int, seg *Segment) Verdict {
	switch link {
	case linkPktap:
		return d.pktap(b, n, seg)
	case linkPPI:
		return d.ppi(b, n, seg)
	case linkAVS:
		return d.avs(b, n, seg)
	case linkEnc:
		return d.enc(b, n, seg)
	}
	return UnknownLink
}

// inner decodes a packet of the link type that a header before it names.
func (d *Decoder) inner(link uint32, b []byte, n int, seg *Segment) Verdict {
	if d.nest() || link > 0xffff {
		return Undecoded
	}
	v := d.link(LinkType(link), b, n, seg)
	if v == UnknownLink {
		return Undecoded // the first header could be read
	}
	return v
}

// pktap decodes what macOS writes for several interfaces at once: length of
// the header, kind, link type of the packet, all in little endian, then names
// of interface and process (LINKTYPE_PKTAP).
func (d *Decoder) pktap(b []byte, n int, seg *Segment) Verdict {
	if len(b) < 12 {
		return Malformed
	}
	size := binary.LittleEndian.Uint32(b)
	if size < 12 || uint64(size) > uint64(len(b)) {
		return Malformed
	}
	return d.inner(binary.LittleEndian.Uint32(b[8:]), b[size:], n-int(size), seg)
}

// ppi decodes a header of per-packet information: version, flags, its length
// and the link type behind it in little endian (LINKTYPE_PPI).
func (d *Decoder) ppi(b []byte, n int, seg *Segment) Verdict {
	if len(b) < 8 {
		return Malformed
	}
	size := int(binary.LittleEndian.Uint16(b[2:]))
	if size < 8 || size > len(b) {
		return Malformed
	}
	return d.inner(binary.LittleEndian.Uint32(b[4:]), b[size:], n-size, seg)
}

// avs decodes the header of AVS drivers before 802.11: version and length, in
// network byte order (LINKTYPE_IEEE802_11_AVS).
func (d *Decoder) avs(b []byte, n int, seg *Segment) Verdict {
	if len(b) < 8 {
		return Malformed
	}
	size := binary.BigEndian.Uint32(b[4:])
	if size < 8 || uint64(size) > uint64(len(b)) {
		return Malformed
	}
	return d.dot11(b[size:], n-int(size), false, seg)
}

// enc decodes what OpenBSD shows of IPsec behind the cipher: address family
// in the writer's byte order, two words of four bytes (LINKTYPE_ENC).
func (d *Decoder) enc(b []byte, n int, seg *Segment) Verdict {
	if len(b) < 12 {
		return Malformed
	}
	return d.family(b, b[12:], n-12, seg)
}
