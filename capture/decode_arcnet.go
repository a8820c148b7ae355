package capture

// ARCNET packet types (RFC 1201 §4; Novell's list of numbers for IPv6).
const (
	arcnetDiagnose = 128
	arcnetIPv6     = 0xc4
	arcnetIPv4     = 212
	arcnetOldIPv4  = 240 // RFC 1051: nothing but the type before the packet
	arcnetOldARP   = 241
)

// arcnet decodes ARCNET: one byte each for source and destination, in Linux's
// form two bytes of offset, the type; then for types of RFC 1201 a split flag
// and two bytes of sequence. In BSD's form the flag 0xff marks an exception
// packet, three bytes of which say nothing and the header's rest follows
// again (LINKTYPE_ARCNET_BSD, LINKTYPE_ARCNET_LINUX).
func (d *Decoder) arcnet(link LinkType, b []byte, n int, seg *Segment) Verdict {
	const exception = 0xff
	size := 3
	if link == linkArcnetLinux {
		size = 5
	}
	if len(b) < size {
		return Malformed
	}
	kind := b[size-1]
	switch kind {
	case arcnetDiagnose, arcnetOldARP:
		return NotTCP
	case arcnetOldIPv4:
		return d.ip4(b[size:], n-size, seg)
	}
	size += 3
	if link == linkArcnetBSD && len(b) >= size && b[size-3] == exception {
		size += 4
	}
	if len(b) < size {
		return Malformed
	}
	if b[size-3] != 0 { // how many pieces, or the number of this one
		return Fragment
	}
	switch kind {
	case arcnetIPv4:
		return d.ip4(b[size:], n-size, seg)
	case arcnetIPv6:
		return d.ip6(b[size:], n-size, seg)
	}
	return NotTCP
}
