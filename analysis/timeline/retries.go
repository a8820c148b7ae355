package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// Try is a request that failed: its connection ended without an answer. The
// zero Try is none.
type Try struct {
	Connection uint64 // where it was sent, by ID
	Number     int    // 1 for the first time that the request was sent, 2 for its first retry …
	// First and Last are the packets with the first and last byte of the
	// request, Failed the one from which on its client could know that no
	// answer would come, or on which it gave up.
	First, Last, Failed capture.Frame
	By                  reassembly.Side // who ended the connection
	Whole               bool            // the request was sent to its end
	Acked               bool            // and the server's host acknowledged all of it
	// Pace is how long before the failed request its client had asked for the
	// same on the connection, ns; 0: it had not, just before.
	Pace             int64
	SameBody         bool // the body of the later request is the same; else it may only be of the same declared length
	pair             *Pair
	head, body       uint64 // digests
	bodyKnown, taken bool
	newer            uint32 // in the chain of its key, index + 1
}

// IsZero reports whether there is no such try.
func (t *Try) IsZero() bool { return t.Failed.IsZero() }

// maxTries is how many failed requests are remembered in all; beyond, the
// oldest is forgotten. A client that sends again does so within seconds.
const maxTries = 1 << 16

// tries remembers failed requests until they are sent again: a ring of them, in
// which those of one pair that ask for the same are chained, oldest first.
type tries struct {
	ring  []Try
	next  int // what the next one overwrites once the ring is full
	chain map[tryKey]tryChain
}

type tryKey struct {
	pair *Pair
	head uint64
}

// tryChain has the first and the last of a chain, index + 1.
type tryChain struct{ oldest, newest uint32 }

// maxChain is how far a chain is searched for a try that fits.
const maxChain = 16

// attempt holds a transaction against the failed requests of its pair: which of
// them it repeats, and whether it is one of them itself.
func (k *tracked) attempt(x *http1.Transaction) Try {
	failure, failed := k.failure(x)
	p := k.pair()
	if x.Request == nil || !failed && p.failed == 0 {
		return Try{}
	}
	head, ok := x.Request.HeadDigest()
	if !ok {
		return Try{}
	}
	body, bodyKnown := x.Request.BodyDigest()
	failure.pair, failure.head, failure.body, failure.bodyKnown = p, head, body, bodyKnown
	failure.Connection = k.conn.ID()
	before := k.t.tries.take(&failure, x.Request.First)
	if failed {
		failure.Number = before.Number + 1
		k.t.tries.add(failure)
	}
	return before
}

// failure says how a transaction failed; ok is false if it did not, or if that
// is not certain. One whose response had begun did not fail in this sense: many
// clients take what they got for the answer, and ask again for another reason.
func (k *tracked) failure(x *http1.Transaction) (t Try, ok bool) {
	c, q := &k.conn, x.Request
	if q == nil || x.Response != nil || x.Doubt&^http1.InterimsDropped != 0 ||
		x.End != http1.CutByClose && x.End != http1.CutByReset ||
		!c.Flow[reassembly.Client].Seen() || !c.Flow[reassembly.Server].Seen() {
		return t, false
	}
	t = Try{First: q.First, Last: q.Last, Whole: q.End == http1.Complete}
	if k.lately.index == x.Index {
		t.Pace = k.lately.pace
	}
	t.Acked = t.Whole && c.Flow[reassembly.Client].AckedOffset() >= q.Offset+q.Size()
	t.By, t.Failed, ok = c.Teardown.First()
	if !ok {
		t.By, t.Failed = k.carrier, k.now // an RST that is just being read
	}
	if t.Failed.Time < q.Last.Time {
		t.Failed = q.Last
	}
	return t, true
}

// asking is the latest request of a connection: what it asks for, as a hash,
// and how long behind the one before it that asked for the same, ns.
type asking struct {
	index int
	what  uint64
	first int64 // ns since the epoch
	pace  int64 // 0: the one before it asked for something else
}

// ask takes up a request that is over.
func (a *asking) ask(m *http1.Message) {
	now := asking{index: m.Index, what: hashOf(m.Start.Method, m.Start.Target), first: m.First.Time}
	if a.index == m.Index-1 && a.what == now.what && a.index > 0 {
		now.pace = now.first - a.first
	}
	*a = now
}

// take finds the oldest try that the request which begins at first repeats, and
// forgets it: one failure, one retry.
func (ts *tries) take(again *Try, first capture.Frame) Try {
	i := ts.chain[tryKey{again.pair, again.head}].oldest
	for range maxChain {
		if i == 0 {
			break
		}
		t := &ts.ring[i-1]
		if t.Connection != again.Connection && t.Failed.Time <= first.Time &&
			(!t.bodyKnown || !again.bodyKnown || t.body == again.body) {
			found := *t
			found.SameBody = t.bodyKnown && again.bodyKnown
			found.pair = nil
			ts.remove(i)
			return found
		}
		i = t.newer
	}
	return Try{}
}

// add remembers a try.
func (ts *tries) add(t Try) {
	if ts.chain == nil {
		ts.chain = map[tryKey]tryChain{}
	}
	if len(ts.ring) < maxTries {
		ts.ring = append(ts.ring, Try{})
		ts.next = len(ts.ring) - 1
	} else if ts.next = (ts.next + 1) % maxTries; !ts.ring[ts.next].taken {
		ts.remove(uint32(ts.next) + 1)
	}
	ts.ring[ts.next] = t
	t.pair.failed++
	i := uint32(ts.next) + 1
	key := tryKey{t.pair, t.head}
	c := ts.chain[key]
	if c.newest == 0 {
		c.oldest = i
	} else {
		ts.ring[c.newest-1].newer = i
	}
	c.newest = i
	ts.chain[key] = c
}

// remove takes a try out of its chain. The ring overwrites the oldest, so that
// the walk to it is short.
func (ts *tries) remove(i uint32) {
	t := &ts.ring[i-1]
	key := tryKey{t.pair, t.head}
	c := ts.chain[key]
	before := uint32(0)
	for at := c.oldest; at != i; at = ts.ring[at-1].newer {
		before = at
	}
	if before == 0 {
		c.oldest = t.newer
	} else {
		ts.ring[before-1].newer = t.newer
	}
	if c.newest == i {
		c.newest = before
	}
	t.pair.failed--
	t.pair, t.taken = nil, true
	if c.oldest == 0 {
		delete(ts.chain, key)
		return
	}
	ts.chain[key] = c
}
