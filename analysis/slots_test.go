package analysis

import "testing"

// What all rules remember together is bounded; what was refused is counted, and
// what was given back makes room.
func TestSlotsAreBoundedTogether(t *testing.T) {
	e := &Engine{}
	p := &Pass{engine: e}
	var rules []*Slots[int]
	for range maxAllSlots/maxSlots + 1 {
		rules = append(rules, PerConnection[int](p))
	}
	for _, s := range rules {
		for slot := range maxSlots {
			*s.at(slot)++
		}
	}
	if e.slots != maxAllSlots || e.summary.SlotsRefused != maxSlots {
		t.Errorf("%d slots, %d refused", e.slots, e.summary.SlotsRefused)
	}
	e.ofConnections.end(7)
	last := rules[len(rules)-1]
	if *last.at(7)++; *last.at(7) != 1 || *rules[0].at(8) != 1 {
		t.Error("what was given back made no room, or took another's")
	}
}

// A slot given back holds on to nothing.
func TestSpareSlotsAreEmpty(t *testing.T) {
	e := &Engine{}
	s := PerConnection[[]int](&Pass{engine: e})
	*s.at(1) = make([]int, 100)
	if e.ofConnections.end(1); *s.spare[0] != nil {
		t.Error("a spare slot keeps what it held")
	}
}

// Findings that wait for the ends of all connections are bounded together.
func TestWithheldIsBoundedTogether(t *testing.T) {
	e := &Engine{withheld: map[int][]pending{}, waiting: maxAllWithheld - 1}
	e.conn = life(1, 1, 2)
	p := &Pass{engine: e}
	for range 3 {
		e.withhold(p, &Finding{})
	}
	if e.waiting != maxAllWithheld || e.summary.FindingsDropped != 2 {
		t.Errorf("%d wait, %d dropped", e.waiting, e.summary.FindingsDropped)
	}
	p.needs, p.rule = ConnectionEnd, &Rule{Name: "tcp/probe"}
	e.runs, e.summary, e.skipped = []running{{pass: p}}, newSummary(), map[int][]Gates{}
	if e.settle(e.conn, ConnectionEnd); e.waiting != maxAllWithheld-1 {
		t.Errorf("%d wait when the one has gone", e.waiting)
	}
}

// More slots than a word has bits: each is forgotten with its owner and with
// no other, and what shares a bit is not taken for another's.
func TestSlotsThatShareABit(t *testing.T) {
	e := &Engine{}
	var all []*Slots[int]
	for range 130 {
		all = append(all, PerConnection[int](&Pass{engine: e}))
	}
	*all[1].at(5), *all[65].at(5), *all[65].at(6) = 1, 2, 3
	if all[129].Peek(5) != nil || all[1].Peek(6) != nil || all[2].Peek(1<<30) != nil {
		t.Error("a slot that nobody made")
	}
	e.ofConnections.end(5)
	e.ofConnections.end(9)
	if all[1].Peek(5) != nil || all[65].Peek(5) != nil || *all[65].Peek(6) != 3 || e.slots != 1 {
		t.Error("an end forgot too little or too much")
	}
}
