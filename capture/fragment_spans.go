package capture

// maxSpans is how many parts of one packet may lie apart. Pieces that come in
// order, in reverse, or a few out of order need two or three; an attacker's
// every second one needs thousands.
const maxSpans = 32

// span is a part of a packet's payload, bytes: from start up to and without
// end.
type span struct{ start, end uint32 }

// spans are the parts that are there, in order and none touching the next.
type spans struct {
	n    int
	list [maxSpans]span
}

// fit says how a piece lies to those that are there.
type fit uint8

const (
	fresh       fit = iota
	repeated        // all of it is there
	overlapping     // some of it is there, or too many parts lie apart
)

// end is where the last part ends.
func (s *spans) end() int {
	if s.n == 0 {
		return 0
	}
	return int(s.list[s.n-1].end)
}

// add enters the part from start to end, in bytes, unless it overlaps.
func (s *spans) add(start, end int) fit {
	x := span{uint32(start), uint32(end)}
	i := 0 // the first part that x does not lie behind
	for i < s.n && s.list[i].end < x.start {
		i++
	}
	if i == s.n || s.list[i].start > x.end {
		return s.insert(i, x)
	}
	at := &s.list[i]
	switch {
	case at.start <= x.start && x.end <= at.end:
		return repeated
	case at.start == x.end:
		at.start = x.start
	case at.end == x.start:
		return s.extend(i, x.end)
	default:
		return overlapping
	}
	return fresh
}

// insert puts a part that touches no other before the i-th.
func (s *spans) insert(i int, x span) fit {
	if s.n == maxSpans {
		return overlapping
	}
	copy(s.list[i+1:s.n+1], s.list[i:s.n])
	s.list[i] = x
	s.n++
	return fresh
}

// extend moves the end of the i-th part on, up to the next or to before it.
func (s *spans) extend(i int, end uint32) fit {
	if i+1 < s.n {
		switch next := s.list[i+1]; {
		case end > next.start:
			return overlapping
		case end == next.start:
			end = next.end
			copy(s.list[i+1:], s.list[i+2:s.n])
			s.n--
		}
	}
	s.list[i].end = end
	return fresh
}
