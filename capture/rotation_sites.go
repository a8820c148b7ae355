package capture

import (
	"fmt"
	"slices"
)

// Each file of a rotated capture numbers its interfaces anew, and in the order
// in which packets come from them, so that 1 in one part may be 0 in the next.
// They are known again by their names. Those of one file that have the same
// name are of captures that were merged: they are told apart by their order.

// siteKey is what an interface is known by.
type siteKey struct {
	name uint64 // a hash; 0: it has none, as in pcap
	link LinkType
	nth  int // of those alike in its part
}

// site is an interface of the whole capture.
type site struct {
	link LinkType
	// Of the parts that are over, lost is what each tells for itself; losses
	// are those counted since one start, whose latest total has all of them.
	lost uint64
	losses
}

// sites are the interfaces of a rotated capture.
type sites struct {
	all   []site
	index map[siteKey]int
	alike map[siteKey]int // of the part at hand, with nth 0: how many there are
	here  []int           // by interface of the part at hand: its site
}

// link is what the packets of a site start with.
func (s *sites) link(index int) LinkType {
	if index < 0 || index >= len(s.all) {
		return linkUndescribed
	}
	return s.all[index].link
}

// begin forgets the part at hand.
func (s *sites) begin() { s.alike, s.here = map[siteKey]int{}, s.here[:0] }

// of is the site of an interface of the part at hand.
func (s *sites) of(index int, part ReadCloser) (int, error) {
	for len(s.here) <= index {
		at, err := s.find(len(s.here), part)
		if err != nil {
			return 0, err
		}
		s.here = append(s.here, at)
	}
	return s.here[index], nil
}

// find is the site of an interface that has not been asked for.
func (s *sites) find(index int, part ReadCloser) (int, error) {
	key := siteKey{link: part.LinkType(index)}
	if ng, ok := part.(*pcapngReader); ok {
		key.name = ng.interfaces[index].name
	}
	like := key
	key.nth = s.alike[like]
	s.alike[like]++
	at, known := s.index[key]
	if !known {
		if len(s.all) == maxInterfaces {
			return 0, fmt.Errorf("more than %d interfaces in all parts", maxInterfaces)
		}
		at = len(s.all)
		s.index[key] = at
		s.all = append(s.all, site{link: key.link})
	}
	return at, nil
}

// lose adds the losses that a part tells of, which is over, to those of its
// sites.
func (s *sites) lose(part ReadCloser) {
	for at, l := range s.lossesOf(part) {
		s.all[at] = s.all[at].and(l)
	}
}

// dropped is how many packets were lost, in the part at hand too; nil if there
// is none.
func (s *sites) dropped(part ReadCloser) uint64 {
	now := slices.Clone(s.all) // interfaces of one part are different sites
	for at, l := range s.lossesOf(part) {
		for at >= len(now) {
			now = append(now, site{})
		}
		now[at] = now[at].and(l)
	}
	var sum uint64
	for i := range now {
		sum += now[i].dropped()
	}
	return sum
}

// lossesOf goes through what a part tells of its interfaces, by their sites.
func (s *sites) lossesOf(part ReadCloser) func(yield func(int, losses) bool) {
	return func(yield func(int, losses) bool) {
		ng, ok := part.(*pcapngReader)
		if !ok {
			return
		}
		for i := range ng.interfaces {
			at, err := s.of(i, part)
			if err != nil || !yield(at, ng.interfaces[i].losses) {
				return
			}
		}
	}
}

// and is the site with the losses that one part more tells of.
func (x site) and(l losses) site {
	switch {
	case l.since == 0: // so do connlint's own files
		x.lost += l.dropped()
	case l.since == x.since:
		x.told += l.told
		x.total = max(x.total, l.total)
	default:
		x.lost += x.losses.dropped()
		x.losses = l
	}
	return x
}

// dropped is how many packets the site lost.
func (x site) dropped() uint64 { return x.lost + x.losses.dropped() }
