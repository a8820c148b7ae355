package capture

import (
	"encoding/binary"

	"github.com/google/gopacket/layers"
)

// UDP ports of tunnels (IANA, but for the first VXLAN port of Linux).
const (
	portL2TP     = 1701
	portGTP      = 2152
	portTeredo   = 3544
	portVXLAN    = 4789
	portVXLANGPE = 4790
	portAYIYA    = 5072
	portGENEVE   = 6081
	portMPLS     = 6635
	portVXLANold = 8472
)

// udp looks into UDP for the ports of known tunnels only: DNS and QUIC, which
// may be most of a capture, cost one look at the ports. The destination
// decides where the source port is a hash of what is inside (RFC 7348 §5);
// tunnels with a client and a server have their port at the server.
func (d *Decoder) udp(b []byte, n int, seg *Segment) Verdict {
	if len(b) < 8 {
		return NotTCP // cut short: not TCP all the same
	}
	from, port := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	if size := int(binary.BigEndian.Uint16(b[4:])); size >= 8 && size < n {
		b, n = b[:min(size, len(b))], size
	}
	b, n = b[8:], n-8
	switch port {
	case portVXLAN, portVXLANold:
		if len(b) == 0 || b[0]&0x08 == 0 { // the I flag must be set: RFC 7348 §5
			return NotTCP
		}
		return d.peel(layers.LayerTypeVXLAN, b, n, seg)
	case portGENEVE:
		return d.geneve(b, n, seg)
	case portGTP:
		return d.gtp(b, n, seg)
	case portVXLANGPE:
		return d.vxlanGPE(b, n, seg)
	case portMPLS: // RFC 7510 §3
		return d.peel(layers.LayerTypeMPLS, b, n, seg)
	}
	switch {
	case port == portL2TP || from == portL2TP:
		return d.l2tp(b, n, seg)
	case port == portTeredo || from == portTeredo:
		return d.teredo(b, n, seg)
	case port == portAYIYA || from == portAYIYA:
		return d.ayiya(b, n, seg)
	}
	return NotTCP
}

// geneve decodes GENEVE (RFC 8926 §3.4). By hand, since gopacket counts the
// header in eight bits and takes options above 60 bytes for shorter ones.
func (d *Decoder) geneve(b []byte, n int, seg *Segment) Verdict {
	if d.nest() {
		return Undecoded
	}
	if len(b) < 8 {
		return Malformed
	}
	if b[0]>>6 != 0 { // version
		return NotTCP
	}
	header := 8 + int(b[0]&0x3f)*4
	if header > len(b) {
		return Malformed
	}
	return d.ethertype(binary.BigEndian.Uint16(b[2:]), b[header:], n-header, seg)
}

// vxlanGPE decodes VXLAN with a next protocol (draft-ietf-nvo3-vxlan-gpe §3.1)
// and without one, which is Ethernet.
func (d *Decoder) vxlanGPE(b []byte, n int, seg *Segment) Verdict {
	const version, instance, protocol, ethernet = 0x30, 0x08, 0x04, 3
	if d.nest() {
		return Undecoded
	}
	if len(b) < 8 {
		return Malformed
	}
	next := byte(ethernet)
	switch {
	case b[0]&version != 0 || b[0]&instance == 0:
		return NotTCP
	case b[0]&protocol != 0:
		next = b[3]
	}
	return d.service(next, b[8:], n-8, seg)
}

// gtp decodes a user's packet in GTP-U version 1 (3GPP TS 29.281 §5): flags,
// message type, length (that of UDP less these eight bytes), endpoint; four
// more bytes if any of three flags is set, one of which announces a list of
// extension headers. Each of these has its length in words of four bytes
// first and the type of the next last.
func (d *Decoder) gtp(b []byte, n int, seg *Segment) Verdict {
	const version1, optional, listed, userPacket = 0x30, 0x07, 0x04, 255
	if d.nest() {
		return Undecoded
	}
	switch {
	case len(b) < 8:
		return Malformed
	case b[0]&0xf0 != version1 || b[1] != userPacket:
		return NotTCP // GTP' and signalling
	}
	size := 8
	if b[0]&optional != 0 {
		size = extensions(b, b[0]&listed != 0)
	}
	if size > len(b) {
		return Malformed
	}
	return d.user(b[size:], n-size, seg)
}

// extensions is where a GTP-U header with optional fields ends; listed says
// that a list of extension headers follows. What is cut ends behind b.
func extensions(b []byte, listed bool) int {
	at := 12
	for listed && at <= len(b) && b[at-1] != 0 {
		if at == len(b) || b[at] == 0 { // a header of no length would never end
			return len(b) + 1
		}
		at += int(b[at]) * 4
	}
	return at
}

// user decodes what no header announces: an IP packet by its first four bits.
func (d *Decoder) user(b []byte, n int, seg *Segment) Verdict {
	if len(b) > 0 && b[0]>>4 != 4 && b[0]>>4 != 6 {
		return Undecoded // Ethernet or PPP: only the endpoints know
	}
	return d.ip(b, n, seg)
}

// l2tp decodes PPP in L2TP version 2 (RFC 2661 §3.1): flags that say which
// fields are there, then these. Version 3 does not tell how long its cookie
// is (RFC 3931 §4.1).
func (d *Decoder) l2tp(b []byte, n int, seg *Segment) Verdict {
	const control, length, sequence, offset, version = 0x8000, 0x4000, 0x0800, 0x0200, 0x000f
	if d.nest() {
		return Undecoded
	}
	if len(b) < 6 {
		return Malformed
	}
	flags := binary.BigEndian.Uint16(b)
	switch {
	case flags&control != 0:
		return NotTCP
	case flags&version != 2:
		return Undecoded
	}
	size := 6
	if flags&length != 0 {
		size += 2
	}
	if flags&sequence != 0 {
		size += 4
	}
	if flags&offset != 0 {
		if size+2 > len(b) {
			return Malformed
		}
		size += 2 + int(binary.BigEndian.Uint16(b[size:]))
	}
	if size > len(b) {
		return Malformed
	}
	return d.peel(layers.LayerTypePPP, b[size:], n-size, seg)
}

// teredo decodes IPv6 in UDP (RFC 4380 §5.1.1): before the packet may stand an
// authentication of a length that it tells and the origin of the packet. Only
// what goes through a server or a relay on the server's port is known by it.
func (d *Decoder) teredo(b []byte, n int, seg *Segment) Verdict {
	const authentication, origin = 1, 0
	if d.nest() {
		return Undecoded
	}
	if len(b) >= 4 && binary.BigEndian.Uint16(b) == authentication {
		size := 4 + int(b[2]) + int(b[3]) + 9 // names, nonce, confirmation
		if size > len(b) {
			return Malformed
		}
		b, n = b[size:], n-size
	}
	if len(b) >= 8 && binary.BigEndian.Uint16(b) == origin {
		b, n = b[8:], n-8
	}
	if len(b) == 0 || b[0]>>4 != 6 {
		return NotTCP // a bubble cut short, or another protocol on the port
	}
	return d.ip6(b, n, seg)
}

// ayiya decodes Anything In Anything (draft-massar-v6ops-ayiya §3): the
// lengths of identity (as a power of two) and signature (in words), an
// operation, the next header, the time; then identity, signature, packet.
func (d *Decoder) ayiya(b []byte, n int, seg *Segment) Verdict {
	const forward, echoForward = 1, 3
	if d.nest() {
		return Undecoded
	}
	if len(b) < 8 {
		return Malformed
	}
	if operation := b[2] & 15; operation != forward && operation != echoForward {
		return NotTCP
	}
	size := 8 + 1<<(b[0]>>4) + int(b[1]>>4)*4
	if size > len(b) {
		return Malformed
	}
	switch b[3] {
	case protoIPv4:
		return d.ip4(b[size:], n-size, seg)
	case protoIPv6:
		return d.ip6(b[size:], n-size, seg)
	}
	return NotTCP
}
