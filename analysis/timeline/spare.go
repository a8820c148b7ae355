package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// Spare is a connection of the pair that lay idle when another was opened and
// still did when that one's first request left: it could have carried it.
// The zero value: there was none.
//
// It is asked for on plaintext connections only, and it must look as if the
// same program had it: the same Host and User-Agent, with or without
// credentials as before (browsers keep these apart), the same TTL and the same
// options in the SYN. It must go on lying idle as long as the new one lives:
// one that is used in that time has an owner of its own, and one that is closed
// before the new one had its first answer was to be closed anyway. One spare
// connection stands for one that was opened.
type Spare struct {
	ID    uint64        // of the idle connection
	Since capture.Frame // the end of its last exchange
}

// kept is what is remembered of a connection while it is open, idle and could
// carry another request, and of one that was opened beside it.
type kept struct {
	since      capture.Frame
	asker      uint64 // a hash of who asked for what host
	prev, next *Connection
	listed     bool
	stead      *Connection // of a spare one: which was opened in its stead
	spare      *Connection // of that one: the spare one
}

// keptList has the idle connections of a pair, the longest idle first.
type keptList struct{ first, last *Connection }

// keep puts the connection among those that could carry another request, if
// its last exchange x left it so.
func (k *tracked) keep(x *http1.Transaction) {
	q, a := x.Request, x.Response
	if q == nil || a == nil || a.End != http1.Complete || q.End != http1.Complete || a.Start.Status == 101 ||
		k.ended[reassembly.Client] || k.ended[reassembly.Server] || refusalOf(x) != NotRefused {
		return
	}
	c := &k.conn
	c.Pair.withdraw(c)
	c.kept.since, c.kept.asker = k.now, askerOf(q)
	c.kept.prev, c.kept.listed = c.Pair.kept.last, true
	if c.kept.prev != nil {
		c.kept.prev.kept.next = c
	} else {
		c.Pair.kept.first = c
	}
	c.Pair.kept.last = c
}

// leave takes a connection off the lists of the pair.
func (p *Pair) leave(c *Connection) {
	p.withdraw(c)
	p.partings.remove(c)
}

// withdraw takes a connection from the idle ones, if it is among them.
func (p *Pair) withdraw(c *Connection) {
	k := &c.kept
	if !k.listed {
		return
	}
	if k.prev != nil {
		k.prev.kept.next = k.next
	} else {
		p.kept.first = k.next
	}
	if k.next != nil {
		k.next.kept.prev = k.prev
	} else {
		p.kept.last = k.prev
	}
	k.prev, k.next, k.listed = nil, nil, false
}

// used notes that an idle connection has something to do again: it was none to
// spare for the one that was opened beside it.
func (c *Connection) used() {
	if n := c.kept.stead; n != nil {
		n.Spare = Spare{}
		c.part()
	}
	c.Pair.withdraw(c)
}

// notSpare notes that an idle connection ends: it was none to spare if the one
// that was opened beside it has had no answer yet.
func (c *Connection) notSpare() {
	if n := c.kept.stead; n != nil && n.Complete == 0 {
		n.Spare = Spare{}
		c.part()
	}
}

// part forgets who was opened in whose stead: what became of it stands.
func (c *Connection) part() {
	if n := c.kept.stead; n != nil {
		n.kept.spare, c.kept.stead = nil, nil
	}
	if n := c.kept.spare; n != nil {
		n.kept.stead, c.kept.spare = nil, nil
	}
}

// maxSpares bounds how many idle connections are looked at for one that is new.
const maxSpares = 8

// findSpare looks, at the first request of a new connection, for one that was
// idle all the while.
func (k *tracked) findSpare(m *http1.Message) {
	c := &k.conn
	if m.Dir != http1.Request || m.Index != 1 || !c.Handshake.Done() || c.Pair.kept.first == nil {
		return
	}
	asker := askerOf(m)
	idle := c.Pair.kept.first
	for range maxSpares {
		if idle == nil || c.Handshake.SYN.Sub(idle.kept.since) <= idle.Flow[reassembly.Client].MinRTT {
			return // its client did not know yet that it was free
		}
		if idle.kept.asker == asker && alike(c, idle) {
			c.Spare = Spare{idle.ID(), idle.kept.since}
			c.Pair.withdraw(idle)
			idle.kept.stead, c.kept.spare = c, idle
			return
		}
		idle = idle.kept.next
	}
}

// alike reports whether two connections of one address may be of one host.
func alike(a, b *Connection) bool {
	f, g := &a.Flow[reassembly.Client], &b.Flow[reassembly.Client]
	if f.TTL != g.TTL {
		return false
	}
	return b.Handshake.SYN.IsZero() || f.Options == g.Options && f.MSS == g.MSS && f.Scale == g.Scale
}

// askerOf is a hash of the host that a request is for, of the program that
// asks, and of whether it shows credentials.
func askerOf(m *http1.Message) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211 // FNV-1a
	h := uint64(offset)
	for _, name := range [...]string{"host", "user-agent"} {
		for _, b := range m.Header.Get(name) {
			h = (h ^ uint64(b)) * prime
		}
		h = (h ^ 0xff) * prime
	}
	if m.Header.Get("cookie") != nil || m.Header.Get("authorization") != nil {
		h = (h ^ 1) * prime
	}
	return h
}
