package reassembly

import "math"

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
	t.wake(c)
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

// expire does what is due by now, in the order in which it was due: it looks
// at what was not looked at for a while and reports what fell silent, reports
// what was closed long enough ago, and forgets what was reported long enough
// ago. What is done depends on the time when it was due alone, never on when
// it is done: a tick of the clock makes results come sooner, never different.
//
// visits bounds how many connections are looked at. The next packet or tick
// goes on from there: a clock that runs through hours from packet to packet
// must not make each of them pay for all connections.
func (t *Tracker) expire(visits int) {
	for t.now >= t.nextDue {
		q, at := t.earliest(visits > 0)
		if q == noQueue || at > t.now { // a hostile clock may stand at the end of time
			if visits > 0 {
				t.nextDue = at
			}
			return
		}
		c := t.slab.at(t.fifos[q].head)
		switch q {
		case lingerQueue:
			t.report(c, c.closeReason())
			c.queued = at // not when it was noticed
			t.wake(c)
		case closedQueue:
			t.forget(c)
		default:
			visits--
			t.visit(c, q, at)
		}
	}
}

// A packet looks at few connections, since another will come; a tick at more,
// since what comes next may be a tick again.
const (
	maxVisits     = 64
	maxTickVisits = 1 << 14
)

// visit looks at a connection at a time at which nothing later than that had
// come. It comes four times within the limit, so that a silent connection goes
// at most a quarter of the limit late. Nobody sees that it was late: its reason
// and its times do not depend on it (see [Tracker.silent]).
func (t *Tracker) visit(c *Connection, q queueName, at int64) {
	if !t.silent(c, at) {
		t.push(c, q)
		c.queued = at
		t.wake(c)
		return
	}
	t.report(c, Idle)
	t.forget(c)
}

// earliest is the queue whose first is due first, and when; looking is whether
// those queues count whose connections are looked at.
func (t *Tracker) earliest(looking bool) (first queueName, at int64) {
	at = math.MaxInt64
	for q := embryoQueue; q < queues; q++ {
		if !looking && (q == embryoQueue || q == openQueue) || t.fifos[q].head == 0 {
			continue
		}
		if due := t.dueAt(t.slab.at(t.fifos[q].head)); due < at {
			first, at = q, due
		}
	}
	return first, at
}

// dueAt is when the turn of a connection comes, ns since the epoch.
func (t *Tracker) dueAt(c *Connection) int64 {
	limit := t.cfg.Linger
	switch c.queue {
	case embryoQueue:
		limit = t.cfg.EmbryonicLimit / 4
	case openQueue:
		limit = t.cfg.IdleLimit / 4
	case closedQueue:
		limit = t.cfg.Remember
	}
	if c.queued > math.MaxInt64-limit {
		return math.MaxInt64
	}
	return c.queued + limit
}

// wake sees to it that the turn of a connection is not slept through.
func (t *Tracker) wake(c *Connection) { t.nextDue = min(t.nextDue, t.dueAt(c)) }

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

func (c *Connection) closeReason() Reason {
	if !c.Teardown.FIN[Client].IsZero() && !c.Teardown.FIN[Server].IsZero() {
		return Closed
	}
	return Reset
}
