package capture

// Verdict says what became of a packet.
type Verdict uint8

// The verdicts of [Decoder.Decode].
const (
	Undecoded   Verdict = iota // a link type, an encapsulation or a cipher that nothing here sees through
	Decoded                    // a TCP segment
	NotTCP                     // a whole packet of something else
	Fragment                   // a piece of an IP packet that it did not make whole, or of an 802.11 frame
	Malformed                  // a header that contradicts itself or stops short
	UnknownLink                // a link type of which not even the first header can be read
)

var verdictNames = [...]string{"undecoded", "decoded", "not tcp", "fragment", "malformed", "unknown link type"}

func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return "unknown verdict"
}

// maxNesting is how many encapsulations one packet may have inside another,
// MPLS labels included. Real stacks stay below ten; a crafted packet of
// 64 KB could have thousands.
const maxNesting = 24

// Decoder finds the TCP segment in a packet. The headers that most packets
// have are read by hand: Ethernet, VLAN tags, Linux cooked, raw IP and
// loopback, then IPv4 or IPv6, then TCP; so are most tunnels. Other headers
// go through gopacket one at a time, until an IP header is reached that is
// again read by hand; so all segments come from one TCP decoder, and it is
// the innermost that counts.
//
// The zero Decoder is ready. From packet to packet it keeps nothing but the
// pieces of fragmented IP packets, within limits of number, memory and time
// (8 MiB in all). It is not safe for concurrent use.
//
// Inside, all functions pass on two things: b, the bytes that were captured
// from the header at hand on, and n, the length that these had on the wire.
// n is at least len(b), and more under a snap length.
type Decoder struct {
	nesting int
	peeler  peeler
	pieces  *assembly // nil until the first fragment
	// rest is what the frame has behind the packet that was decoded last, as b
	// and n above; nil but for 802.11 frames made of several.
	rest     []byte
	restWire int
}

// Decode reads one packet: data is what was captured, in the link layer
// format link; wire is its length on the wire, in bytes. If the verdict is
// Decoded, all of seg but Frame and Interface is set, and seg.Payload is a
// part of data; or, if the packet completed one that came in pieces, a part
// of a buffer that is good until the next Decode. Under any other verdict the
// rest of seg has no meaning. Frame and Interface are the caller's to set
// before: pieces wait for each other by that time, at one interface.
//
// Checksums are not verified: with checksum offload, a sender's own capture
// has wrong ones. Where the IP length is 0, which is what a stack leaves
// there above 65,535 bytes, the packet reaches to its end on the wire; else
// padding behind it never counts as payload.
func (d *Decoder) Decode(link LinkType, data []byte, wire int, seg *Segment) Verdict {
	d.nesting, d.rest = 0, nil
	if d.pieces != nil {
		d.pieces.reclaim()
	}
	return d.link(link, data, max(wire, len(data)), seg)
}

// More reads the next packet of the frame that Decode was given last; ok is
// false if it holds no other. Only 802.11 frames hold several. It takes seg as
// Decode does, and so does a verdict count; the frame's data must still be
// there.
func (d *Decoder) More(seg *Segment) (v Verdict, ok bool) {
	if d.rest == nil {
		return Undecoded, false
	}
	b, n := d.rest, d.restWire
	d.nesting, d.rest = 0, nil
	if d.pieces != nil {
		d.pieces.reclaim()
	}
	return d.aggregate(b, n, seg), true
}

// link decodes a packet from its link layer on.
func (d *Decoder) link(link LinkType, b []byte, n int, seg *Segment) Verdict {
	switch link {
	case LinkEthernet:
		return d.ethernet(b, n, seg)
	case LinkSLL:
		return d.sll(b, n, seg)
	case LinkSLL2:
		return d.sll2(b, n, seg)
	case LinkRaw, LinkRawBSD, LinkRawBSD14, LinkIPv4, LinkIPv6:
		return d.ip(b, n, seg)
	case LinkNull, LinkLoop:
		return d.loopback(b, n, seg)
	}
	return d.rareLink(link, b, n, seg)
}

// nest counts one more encapsulation and reports whether that is too many.
func (d *Decoder) nest() (tooDeep bool) {
	d.nesting++
	return d.nesting > maxNesting
}
