package capture

import "github.com/google/gopacket"

// Reader yields the raw packets of a capture. It is a
// gopacket.ZeroCopyPacketDataSource, so that whatever is built on gopacket
// can read from ours, and [FromGopacket] makes a Reader of whatever gopacket
// can read from.
//
// The data of ZeroCopyReadPacketData are borrowed until the next call.
// ci.InterfaceIndex counts interfaces over the whole file; ci.Timestamp is in
// UTC. Errors are io.EOF, [*Error] or, where more follows, [Idle] and [Hole]; a
// packet that has no time (pcapng simple packet blocks) has that of the packet
// before it.
type Reader interface {
	gopacket.ZeroCopyPacketDataSource
	// LinkType is that of an interface that some packet named.
	LinkType(interfaceIndex int) LinkType
	// Dropped is how many packets the capture itself says it lost so far.
	Dropped() uint64
}
