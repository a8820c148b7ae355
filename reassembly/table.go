package reassembly

import (
	"math/rand/v2"

	"connlint/capture"
)

// table finds a connection by its two endpoints: open addressing with linear
// probing over 8-byte entries, so that a look-up in a table of millions costs
// one or two cache lines. It starts with a random seed, since whoever sends
// packets chooses the keys; the seed never shows in a result.
type table struct {
	seed    uint64
	entries []entry // a power of two long
	used    int
}

type entry struct {
	hash uint32
	slot uint32 // + 1; 0 is free
}

func newTable() table {
	return table{seed: rand.Uint64(), entries: make([]entry, 1024)}
}

// hashOf does not depend on the direction.
func (t *table) hashOf(a, b capture.Endpoint) uint32 {
	pair, _ := t.hashesOf(a, b)
	return pair
}

// hashesOf are two hashes of a pair of endpoints: one that does not depend on
// their order (a sum, for the exclusive or of an endpoint with itself is 0
// whatever the seed), and one that does.
func (t *table) hashesOf(a, b capture.Endpoint) (pair uint32, from uint64) {
	x, y := a.Hash(t.seed), b.Hash(t.seed)
	h := x + y
	return uint32(h ^ h>>32), h + x<<1
}

// find is the connection between a and b, or nil.
func (t *table) find(sl *slab, hash uint32, a, b capture.Endpoint) *Connection {
	mask := uint32(len(t.entries) - 1)
	for i := hash & mask; t.entries[i].slot != 0; i = (i + 1) & mask {
		if t.entries[i].hash != hash {
			continue
		}
		c := sl.at(t.entries[i].slot)
		if c.Ends[0] == a && c.Ends[1] == b || c.Ends[0] == b && c.Ends[1] == a {
			return c
		}
	}
	return nil
}

func (t *table) insert(hash, slot uint32) {
	if t.used*4 >= len(t.entries)*3 {
		t.grow()
	}
	t.used++
	t.place(entry{hash, slot})
}

func (t *table) place(e entry) {
	mask := uint32(len(t.entries) - 1)
	i := e.hash & mask
	for t.entries[i].slot != 0 {
		i = (i + 1) & mask
	}
	t.entries[i] = e
}

func (t *table) grow() {
	old := t.entries
	t.entries = make([]entry, 2*len(old))
	for _, e := range old {
		if e.slot != 0 {
			t.place(e)
		}
	}
}

// remove closes the hole by moving later entries of the same run back
// (Knuth, TAOCP vol. 3, 6.4, algorithm R): no tombstones to slow the table
// down over weeks.
func (t *table) remove(hash, slot uint32) {
	mask := uint32(len(t.entries) - 1)
	i := hash & mask
	for t.entries[i].slot != slot {
		if t.entries[i].slot == 0 {
			return
		}
		i = (i + 1) & mask
	}
	t.used--
	for j := (i + 1) & mask; t.entries[j].slot != 0; j = (j + 1) & mask {
		home := t.entries[j].hash & mask
		if (j-home)&mask >= (j-i)&mask {
			t.entries[i] = t.entries[j]
			i = j
		}
	}
	t.entries[i] = entry{}
}
