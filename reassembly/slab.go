package reassembly

// slab keeps connection records in chunks that never move, so that a
// *Connection stays good while others come and go, and that are never
// scanned, since a record has no pointer.
type slab struct {
	chunks [][]Connection
	free   uint32 // head of the list of free records, linked by next
	used   int
}

const chunkBits = 10

func (sl *slab) at(slot uint32) *Connection {
	slot--
	return &sl.chunks[slot>>chunkBits][slot&(1<<chunkBits-1)]
}

// take is a cleared record.
func (sl *slab) take() *Connection {
	if sl.free == 0 {
		sl.extend()
	}
	c := sl.at(sl.free)
	slot := sl.free
	sl.free = c.next
	*c = Connection{slot: slot}
	sl.used++
	return c
}

func (sl *slab) extend() {
	first := uint32(len(sl.chunks) << chunkBits)
	chunk := make([]Connection, 1<<chunkBits)
	sl.chunks = append(sl.chunks, chunk)
	for i := len(chunk) - 1; i >= 0; i-- {
		chunk[i].next = sl.free
		sl.free = first + uint32(i) + 1
	}
}

func (sl *slab) release(c *Connection) {
	slot := c.slot
	*c = Connection{next: sl.free}
	sl.free = slot
	sl.used--
}
