package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
)

// HostHandler is a [Handler] that also wants to know of hosts.
type HostHandler interface {
	// Host is called once for each host, when nothing more will come of it;
	// h is borrowed for the call.
	Host(h *Host)
}

// Reuse is what is known of the connection that had the ports of another one
// before it; Last is zero where there was none.
type Reuse struct {
	reassembly.Before
	// Challenge is the ACK with which the server answered the SYN out of that
	// connection; zero: it did not.
	Challenge capture.Frame
}

// maxHosts is the default of [Config.Hosts], the hosts followed at a time.
// Beyond, the one that has been without a new end of a connection for longest
// is reported and forgotten: a flood from invented addresses takes the place
// of hosts of one connection, and a record is used again. A host takes up to
// 32 kB (1,024 slots).
const maxHosts = 4096

// hosts keeps what connections left at their two ends.
type hosts struct {
	byKey   map[hostKey]*Host
	list    struct{ first, last *Host } // least recently used first
	reuses  map[int]Reuse               // of open connections, by slot
	limit   int
	evicted uint64
}

type hostKey struct {
	address, service capture.Endpoint
	role             reassembly.Side
	source           uint16
}

// add counts a connection that is over at both of its ends. One whose SYN was
// not answered leaves nothing anywhere.
func (hs *hosts) add(c *Connection, h Handler) {
	to, ok := h.(HostHandler)
	if !ok {
		return
	}
	opened := answered(c)
	for side := reassembly.Client; side <= reassembly.Server; side++ {
		if opened || c.Waits(side) {
			hs.at(hostKey{c.Ends[side].Host(), c.Server(), side, c.First.Source()}, to).add(c)
		}
	}
}

// at is the host of that key, now the last one used.
func (hs *hosts) at(key hostKey, to HostHandler) *Host {
	h := hs.byKey[key]
	if h == nil {
		h = hs.make(key, to)
	} else if h == hs.list.last {
		return h
	} else {
		hs.unlink(h)
	}
	h.prev = hs.list.last
	if h.prev != nil {
		h.prev.next = h
	} else {
		hs.list.first = h
	}
	hs.list.last = h
	return h
}

func (hs *hosts) make(key hostKey, to HostHandler) *Host {
	if hs.byKey == nil {
		hs.byKey = map[hostKey]*Host{}
	}
	var h *Host
	if len(hs.byKey) < hs.limit {
		h = new(Host)
	} else {
		h = hs.list.first
		to.Host(h)
		hs.forget(h)
		hs.evicted++
		*h = Host{Closes: h.Closes[:0], IDs: h.IDs[:0], Series: Series{slots: h.Series.slots[:0]}}
	}
	h.Address, h.Service, h.Role, h.Source = key.address, key.service, key.role, key.source
	if hs.evicted > 0 {
		h.Caveats |= reassembly.LimitReached // it may have been here before
	}
	hs.byKey[key] = h
	return h
}

func (hs *hosts) forget(h *Host) {
	hs.unlink(h)
	delete(hs.byKey, hostKey{h.Address, h.Service, h.Role, h.Source})
}

func (hs *hosts) unlink(h *Host) {
	if h.prev != nil {
		h.prev.next = h.next
	} else {
		hs.list.first = h.next
	}
	if h.next != nil {
		h.next.prev = h.prev
	} else {
		hs.list.last = h.prev
	}
	h.prev, h.next = nil, nil
}

// finish reports the hosts that are left.
func (hs *hosts) finish(h Handler) {
	for hs.list.first != nil {
		h.(HostHandler).Host(hs.list.first)
		hs.forget(hs.list.first)
	}
}

// Reopen is part of reassembly.Reopener.
func (t *Tracker) Reopen(c *reassembly.Connection, before reassembly.Before) {
	if t.hosts.reuses == nil {
		t.hosts.reuses = map[int]Reuse{}
	}
	t.hosts.reuses[c.Slot()] = Reuse{Before: before}
}

// challenged notes that the server answered the SYN out of an older connection.
func (hs *hosts) challenged(c *reassembly.Connection, f capture.Frame) {
	if r, ok := hs.reuses[c.Slot()]; ok && r.Challenge.IsZero() {
		r.Challenge = f
		hs.reuses[c.Slot()] = r
	}
}

// reuse is what was known of the ports of c before it, and forgets it.
func (hs *hosts) reuse(c *reassembly.Connection) Reuse {
	if len(hs.reuses) == 0 {
		return Reuse{}
	}
	r := hs.reuses[c.Slot()]
	delete(hs.reuses, c.Slot())
	return r
}
