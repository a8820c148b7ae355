package capture

import (
	"encoding/binary"

	"github.com/google/gopacket/layers"
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
		return d.gre(b, n, seg)
	case protoEtherIP:
		return d.peel(layers.LayerTypeEtherIP, b, n, seg)
	case protoMPLS:
		return d.peel(layers.LayerTypeMPLS, b, n, seg)
	case protoESP, protoL2TP:
		return Undecoded
	}
	return NotTCP
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
	case etherNSH:
		return d.nsh(b, n, seg)
	case etherPBB:
		return d.backbone(b, n, seg)
	case etherMACsec:
		return d.macsec(b, n, seg)
	}
	return NotTCP
}

func (d *Decoder) llc(b []byte, n int, seg *Segment) Verdict {
	return d.peel(layers.LayerTypeLLC, b, n, seg)
}

// nsh decodes a service function chain's header (RFC 8300 §2.2): version,
// length in words of four bytes, next protocol, then metadata of any kind.
func (d *Decoder) nsh(b []byte, n int, seg *Segment) Verdict {
	if d.nest() {
		return Undecoded
	}
	if len(b) < 8 {
		return Malformed
	}
	if b[0]>>6 != 0 {
		return NotTCP
	}
	size := int(b[1]&0x3f) * 4
	if size < 8 || size > len(b) {
		return Malformed
	}
	return d.service(b[3], b[size:], n-size, seg)
}

// service decodes what the next protocol of NSH (RFC 8300 §11.2.5) or of
// VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe §3.2) announces: the numbers are the
// same.
func (d *Decoder) service(next byte, b []byte, n int, seg *Segment) Verdict {
	switch next {
	case 1:
		return d.ip4(b, n, seg)
	case 2:
		return d.ip6(b, n, seg)
	case 3:
		return d.ethernet(b, n, seg)
	case 4:
		return d.nsh(b, n, seg)
	case 5:
		return d.peel(layers.LayerTypeMPLS, b, n, seg)
	}
	return NotTCP
}

// backbone decodes a provider backbone's instance tag (IEEE 802.1Q §9.7): four
// bytes, then the customer's frame.
func (d *Decoder) backbone(b []byte, n int, seg *Segment) Verdict {
	if d.nest() {
		return Undecoded
	}
	if len(b) < 4 {
		return Malformed
	}
	return d.ethernet(b[4:], n-4, seg)
}

// macsec decodes a frame that is protected and not encrypted (IEEE 802.1AE
// §9.3): tag control, short length, packet number, perhaps a channel's name.
// The integrity check behind the packet does no harm: IP says where it ends.
func (d *Decoder) macsec(b []byte, n int, seg *Segment) Verdict {
	const encrypted, changed, channel = 0x08, 0x04, 0x20
	if d.nest() {
		return Undecoded
	}
	if len(b) < 6 {
		return Malformed
	}
	if b[0]&(encrypted|changed) != 0 {
		return Undecoded
	}
	size := 6
	if b[0]&channel != 0 {
		size += 8
	}
	if len(b) < size+2 {
		return Malformed
	}
	return d.ethertype(binary.BigEndian.Uint16(b[size:]), b[size+2:], n-size-2, seg)
}
