package timeline

import "connlint/reassembly"

// parting is what is remembered of a connection whose exchange is over at the
// capture point, while its last bytes are still on their way to the client.
// Seen from there it is busy: a capture near the server would otherwise count
// fewer connections at work than the client has.
type parting struct {
	end        int64 // ns since the epoch
	prev, next *Connection
	listed     bool
}

// partings are those of a pair in the order in which they ended.
type partings struct {
	first, last *Connection
	n           int
}

func (ps *partings) append(c *Connection, end int64) {
	ps.remove(c)
	c.parting = parting{end: end, prev: ps.last, listed: true}
	if ps.last != nil {
		ps.last.parting.next = c
	} else {
		ps.first = c
	}
	ps.last = c
	ps.n++
}

// arrived takes off what has reached the client by now; a tenth of the way is
// left to jitter. What ended later than now did so before the clock was set
// back: nobody knows how long ago that is.
func (ps *partings) arrived(now int64) {
	for c := ps.first; c != nil; c = ps.first {
		if since := now - c.parting.end; since >= 0 && since < c.Flow[reassembly.Client].MinRTT*9/10 {
			return
		}
		ps.remove(c)
	}
}

// remove takes off a connection, if it is there.
func (ps *partings) remove(c *Connection) {
	k := &c.parting
	if !k.listed {
		return
	}
	if k.prev != nil {
		k.prev.parting.next = k.next
	} else {
		ps.first = k.next
	}
	if k.next != nil {
		k.next.parting.prev = k.prev
	} else {
		ps.last = k.prev
	}
	ps.n--
	*k = parting{}
}
