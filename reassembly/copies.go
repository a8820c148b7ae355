package reassembly

import (
	"encoding/binary"
	"math/bits"

	"connlint/capture"
)

// A packet that stands in a capture more than once was on the wire once, or
// passed several places of it: a mirror port that sees both directions of a
// switch, all interfaces of a host, a router before and behind. Such a copy
// says nothing about either host, so it is set aside before anything is
// concluded from it: the first sighting counts.
//
// A copy is told by what all copies of a packet share (addresses, numbers,
// flags, window, timestamps, IPv4 identification, the ends of the payload).
// TTL, MAC addresses and VLAN tags may differ, for a router lies between.

// copyDelay is how late a copy may be, ns: queues of mirror ports delay it by
// some hundred microseconds. It stays below any timer of a sender, of which
// the tail loss probe is the shortest, two ticks of 1 ms in Linux.
const copyDelay = int64(1e6)

// pathDelay is how long a packet may take between two capture interfaces, ns.
// A SYN is repeated after 1 s (RFC 6298 §2.1).
const pathDelay = int64(5e8)

// The sightings that are remembered, in sets that share a few bits of the key:
// 276 KB in all. At five million packets a second they reach back for 1.6 ms.
const (
	sightingSets = 2048
	sightingWays = 4
)

// sighting is one packet, as much of it as tells a copy. It has no pointer.
type sighting struct {
	key   uint64
	frame capture.Frame
	// What its sender had sent by then, and how often the peer had said that
	// it lacks something: the lower halves of counters.
	before, told uint16
	iface        uint16
	ttl          uint8
	twice        bool // a copy of it has been set aside
}

// sightings remembers the latest packets of all connections. A set that is
// full forgets its oldest: all that is lost by it is a copy that goes unknown.
type sightings struct {
	// tags are pieces of the keys in sets: hardly any packet is a copy, and
	// that it is none shows in these 20 KB, which stay in the processor's
	// caches.
	tags []sightingTags
	sets [][sightingWays]sighting
	// routed: the latest copy that was certain had another TTL than its
	// original, so that packets with the same TTL are none.
	routed bool
}

type sightingTags struct {
	of   [sightingWays]uint16
	next uint16 // which is overwritten next
}

func newSightings() sightings {
	return sightings{tags: make([]sightingTags, sightingSets), sets: make([][sightingWays]sighting, sightingSets)}
}

// tagOf is a piece of a key that does not choose the set.
func tagOf(key uint64) uint16 { return uint16(key >> 48) }

// find is where a packet with that key is remembered, nil if it is not.
func (st *sightings) find(key uint64) *sighting {
	set, tag := key%sightingSets, tagOf(key)
	for i, t := range st.tags[set].of {
		if t != tag {
			continue
		}
		if e := &st.sets[set][i]; e.key == key && !e.frame.IsZero() {
			return e
		}
	}
	return nil
}

// place makes room for a packet with that key.
func (st *sightings) place(key uint64) *sighting {
	set := key % sightingSets
	tags := &st.tags[set]
	way := tags.next % sightingWays
	tags.of[way], tags.next = tagOf(key), way+1
	return &st.sets[set][way]
}

// keyOf mixes what all copies of a packet share. from is a hash of its
// endpoints in their order.
func keyOf(from uint64, s *capture.Segment) uint64 {
	h := mix(from, uint64(s.Seq)<<32|uint64(s.Ack))
	h = mix(h, uint64(s.Flags)<<56|uint64(s.Window)<<40|uint64(uint32(s.Len)))
	h = mix(h, uint64(s.Options.TSVal)<<32|uint64(s.Options.TSEcr))
	h = mix(h, uint64(s.Options.SACK[0].Left)<<32|uint64(s.Options.SACK[0].Right))
	h = mix(h, uint64(s.IPID)<<8|uint64(s.Options.SACKBlocks))
	if n := len(s.Payload); n >= 8 {
		h = mix(h, binary.LittleEndian.Uint64(s.Payload))
		h = mix(h, binary.LittleEndian.Uint64(s.Payload[n-8:]))
	} else {
		for _, b := range s.Payload {
			h = mix(h, uint64(b))
		}
	}
	return h
}

// mix folds a word into a hash: the halves of a product, as wyhash does.
func mix(h, word uint64) uint64 {
	hi, lo := bits.Mul64(h^0x9e3779b97f4a7c15, word^0xd1b54a32d192ed03)
	return hi ^ lo
}

// isCopy reports whether a packet of c was seen before; c is nil if its
// connection is not remembered. A packet that was not is remembered.
func (t *Tracker) isCopy(c *Connection, s *capture.Segment, key uint64) bool {
	e := t.seen.find(key)
	if e != nil && t.isSame(c, s, e) {
		t.meet(c, s, e)
		e.twice, t.seen.routed = true, e.ttl != s.TTL
		return true
	}
	if e == nil {
		e = t.seen.place(key)
	}
	*e = sighting{key: key, frame: s.Frame, iface: s.Interface, ttl: s.TTL}
	if c != nil {
		side := c.side(s)
		e.before, e.told = uint16(c.Flow[side].Packets), uint16(c.Flow[side.Peer()].DupACKs)
	}
	return false
}

// isSame tells a copy from a packet that its sender made anew and that looks
// the same: a repetition, or another acknowledgement of the same bytes.
func (t *Tracker) isSame(c *Connection, s *capture.Segment, e *sighting) bool {
	apart := max(s.Time-e.frame.Time, e.frame.Time-s.Time)
	switch {
	case e.frame.Source() != s.Frame.Source():
		return false
	case e.iface != s.Interface && apart <= pathDelay && (s.IPID != 0 || s.Options.Has(capture.OptTimestamps)):
		return true // elsewhere, further off than a copy may be late
	case apart > copyDelay:
		return false
	case e.iface != s.Interface, e.ttl != s.TTL, c == nil:
		return true
	case s.Len == 0 && s.Flags&(capture.SYN|capture.FIN) != 0:
		return true // only timers repeat these
	}
	side := c.side(s)
	f, p := &c.Flow[side], &c.Flow[side.Peer()]
	switch {
	case s.IPID != 0 && (f.last.ipid != s.IPID || f.last == stampOf(s)):
		return true // the stack counts its packets, and this has the same number
	case s.Len > 0 && uint16(p.DupACKs) == e.told:
		return true // without being asked nobody repeats so soon
	}
	// Hosts send the same ACK, or the same reset, twice within no time, and
	// repeat what the peer says it lacks. Where packets that can be told are
	// copied, these are too: every second one.
	return !e.twice && !t.seen.routed && t.mirrored(f, p, e)
}

// mirrored reports whether packets like that of e are copied: of those that
// its sender had sent before, half have been. Where few of these can be told,
// as in a flow of acknowledgements met in mid-stream, the peer's must have been
// too; of the first packet of all, what came of other connections tells.
func (t *Tracker) mirrored(f, p *Flow, e *sighting) bool {
	since := uint16(f.Packets) - e.before
	before, copies := uint64(f.Packets)-uint64(since), uint64(f.Duplicates)
	if before > 0 && copies*2 >= before {
		return true
	}
	told := uint64(f.Segments) // these can be, and a SYN
	if f.has&hasSYN != 0 {
		told++
	}
	switch {
	case copies*2 < told:
		return false
	case p.Packets == 1 && before == 0:
		return true // nobody answers one packet twice
	case p.Packets > 0:
		return uint64(p.Duplicates)*2 >= uint64(p.Packets)
	}
	return t.stats.Copies*2+2 >= t.stats.Segments-t.stats.Copies
}

// setAside books a copy and tells the handler; of what it carries nothing is
// believed.
func (t *Tracker) setAside(c *Connection, s *capture.Segment) {
	if c == nil || c.phase == closed || c.First.Number() > s.Number() {
		t.stats.Copies++
		return
	}
	r := &t.reading
	*r = Reading{Side: c.side(s)}
	switch {
	case s.Len > 0:
		r.Events = Data
	case s.Flags&(capture.SYN|capture.FIN|capture.RST) == 0:
		r.Events = PureACK
	}
	t.copied(c, r)
	c.noteCopies()
	if c.facing&oriented != 0 {
		t.h.Segment(c, s, r)
	}
}
