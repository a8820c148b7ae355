package analysis

import "math/bits"

// owners are the connections, pairs or routes of which rules remember something
// while they are followed. Dozens of rules could, and of most owners none or
// one does: which it is stands in a word for each, so that to look and to
// forget costs nothing where there is nothing.
type owners struct {
	drops []func(slot int) // of each [Slots], in the order in which they were made
	held  []uint64         // by the owner's slot: the bits of those that remember it
}

// add takes a [Slots], of which drop forgets an owner. It returns its number.
func (o *owners) add(drop func(slot int)) (number int) {
	o.drops = append(o.drops, drop)
	return len(o.drops) - 1
}

// heldBit is the bit of a number. Those 64 apart share one, so a bit that is
// set is a maybe.
func heldBit(number int) uint64 { return 1 << (number % 64) }

// hold notes that something is remembered of an owner.
func (o *owners) hold(slot, number int) {
	for slot >= len(o.held) {
		o.held = append(o.held, 0)
	}
	o.held[slot] |= heldBit(number)
}

// holds reports whether something may be remembered of an owner.
func (o *owners) holds(slot, number int) bool {
	return slot < len(o.held) && o.held[slot]&heldBit(number) != 0
}

// end makes all forget an owner.
func (o *owners) end(slot int) {
	if slot >= len(o.held) {
		return
	}
	for set := o.held[slot]; set != 0; set &= set - 1 {
		for number := bits.TrailingZeros64(set); number < len(o.drops); number += 64 {
			o.drops[number](slot)
		}
	}
	o.held[slot] = 0
}
