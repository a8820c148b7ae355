package capture

import "encoding/binary"

// The flags of a GRE header (RFC 2784 §2, RFC 2890 §2; routing: RFC 1701;
// version 1 with acknowledgements: RFC 2637 §4.1).
const (
	greChecksum = 0x8000
	greRouting  = 0x4000
	greKey      = 0x2000
	greSequence = 0x1000
	greAck      = 0x0080
	greVersion  = 0x0007
)

// gre decodes GRE. By hand, since what ERSPAN puts behind the header depends
// on one of its flags.
func (d *Decoder) gre(b []byte, n int, seg *Segment) Verdict {
	if len(b) < 4 {
		if n == 0 {
			return NotTCP
		}
		return Malformed
	}
	flags, protocol := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	size := 4
	if flags&(greChecksum|greRouting) != 0 {
		size += 4 // either brings the room for both
	}
	for _, field := range [...]uint16{greKey, greSequence} {
		if flags&field != 0 {
			size += 4
		}
	}
	switch version := flags & greVersion; {
	case version > 1:
		return Undecoded
	case version == 1 && flags&greAck != 0:
		size += 4
	}
	if flags&greRouting != 0 {
		size = routes(b, size)
	}
	if size > len(b) {
		return Malformed
	}
	return d.insideGRE(flags, protocol, b[size:], n-size, seg)
}

// routes is where a GRE header's source routes end (RFC 1701): family, two
// bytes, length, and nothing of no family behind the last. What is cut ends
// behind b.
func routes(b []byte, at int) int {
	for at+4 <= len(b) {
		family, length := binary.BigEndian.Uint16(b[at:]), int(b[at+3])
		at += 4 + length
		if family == 0 && length == 0 {
			return at
		}
	}
	return len(b) + 1
}

// insideGRE decodes what a GRE header's protocol announces.
func (d *Decoder) insideGRE(flags, protocol uint16, b []byte, n int, seg *Segment) Verdict {
	switch protocol {
	case etherERSPAN:
		if flags&greSequence == 0 {
			return d.ethernet(b, n, seg) // type I has no header of its own
		}
		return d.erspan(8, b, n, seg)
	case etherERSPAN3:
		return d.erspan(12, b, n, seg)
	case etherWCCP:
		// Version 2 puts a redirect header before the packet and does not
		// say so; its first byte is never that of an IP header.
		if len(b) > 4 && b[0]>>4 != 4 {
			b, n = b[4:], n-4
		}
		return d.ip(b, n, seg)
	}
	return d.ethertype(protocol, b, n, seg)
}

// erspan decodes a mirrored frame (draft-foschiano-erspan §4): type II has 8
// bytes of header, type III 12, and 8 more if the last bit of these says so.
// Only type III tells frames of other kinds than Ethernet.
func (d *Decoder) erspan(size int, b []byte, n int, seg *Segment) Verdict {
	const version2, version3, more, raw = 1, 2, 1, 2
	if len(b) < size {
		return Malformed
	}
	kind := 0
	switch version := b[0] >> 4; {
	case size == 8 && version == version2:
	case size == 12 && version == version3:
		last := binary.BigEndian.Uint16(b[10:])
		kind = int(last >> 10 & 0x1f)
		if last&more != 0 {
			size += 8
		}
	default:
		return Undecoded
	}
	switch {
	case size > len(b):
		return Malformed
	case kind == 0:
		return d.ethernet(b[size:], n-size, seg)
	case kind == raw:
		return d.ip(b[size:], n-size, seg)
	}
	return Undecoded
}
