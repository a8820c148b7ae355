package analysis

import (
	"maps"
	"slices"

	"connlint/analysis/timeline"
)

// maxSlots bounds what one rule remembers of connections or pairs at a time.
// Beyond it a rule gets a slot that is forgotten at once, and the summary
// counts it: a flood costs verdicts, not memory.
const maxSlots = 1 << 18

// maxAllSlots bounds what all rules remember together. A slot with its lists of
// packets and connections takes up to 2 kB, most of them much less.
const maxAllSlots = 1 << 19

// Slots is what one rule remembers of each connection or pair: made on first
// use, zeroed, freed by the engine when its owner ends: what is reported must
// not lie in it.
type Slots[T any] struct {
	engine *Engine
	owners *owners
	number int // among those of the owners
	bySlot map[int]*T
	spare  []*T
	// forgotten is what is handed out beyond the limits.
	forgotten T
}

// PerConnection makes slots that live as long as a connection. Call it in
// Start.
func PerConnection[T any](p *Pass) *Slots[T] {
	return newSlots[T](p, &p.engine.ofConnections)
}

// PerPair makes slots that live as long as a pair, or until the rule has told
// something of it at a report interval. Call it in Start.
func PerPair[T any](p *Pass) *Slots[T] {
	s := newSlots[T](p, &p.engine.ofPairs)
	p.part = append(p.part, s.drop)
	p.gathered = append(p.gathered, s.slots)
	return s
}

// PerPairThroughout makes slots that live as long as a pair, whatever is told
// of it at report intervals. Call it in Start.
func PerPairThroughout[T any](p *Pass) *Slots[T] {
	return newSlots[T](p, &p.engine.ofPairs)
}

func newSlots[T any](p *Pass, of *owners) *Slots[T] {
	s := &Slots[T]{engine: p.engine, owners: of, bySlot: map[int]*T{}}
	s.number = of.add(s.drop)
	return s
}

// Connection is the slot of a connection.
func (s *Slots[T]) Connection(c *timeline.Connection) *T { return s.at(c.Slot()) }

// Pair is the slot of a pair.
func (s *Slots[T]) Pair(p *timeline.Pair) *T { return s.at(p.Slot()) }

func (s *Slots[T]) at(slot int) *T {
	if v := s.Peek(slot); v != nil {
		return v
	}
	if len(s.bySlot) >= maxSlots || s.engine.slots >= maxAllSlots {
		s.engine.summary.SlotsRefused++
		s.forgotten = *new(T)
		return &s.forgotten
	}
	var v *T
	if n := len(s.spare); n > 0 {
		v = s.spare[n-1]
		s.spare = s.spare[:n-1]
	} else {
		v = new(T)
	}
	s.bySlot[slot] = v
	s.owners.hold(slot, s.number)
	s.engine.slots++
	return v
}

// slots adds the numbers of the slots that were made.
func (s *Slots[T]) slots(to []int) []int { return slices.AppendSeq(to, maps.Keys(s.bySlot)) }

// Peek is the slot if it was made, else nil.
func (s *Slots[T]) Peek(slot int) *T {
	if !s.owners.holds(slot, s.number) {
		return nil
	}
	return s.bySlot[slot]
}

// drop forgets a slot, if it was made.
func (s *Slots[T]) drop(slot int) {
	v := s.bySlot[slot]
	if v == nil {
		return
	}
	delete(s.bySlot, slot)
	s.engine.slots--
	*v = *new(T) // what it points to goes now, not when it is used again
	if len(s.spare) < 1024 {
		s.spare = append(s.spare, v)
	}
}
