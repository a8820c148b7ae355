package capture

import "time"

// The limits on IP packets that are being put together.
const (
	// maxDatagrams is how many wait for pieces at a time. Beyond it the
	// oldest is given up.
	maxDatagrams = 1024
	// maxPieceBytes bounds the memory of all of them together, in bytes of
	// buffer. Beyond it the oldest is given up.
	maxPieceBytes = 8 << 20
	// pieceWait is how long one waits from its first piece on, ns of capture
	// time: as long as Linux does (net.ipv4.ipfrag_time; RFC 1122 §3.3.2 and
	// RFC 8200 §4.5 allow twice that).
	pieceWait = int64(30 * time.Second)
	// maxPacket is the length that an IP packet can have, bytes: pieces that
	// reach further are an attack on the receiver.
	maxPacket = 65535
)

// The copies of a piece whose packet is whole already belong to it: a mirror
// port or a second look at a packet shows each piece twice. They come at most
// copyWait (ns of capture time) later, which no counter of 16 bits outruns.
const (
	copyWait    = int64(10 * time.Millisecond)
	recentWhole = 64
)

// datagramKey tells one packet in pieces from another (RFC 791 §2.3: with the
// protocol; RFC 8200 §4.5: without, so that it is 0). Interfaces are places,
// and what is seen at one is not completed at another.
type datagramKey struct {
	srcHi, srcLo, dstHi, dstLo uint64
	id                         uint32
	iface                      uint16
	protocol                   byte
	six                        bool
}

// piece is one fragment of an IP packet.
type piece struct {
	datagramKey
	at   int    // where it begins in the packet's payload, bytes
	n    int    // how long it is on the wire, bytes
	b    []byte // what was captured of it, at most n bytes
	more bool   // it is not the last
	ttl  uint8
	next byte // the protocol of what is put together
}

// datagram is one IP packet of which pieces wait for the others.
type datagram struct {
	key   datagramKey
	first int64  // capture time of the first piece, ns
	size  int    // of the payload, bytes; 0: the last piece is still out
	cut   int    // what was captured is whole up to here
	count uint64 // pieces, repetitions included
	spans spans
	buf   []byte // the slot's, kept from one packet to the next
	ttl   uint8
	next  byte
	// refused marks a packet whose pieces contradict each other: it stays as
	// a mark, so that what still comes of it completes nothing.
	refused      bool
	older, newer int32 // neighbours in the order of first, as index+1
}

// assembly puts IP packets together. Nothing that it holds is a part of a
// capture's buffers.
//
// Where two pieces overlap, neither wins: the packet is refused with all that
// still comes of it (RFC 5722 §3; Linux does so for IPv4 too), for the
// receiver takes none. A piece that repeats bytes which are there is a copy
// and changes nothing.
type assembly struct {
	slots    []datagram
	free     []int32
	index    map[datagramKey]int32
	oldest   int32 // index+1
	newest   int32
	lent     []int32 // whole: their bytes are with the caller
	bytes    int     // of all slots' buffers
	recent   [recentWhole]whole
	recentAt int
	used     uint64 // pieces of packets that became whole, but the last
	evicted  uint64 // packets given up because of a limit
}

// whole is a packet that was put together.
type whole struct {
	key datagramKey
	at  int64 // capture time, ns
}

// newAssembly holds nothing yet: most captures have no fragments.
func newAssembly() *assembly { return &assembly{index: map[datagramKey]int32{}} }

// add takes a piece seen at now, ns of capture time, and returns the packet
// that it completes, which is the caller's to read until reclaim; else nil.
func (a *assembly) add(p *piece, now int64) *datagram {
	a.expire(now)
	i, known := a.index[p.datagramKey]
	if !known {
		if a.isCopy(p, now) {
			a.used++
			return nil
		}
		i = a.open(p, now)
	}
	d := &a.slots[i]
	d.count++
	if d.refused {
		return nil
	}
	if !d.take(p) || !a.store(i, p) {
		d.refused = true
		return nil
	}
	if !d.isWhole() {
		return nil
	}
	a.used += d.count - 1
	a.recent[a.recentAt] = whole{d.key, now}
	a.recentAt = (a.recentAt + 1) % recentWhole
	a.unlink(i)
	a.lent = append(a.lent, i)
	return d
}

// take enters where a piece lies, and reports false if that contradicts what
// is known of the packet.
func (d *datagram) take(p *piece) bool {
	end := p.at + p.n
	switch {
	case !p.more && d.size != 0 && d.size != end, !p.more && d.spans.end() > end,
		p.more && d.size != 0 && end >= d.size:
		return false
	case !p.more:
		d.size = end
	}
	switch d.spans.add(p.at, end) {
	case overlapping:
		return false
	case repeated:
		here := min(p.at+len(p.b), d.cut) - p.at
		return here <= 0 || string(d.buf[p.at:p.at+here]) == string(p.b[:here])
	}
	if p.at == 0 {
		d.ttl, d.next = p.ttl, p.next
	}
	return true
}

// store copies what was captured of a piece; nothing behind a cut is needed.
func (a *assembly) store(i int32, p *piece) bool {
	d := &a.slots[i]
	if len(p.b) < p.n {
		d.cut = min(d.cut, p.at+len(p.b))
	}
	end := p.at + len(p.b)
	if p.at >= d.cut {
		return true
	}
	if end > cap(d.buf) {
		a.grow(i, end)
		d = &a.slots[i]
	}
	if end > len(d.buf) {
		d.buf = d.buf[:end]
	}
	copy(d.buf[p.at:end], p.b)
	return true
}

// isWhole reports whether no piece is missing.
func (d *datagram) isWhole() bool {
	return d.size != 0 && d.spans.n == 1 && d.spans.list[0] == span{0, uint32(d.size)}
}

// payload is what was captured of a whole packet, up to the first cut.
func (d *datagram) payload() []byte {
	end := min(d.size, d.cut)
	return d.buf[:end:end]
}

// isCopy reports whether a piece belongs to a packet that has just become
// whole.
func (a *assembly) isCopy(p *piece, now int64) bool {
	for i := range a.recent {
		r := &a.recent[i]
		if d := now - r.at; r.key == p.datagramKey && d >= 0 && d <= copyWait {
			return true
		}
	}
	return false
}

// missed is how many of all pieces are in no whole packet: they wait, or were
// given up, or contradict each other; and how many packets were given up
// because of a limit.
func (a *assembly) missed(all uint64) (unassembled, givenUp uint64) {
	if a == nil {
		return all, 0
	}
	return all - min(a.used, all), a.evicted
}
