package capture

// open makes room for a packet of which p is the first piece seen.
func (a *assembly) open(p *piece, now int64) int32 {
	if len(a.index) == maxDatagrams {
		a.evict()
	}
	var i int32
	if last := len(a.free) - 1; last >= 0 {
		i, a.free = a.free[last], a.free[:last]
	} else {
		i = int32(len(a.slots))
		a.slots = append(a.slots, datagram{})
	}
	a.slots[i] = datagram{key: p.datagramKey, first: now, cut: maxPacket, buf: a.slots[i].buf[:0], older: a.newest}
	if a.newest != 0 {
		a.slots[a.newest-1].newer = i + 1
	} else {
		a.oldest = i + 1
	}
	a.newest = i + 1
	a.index[p.datagramKey] = i
	return i
}

// unlink takes a packet out of the table. Its slot is in nobody's hand then.
func (a *assembly) unlink(i int32) {
	d := &a.slots[i]
	delete(a.index, d.key)
	if d.older != 0 {
		a.slots[d.older-1].newer = d.newer
	} else {
		a.oldest = d.newer
	}
	if d.newer != 0 {
		a.slots[d.newer-1].older = d.older
	} else {
		a.newest = d.older
	}
}

// expire gives up the packets whose time is over. A clock that steps back
// makes them wait longer, and the limits hold all the same.
func (a *assembly) expire(now int64) {
	for a.oldest != 0 && now-a.slots[a.oldest-1].first > pieceWait {
		i := a.oldest - 1
		a.unlink(i)
		a.free = append(a.free, i)
	}
}

// evict gives up the oldest packet because there is no room for it.
func (a *assembly) evict() {
	i := a.oldest - 1
	if !a.slots[i].refused {
		a.evicted++
	}
	a.unlink(i)
	a.free = append(a.free, i)
}

// grow gives slot i a buffer of at least size bytes and keeps what is in it.
// Where all buffers together get too large, unused ones go first, then the
// oldest packets; one that is large enough goes to slot i, so that a flood
// does not have a new one made for each piece.
func (a *assembly) grow(i int32, size int) {
	size = min(max(size, 2*cap(a.slots[i].buf), 4096), maxPacket)
	extra := size - cap(a.slots[i].buf)
	for a.bytes+extra > maxPieceBytes {
		if a.takeOver(i, size) {
			return
		}
		if a.dropUnused() {
			continue
		}
		if a.oldest == i+1 && a.newest == i+1 {
			break // it alone is far below the limit: the rest is lent
		}
		a.evictOther(i)
	}
	a.bytes += extra
	d := &a.slots[i]
	larger := make([]byte, len(d.buf), size)
	copy(larger, d.buf)
	d.buf = larger
}

// takeOver exchanges the buffer of slot i for that of the slot that was let go
// last, if that has size bytes.
func (a *assembly) takeOver(i int32, size int) bool {
	last := len(a.free) - 1
	if last < 0 || cap(a.slots[a.free[last]].buf) < size {
		return false
	}
	d, unused := &a.slots[i], &a.slots[a.free[last]]
	d.buf, unused.buf = append(unused.buf[:0], d.buf...), d.buf
	return true
}

// dropUnused frees the buffer of one slot that holds no packet.
func (a *assembly) dropUnused() bool {
	for _, i := range a.free {
		if n := cap(a.slots[i].buf); n > 0 {
			a.slots[i].buf = nil
			a.bytes -= n
			return true
		}
	}
	return false
}

// evictOther gives up the oldest packet that is not in slot i.
func (a *assembly) evictOther(i int32) {
	if a.oldest != i+1 {
		a.evict()
		return
	}
	second := a.slots[i].newer - 1
	if !a.slots[second].refused {
		a.evicted++
	}
	a.unlink(second)
	a.free = append(a.free, second)
}

// reclaim ends the loan of what add returned.
func (a *assembly) reclaim() {
	a.free = append(a.free, a.lent...)
	a.lent = a.lent[:0]
}
