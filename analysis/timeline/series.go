package timeline

import (
	"slices"
	"sort"
)

// Series counts what happened at a [Host] by time. It has as many slots as
// there were stretches of time with anything in them, maxSlots at most: beyond,
// neighbours are put together and every slot becomes twice as long. What it
// holds does not depend on the order of the events, so that series merge by
// addition, and its size does not depend on their number.
type Series struct {
	shift uint8 // a slot is 1<<shift ns long
	slots []slot
}

// slot is one stretch of time.
type slot struct {
	at      int64 // its number: its start in ns since the epoch, shifted
	opened  uint32
	entered uint32 // into TIME-WAIT
	// retaken are those of entered whose ports were taken by a new connection
	// within retakenWithin of the same index, and not within the one before.
	retaken   [len(retakenWithin)]uint32
	low, high uint16 // source ports of opened; 0: none
}

const (
	maxSlots   = 1024
	firstShift = 24 // 16.8 ms: a client on a LAN goes through a small range of ports in a tenth of a second
)

// retakenWithin are the lengths of TIME-WAIT that stacks have, ns: a socket
// whose ports were taken before it was over no longer waits.
var retakenWithin = [...]int64{30e9, 60e9, 120e9}

// slotOf is the slot of a moment, made if it is not there. The pointer is good
// until the next call.
func (s *Series) slotOf(t int64) *slot {
	if s.shift == 0 {
		s.shift = firstShift
	}
	at := t >> s.shift
	i := len(s.slots)
	if i > 0 && s.slots[i-1].at >= at {
		i = sort.Search(len(s.slots), func(i int) bool { return s.slots[i].at >= at })
		if s.slots[i].at == at {
			return &s.slots[i]
		}
	}
	if len(s.slots) >= maxSlots {
		s.coarsen()
		return s.slotOf(t)
	}
	s.slots = slices.Insert(s.slots, i, slot{at: at})
	return &s.slots[i]
}

// coarsen doubles the length of the slots.
func (s *Series) coarsen() {
	s.shift++
	kept := s.slots[:0]
	for _, x := range s.slots {
		x.at >>= 1
		if n := len(kept); n > 0 && kept[n-1].at == x.at {
			kept[n-1].add(&x)
		} else {
			kept = append(kept, x)
		}
	}
	s.slots = kept
}

// open counts a connection from that source port.
func (x *slot) open(port uint16) {
	x.opened++
	x.used(port, port)
}

func (x *slot) used(low, high uint16) {
	if x.low == 0 || low != 0 && low < x.low {
		x.low = low
	}
	x.high = max(x.high, high)
}

func (x *slot) add(o *slot) {
	x.used(o.low, o.high)
	x.opened += o.opened
	x.entered += o.entered
	for i := range x.retaken {
		x.retaken[i] += o.retaken[i]
	}
}

// Peak is the most of something at a time.
type Peak struct {
	N  int
	At int64 // ns since the epoch
}

// Opened is the most connections that were opened within any stretch of that
// length, ns.
func (s *Series) Opened(window int64) Peak {
	return s.peak(window, func(x *slot) int { return int(x.opened) })
}

// Waiting is the most sockets that were in TIME-WAIT at a time if that lasts
// wait, ns. A socket whose ports were taken by a new connection before its
// time was over is left out, also for the time before: a lower bound.
func (s *Series) Waiting(wait int64) Peak {
	return s.peak(wait, func(x *slot) int {
		n := int(x.entered)
		for i, within := range retakenWithin {
			if within <= wait {
				n -= int(x.retaken[i])
			}
		}
		return n
	})
}

// peak is the largest sum of value over neighbouring slots that window
// covers. A window shorter than one slot gets its share of one.
func (s *Series) peak(window int64, value func(*slot) int) Peak {
	width := int64(1) << s.shift
	reach := max(1, window/width) // slots
	var best Peak
	sum, first := 0, 0
	for i := range s.slots {
		sum += value(&s.slots[i])
		for ; s.slots[first].at <= s.slots[i].at-reach; first++ {
			sum -= value(&s.slots[first])
		}
		n := sum
		if window < width {
			n = int(float64(sum) * float64(window) / float64(width))
		}
		if n > best.N {
			best = Peak{n, s.slots[i].at << s.shift}
		}
	}
	return best
}

// ports are the lowest and the highest source port; 0: none.
func (s *Series) ports() (low, high uint16) {
	var all slot
	for i := range s.slots {
		all.used(s.slots[i].low, s.slots[i].high)
	}
	return all.low, all.high
}

// fall is how far a port ever was below one of an earlier slot. Connections of
// one slot have no order.
func (s *Series) fall() int {
	most, high := 0, 0
	for i := range s.slots {
		if x := &s.slots[i]; x.low != 0 {
			most = max(most, high-int(x.low))
			high = max(high, int(x.high))
		}
	}
	return most
}
