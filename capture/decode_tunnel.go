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
	portVXLANold = 8472
)

// tunnel decodes what an IP packet that is not TCP may carry inside.
func (d *Decoder) tunnel(protocol byte, b []byte, n int, seg *Segment) Verdict {
	if protocol == protoUDP {
		return d.udp(b, n, seg)
	}
	if d.nest() {
		return Undecoded
	}
	switch protocol {
	case protoIPv4, protoIPIP:
		return d.ip4(b, n, seg)
	case protoIPv6:
		return d.ip6(b, n, seg)
	case protoGRE:
		return d.peel(layers.LayerTypeGRE, b, n, seg)
	case protoEtherIP:
		return d.peel(layers.LayerTypeEtherIP, b, n, seg)
	case protoMPLS:
		return d.peel(layers.LayerTypeMPLS, b, n, seg)
	case protoESP:
		return Undecoded
	}
	return NotTCP
}

// udp looks into UDP for the ports of known tunnels only: DNS and QUIC, which
// may be most of a capture, cost one look at the port. The destination
// decides, since the source port of a tunnel is a hash of what is inside
// (RFC 7348 §5).
func (d *Decoder) udp(b []byte, n int, seg *Segment) Verdict {
	if len(b) < 8 {
		return NotTCP // cut short: not TCP all the same
	}
	port := binary.BigEndian.Uint16(b[2:])
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
	case portL2TP, portGTP, portTeredo, portVXLANGPE, portAYIYA:
		return Undecoded
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

// pppoe decodes a PPPoE session (RFC 2516 §4). By hand, since gopacket gives
// up on a frame that the snap length cuts.
func (d *Decoder) pppoe(b []byte, n int, seg *Segment) Verdict {
	if len(b) < 6 {
		return Malformed
	}
	if b[1] != 0 { // code: not session data
		return NotTCP
	}
	size := int(binary.BigEndian.Uint16(b[4:]))
	b, n = b[6:], n-6
	if size > n {
		return Malformed
	}
	return d.peel(layers.LayerTypePPP, b[:min(size, len(b))], size, seg)
}

// rareEthertype decodes EtherTypes other than IP and VLAN tags.
func (d *Decoder) rareEthertype(t uint16, b []byte, n int, seg *Segment) Verdict {
	if t < etherLeast {
		size := min(int(t), n)
		return d.llc(b[:min(size, len(b))], size, seg)
	}
	switch t {
	case etherMPLS, etherMPLSm:
		return d.peel(layers.LayerTypeMPLS, b, n, seg)
	case etherPPPoE:
		return d.pppoe(b, n, seg)
	case etherPPP:
		return d.peel(layers.LayerTypePPP, b, n, seg)
	case etherBridge:
		if d.nest() {
			return Undecoded
		}
		return d.ethernet(b, n, seg)
	case etherERSPAN, etherERSPAN3, etherWCCP, etherMACsec, etherPBB, etherNSH:
		return Undecoded
	}
	return NotTCP
}

func (d *Decoder) llc(b []byte, n int, seg *Segment) Verdict {
	return d.peel(layers.LayerTypeLLC, b, n, seg)
}
