package capture

import (
	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// Further link types of the tcpdump registry, decoded off the fast path.
const (
	linkArcnetBSD   LinkType = 7
	linkPPP         LinkType = 9
	linkFDDI        LinkType = 10
	linkPPPHDLC     LinkType = 50
	linkPPPoE       LinkType = 51
	linkCHDLC       LinkType = 104
	linkDot11       LinkType = 105
	linkEnc         LinkType = 109
	linkPFLog       LinkType = 117
	linkPrism       LinkType = 119
	linkRadiotap    LinkType = 127
	linkArcnetLinux LinkType = 129
	linkAVS         LinkType = 163
	linkPPI         LinkType = 192
	linkMPLS        LinkType = 219
	linkNFLog       LinkType = 239
	linkPktap       LinkType = 258
)

// rareLink decodes the link types that are not on the fast path.
func (d *Decoder) rareLink(link LinkType, b []byte, n int, seg *Segment) Verdict {
	switch link {
	case linkPPP, linkPPPHDLC:
		return d.peel(layers.LayerTypePPP, b, n, seg)
	case linkFDDI:
		return d.peel(layers.LayerTypeFDDI, b, n, seg)
	case linkPPPoE:
		return d.pppoe(b, n, seg)
	case linkCHDLC:
		return d.hdlc(b, n, seg)
	case linkDot11:
		return d.dot11(b, n, false, seg)
	case linkPFLog:
		return d.peel(layers.LayerTypePFLog, b, n, seg)
	case linkPrism:
		return d.peel(layers.LayerTypePrismHeader, b, n, seg)
	case linkRadiotap:
		return d.radiotap(b, n, seg)
	case linkNFLog:
		return d.nflog(b, n, seg)
	case linkArcnetBSD, linkArcnetLinux:
		return d.arcnet(link, b, n, seg)
	case linkMPLS:
		return d.peel(layers.LayerTypeMPLS, b, n, seg)
	}
	return d.wrapped(link, b, n, seg)
}

// peel lets gopacket take off one header of the given kind and goes on with
// what that header announces.
func (d *Decoder) peel(header gopacket.Decoder, b []byte, n int, seg *Segment) Verdict {
	if d.nest() {
		return Undecoded
	}
	if len(b) == 0 {
		if n == 0 {
			return NotTCP
		}
		return Malformed
	}
	b = b[:len(b):len(b)] // some of gopacket's layers slice up to the capacity
	inner, next, ok := d.peeler.peel(header, b)
	if !ok {
		return Malformed
	}
	if !sameEnd(b, inner) { // a copy: payload must be a part of the packet
		return Undecoded
	}
	return d.follow(next, inner, n-(len(b)-len(inner)), seg)
}

// sameEnd reports whether part is a slice of b, by the byte where the
// capacity of both ends.
func sameEnd(b, part []byte) bool {
	nb, np := cap(b), cap(part)
	return np == 0 || np <= nb && &b[:nb][nb-1] == &part[:np][np-1]
}

// follow decodes what gopacket says comes next. Nearly all of it is back on
// the paths that are decoded by hand.
func (d *Decoder) follow(next gopacket.Decoder, b []byte, n int, seg *Segment) Verdict {
	switch next := next.(type) {
	case layers.EthernetType: // behind GRE and SNAP
		return d.ethertype(uint16(next), b, n, seg)
	case layers.PPPType:
		return d.ppp(next, b, n, seg)
	case layers.LinkType: // behind VXLAN
		return d.ethernet(b, n, seg)
	case layers.FDDIFrameControl:
		if next != layers.FDDIFrameControlLLC {
			return NotTCP
		}
		return d.llc(b, n, seg)
	case layers.ProtocolGuessingDecoder: // below the last MPLS label
		if len(b) > 0 && b[0]>>4 != 4 && b[0]>>4 != 6 {
			return Undecoded // a pseudowire: only the routers know what is in it
		}
		return d.ip(b, n, seg)
	case gopacket.DecodeFunc: // the next MPLS label
		return d.peel(next, b, n, seg)
	case gopacket.LayerType:
		return d.layer(next, b, n, seg)
	}
	return NotTCP
}

// layer decodes what gopacket names by its layer type: behind LLC, PFLog,
// Prism and EtherIP.
func (d *Decoder) layer(next gopacket.LayerType, b []byte, n int, seg *Segment) Verdict {
	switch next {
	case layers.LayerTypeIPv4:
		return d.ip4(b, n, seg)
	case layers.LayerTypeIPv6:
		return d.ip6(b, n, seg)
	case layers.LayerTypeEthernet:
		return d.ethernet(b, n, seg)
	case layers.LayerTypeDot11:
		return d.dot11(b, n, false, seg)
	case layers.LayerTypeSNAP:
		return d.peel(next, b, n, seg)
	}
	return NotTCP
}

// ppp decodes what a PPP protocol number announces (IANA PPP Numbers).
func (d *Decoder) ppp(protocol layers.PPPType, b []byte, n int, seg *Segment) Verdict {
	const compressedTCP, uncompressedTCP, compressed, multilink = 0x2d, 0x2f, 0xfd, 0x3d
	const wholeFrame = 0xc0 // begins and ends here, RFC 1990 §3; a long sequence number follows
	switch protocol {
	case layers.PPPTypeIPv4:
		return d.ip4(b, n, seg)
	case layers.PPPTypeIPv6:
		return d.ip6(b, n, seg)
	case layers.PPPTypeMPLSUnicast, layers.PPPTypeMPLSMulticast:
		return d.peel(layers.LayerTypeMPLS, b, n, seg)
	case multilink:
		if len(b) < 4 || b[0] != wholeFrame {
			return Undecoded
		}
		return d.peel(layers.LayerTypePPP, b[4:], n-4, seg)
	case compressedTCP, uncompressedTCP, compressed:
		return Undecoded
	}
	return NotTCP
}

// peeler is a gopacket.PacketBuilder that keeps one header and what its
// decoder would do next, instead of doing it. So the depth of a packet is
// bounded here and not by the stack, no layer of gopacket runs that does not
// lead to TCP (its GTP prints to standard output), and nothing is kept of a
// packet but its last header.
type peeler struct {
	last    gopacket.Layer
	next    gopacket.Decoder
	options gopacket.DecodeOptions
}

// peel takes one header off b. Several of gopacket's decoders trust lengths
// and panic when these are wrong; then, as after an error, ok is false.
func (p *peeler) peel(header gopacket.Decoder, b []byte) (inner []byte, next gopacket.Decoder, ok bool) {
	defer func() {
		if recover() != nil {
			inner, next, ok = nil, nil, false
		}
		p.last, p.next = nil, nil
	}()
	err := header.Decode(b, p)
	if err != nil || p.last == nil {
		return nil, nil, false
	}
	if gre, ok := p.last.(*layers.GRE); ok {
		return gre.Payload, gre.Protocol, true // gopacket names only the types that it knows
	}
	return p.last.LayerPayload(), p.next, true
}

// AddLayer and the rest implement gopacket.PacketBuilder.
func (p *peeler) AddLayer(l gopacket.Layer)                   { p.last = l }
func (p *peeler) NextDecoder(next gopacket.Decoder) error     { p.next = next; return nil }
func (p *peeler) DecodeOptions() *gopacket.DecodeOptions      { return &p.options }
func (*peeler) SetTruncated()                                 {}
func (*peeler) SetLinkLayer(gopacket.LinkLayer)               {}
func (*peeler) SetNetworkLayer(gopacket.NetworkLayer)         {}
func (*peeler) SetTransportLayer(gopacket.TransportLayer)     {}
func (*peeler) SetApplicationLayer(gopacket.ApplicationLayer) {}
func (*peeler) SetErrorLayer(gopacket.ErrorLayer)             {}
func (*peeler) DumpPacketData()                               {}
