package capture

import (
	"math"
	"math/bits"
	"time"
)

// A capture may show one packet inside a tunnel and outside of it, taken
// before and after the encapsulation at one interface ("any", a mirror port
// of both sides of a router). What counts is the first sight of it.

const (
	// sameSight is how far two sights of one packet may be apart, ns: a host
	// encapsulates in microseconds. Further apart are two places on a path,
	// and a choice by packet would mix their times.
	sameSight = int64(time.Millisecond)
	// sights is how many packets are remembered, a power of two. One that
	// another takes the room of is not known again: reassembly then sees a
	// copy as it does any other.
	sights = 256
	// views is how many depths of encapsulation are told apart.
	views = 8
)

// sight is a packet that was seen, perhaps several times: an ACK may be
// repeated to the bit. counts has how often at each depth, yielded how often
// it counted, the largest of these.
type sight struct {
	mark    uint64
	time    int64 // of the last, ns
	iface   uint16
	yielded uint8
	counts  [views]uint8
}

// viewer knows packets again that are seen at several depths. It costs one
// comparison a packet as long as all are at the same.
type viewer struct {
	depth  int // of all packets so far; valid with began
	began  bool
	seen   []sight // nil until a second depth is seen
	copies uint64
}

// isCopy reports whether a segment was seen at another depth just before.
// before has the segments that were yielded last, the oldest first, where
// there were any: they are looked at only when a second depth shows.
func (v *viewer) isCopy(s *Segment, depth int, before func(yield func(*Segment) bool)) bool {
	depth = min(depth, views-1)
	if v.seen == nil {
		if !v.began || depth == v.depth {
			v.depth, v.began = depth, true
			return false
		}
		v.seen = make([]sight, sights)
		for b := range before {
			v.look(b, v.depth)
		}
	}
	if v.look(s, depth) {
		return false
	}
	v.copies++
	return true
}

// look enters a segment and reports whether it counts: whether there are more
// sights of it at this depth than counted so far.
func (v *viewer) look(s *Segment, depth int) bool {
	mark := s.mark()
	x := &v.seen[mark%sights]
	since := s.Time - x.time
	if x.mark != mark || x.iface != s.Interface || since < 0 || since > sameSight || x.counts[depth] == math.MaxUint8 {
		*x = sight{mark: mark, iface: s.Interface}
	}
	x.time = s.Time
	x.counts[depth]++
	if x.counts[depth] <= x.yielded {
		return false
	}
	x.yielded = x.counts[depth]
	return true
}

// mark is a hash of what a tunnel leaves as it is; a router takes one off the
// TTL. Of the options, timestamps and the first
// block of SACK tell repeated ACKs apart.
func (s *Segment) mark() uint64 {
	mix := func(a, b uint64) uint64 {
		hi, lo := bits.Mul64(a^0x9e3779b97f4a7c15, b^0xc2b2ae3d27d4eb4f)
		return hi ^ lo
	}
	h := mix(s.Src.hi^bits.RotateLeft64(s.Dst.hi, 32), s.Src.lo^bits.RotateLeft64(s.Dst.lo, 32))
	h = mix(h, uint64(s.Src.port)<<48|uint64(s.Dst.port)<<32|uint64(s.IPID)<<16|uint64(s.Window))
	h = mix(h, uint64(s.Seq)<<32|uint64(s.Ack))
	h = mix(h, uint64(s.Options.TSVal)<<32|uint64(s.Options.TSEcr))
	sack := s.Options.SACK[0]
	h = mix(h, uint64(sack.Left)<<32|uint64(sack.Right))
	return mix(h, uint64(s.Len)<<8|uint64(s.Flags))
}
