package reassembly

// queueName is which queue a connection waits in for its time to run out.
type queueName uint8

const (
	noQueue     queueName = iota
	embryoQueue           // no answer to the SYN yet
	openQueue
	lingerQueue // over; stragglers may still tell something (2 s)
	closedQueue // reported, remembered
	queues
)

// fifo is a list of connections in the order in which they were put in. A
// connection that moved since is put in again when its turn comes, not at
// every packet: one visit a period instead of one a packet.
type fifo struct{ head, tail uint32 }

func (t *Tracker) push(c *Connection, q queueName) {
	t.unlink(c)
	f := &t.fifos[q]
	c.queue, c.queued, c.prev, c.next = q, t.latest, f.tail, 0
	if f.tail != 0 {
		t.slab.at(f.tail).next = c.slot
	} else {
		f.head = c.slot
	}
	f.tail = c.slot
	t.waiting[q]++
}

func (t *Tracker) unlink(c *Connection) {
	if c.queue == noQueue {
		return
	}
	f := &t.fifos[c.queue]
	if c.prev != 0 {
		t.slab.at(c.prev).next = c.next
	} else {
		f.head = c.next
	}
	if c.next != 0 {
		t.slab.at(c.next).prev = c.prev
	} else {
		f.tail = c.prev
	}
	t.waiting[c.queue]--
	c.queue, c.prev, c.next = noQueue, 0, 0
}

// oldest is the connection of the queue that was active longest ago, to
// within one period: those that moved since they were put in get one more
// turn each. One that was last heard of at a time that the clock does not
// believe has not moved: else a queue full of such would be walked again and
// again.
func (t *Tracker) oldest(q queueName) *Connection {
	for range t.waiting[q] {
		c := t.slab.at(t.fifos[q].head)
		if q == lingerQueue || q == closedQueue || c.Last.Time <= c.queued || c.Last.Time > t.latest {
			return c
		}
		t.push(c, q)
	}
	if t.fifos[q].head == 0 {
		return nil
	}
	return t.slab.at(t.fifos[q].head)
}

// expire reports what was closed long enough ago, and forgets what was reported
// long enough ago. Both depend on the times of packets alone, to the
// nanosecond: a tick of the clock makes them come sooner, never different.
func (t *Tracker) expire() {
	for c := t.due(lingerQueue, t.cfg.Linger); c != nil; c = t.due(lingerQueue, t.cfg.Linger) {
		over := c.queued + t.cfg.Linger
		t.report(c, c.closeReason())
		c.queued = over // not when it was noticed
	}
	for c := t.due(closedQueue, t.cfg.Remember); c != nil; c = t.due(closedQueue, t.cfg.Remember) {
		t.forget(c)
	}
}

// sweepPeriod is how often the long queues are looked at.
const sweepPeriod = int64(1e9)

// sweep looks for connections that fell silent. It comes with packets only:
// when it comes decides what there is room for, and that must not hang on how
// often a live source ticks.
func (t *Tracker) sweep() {
	if t.latest-t.lastSweep < sweepPeriod {
		return
	}
	if t.sweepQueue(embryoQueue, t.cfg.EmbryonicLimit) && t.sweepQueue(openQueue, t.cfg.IdleLimit) {
		t.lastSweep = t.latest
	}
}

// maxVisits is how many connections one packet's sweep looks at; the next goes
// on from there. A clock that runs through hours from packet to packet must not
// make each of them pay for all connections.
const maxVisits = 64

// sweepQueue visits each connection four times within its limit, so that a
// silent one goes at most a quarter of the limit late. Nobody sees that it was
// late: its reason and its times do not depend on it (see [Tracker.silent]).
// It reports whether it came to the end.
func (t *Tracker) sweepQueue(q queueName, limit int64) bool {
	left := t.waiting[q]
	for range min(left, maxVisits) {
		c := t.slab.at(t.fifos[q].head)
		if t.latest-c.queued < limit/4 {
			return true
		}
		if !t.silent(c, t.latest) {
			t.push(c, q)
			continue
		}
		t.report(c, Idle)
		t.forget(c)
	}
	return left <= maxVisits
}

// silent reports whether a connection's idle limit has passed at time now.
func (t *Tracker) silent(c *Connection, now int64) bool {
	switch c.phase {
	case embryonic:
		return now-c.Last.Time >= t.cfg.EmbryonicLimit
	case open:
		return now-c.Last.Time >= t.cfg.IdleLimit
	}
	return false
}

// due is the first of a queue whose time is up, or nil.
func (t *Tracker) due(q queueName, limit int64) *Connection {
	head := t.fifos[q].head
	if head == 0 {
		return nil
	}
	if c := t.slab.at(head); t.now-c.queued >= limit {
		return c
	}
	return nil
}

func (c *Connection) closeReason() Reason {
	if !c.Teardown.FIN[Client].IsZero() && !c.Teardown.FIN[Server].IsZero() {
		return Closed
	}
	return Reset
}
