package capture

import "strconv"

// LinkType is the kind of link-layer header that a packet starts with: a
// LINKTYPE_ value of the tcpdump registry. It has 16 bits; gopacket's own
// type has 8, which takes 276 (SLL2, what "tcpdump -i any" writes) for 20.
type LinkType uint16

// The link types that the fast path decodes by hand.
const (
	LinkNull     LinkType = 0   // BSD loopback, address family in the writer's byte order
	LinkEthernet LinkType = 1   // IEEE 802.3
	LinkRawBSD   LinkType = 12  // raw IP on most systems (DLT_RAW)
	LinkRawBSD14 LinkType = 14  // raw IP on OpenBSD
	LinkRaw      LinkType = 101 // raw IP
	LinkLoop     LinkType = 108 // OpenBSD loopback, address family in network byte order
	LinkSLL      LinkType = 113 // Linux cooked capture v1
	LinkIPv4     LinkType = 228
	LinkIPv6     LinkType = 229
	LinkSLL2     LinkType = 276 // Linux cooked capture v2
)

func (l LinkType) String() string { return "link type " + strconv.Itoa(int(l)) }
