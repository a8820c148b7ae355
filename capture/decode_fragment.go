package capture

import "encoding/binary"

// fragment4 decodes a fragment of an IPv4 packet (RFC 791 §3.2). b and n are
// what follows its header; addresses, identification and TTL are in seg.
func (d *Decoder) fragment4(bits uint16, protocol byte, b []byte, n int, seg *Segment) Verdict {
	const more, offset = 0x2000, 0x1fff
	p := piece{at: int(bits&offset) * 8, n: n, b: b, more: bits&more != 0, ttl: seg.TTL, next: protocol}
	p.id, p.protocol = uint32(seg.IPID), protocol
	return d.fragment(&p, seg)
}

// fragment6 decodes a fragment of an IPv6 packet, b beginning with its
// fragment header (RFC 8200 §4.5): next header, a byte reserved, offset in
// units of eight bytes with the M bit, identification.
func (d *Decoder) fragment6(b []byte, n int, seg *Segment) Verdict {
	const more, offset = 0x0001, 0xfff8
	bits := binary.BigEndian.Uint16(b[2:])
	p := piece{at: int(bits & offset), n: n - 8, b: b[8:], more: bits&more != 0, ttl: seg.TTL, next: b[0]}
	p.id, p.six = binary.BigEndian.Uint32(b[4:]), true
	return d.fragment(&p, seg)
}

// fragment puts a piece to the others of its packet and goes on with the
// packet if that made it whole. A piece that is not the last and not a
// multiple of eight bytes long leaves a gap that none can fill (RFC 8200 §4.5
// has it dropped).
func (d *Decoder) fragment(p *piece, seg *Segment) Verdict {
	if p.n <= 0 || p.at+p.n > maxPacket {
		return Malformed
	}
	if p.more && p.n%8 != 0 {
		return Fragment
	}
	if d.pieces == nil {
		d.pieces = newAssembly()
	}
	p.srcHi, p.srcLo, p.dstHi, p.dstLo = seg.Src.hi, seg.Src.lo, seg.Dst.hi, seg.Dst.lo
	p.iface = seg.Interface
	whole := d.pieces.add(p, seg.Time)
	if whole == nil {
		return Fragment
	}
	if d.nest() {
		return Undecoded
	}
	seg.TTL = whole.ttl
	return d.transport(whole.next, whole.payload(), whole.size, seg)
}
