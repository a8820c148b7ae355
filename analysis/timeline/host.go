package timeline

import (
	"cmp"
	"slices"

	"connlint/capture"
	"connlint/reassembly"
)

// Host is one address at one service: a client that opened connections to it,
// or the server that took them from all of its clients. It says what the
// connections left there: sockets in TIME-WAIT, ports in use. It is made of
// sums, so that the records of workers can be merged.
type Host struct {
	Address capture.Endpoint // port 0
	Service capture.Endpoint // what was connected to; of a server its own
	Role    reassembly.Side
	Source  uint16

	// Opened are the connections whose SYN was answered, Closed those of them
	// whose end was seen; Life is how long these lived, ns, from the SYN to
	// the second FIN or the RST. Requests are the transactions on all.
	Opened, Closed, Requests uint64
	Life                     int64
	// Entered is how many connections left a socket in TIME-WAIT at this
	// address; of these Crossed left one at the peer too, since both closed at
	// once. Retaken is how many had their ports taken by a new connection
	// within two minutes, Soon those within 30 s: less than any TIME-WAIT.
	Entered, Crossed, Retaken, Soon uint64
	// Refusals are the connections by what kept them from being used again,
	// Left those of them that are in Entered.
	Refusals, Left [Refusals]uint32
	Series         Series
	Caveats        reassembly.Caveats
	Products       Products // of all its connections

	// FirstOpen and LastOpen are the first and the last SYN; Closes are the
	// first FINs of the first connections in Entered, IDs their numbers.
	FirstOpen, LastOpen capture.Frame
	Closes              []capture.Frame // at most maxCloses
	IDs                 []uint64        // at most maxIDs
	From, To            int64           // ns since the epoch: of all its connections

	stack      stack
	prev, next *Host
}

const (
	maxCloses = 8
	maxIDs    = 64
)

// Ports is how many source ports there are from the lowest that the client
// used at the service to the highest.
func (h *Host) Ports() int {
	low, high := h.PortRange()
	if low == 0 {
		return 0
	}
	return int(high) - int(low) + 1
}

// PortRange are the lowest and the highest source port of a client; 0, 0:
// none was seen.
func (h *Host) PortRange() (low, high uint16) {
	if h.Role != reassembly.Client {
		return 0, 0
	}
	return h.Series.ports()
}

// Wrapped reports whether the client's ports once fell by a quarter of
// [Host.Ports] at least: its stack came to the end of its range and began anew,
// or it chooses ports at random. Until then they say how many connections
// there were, and nothing of the range.
func (h *Host) Wrapped() bool {
	n := h.Ports()
	return n > 0 && h.Series.fall() >= (n+3)/4
}

// Many reports whether packets of the address came over paths of different
// lengths, or, of a client, offer different options: several hosts share it
// (NAT), or the path changed.
func (h *Host) Many() bool { return h.stack.kinds.n > 1 }

// System is what the host's TCP seems to be, see [Connection.System].
func (h *Host) System() Product {
	return system(h.stack.ttlHigh, h.stack.options, 0)
}

// Loopback reports whether client and server are the same host.
func (h *Host) Loopback() bool {
	a := h.Address.Addr()
	return a.IsLoopback() || h.Role == reassembly.Client && a == h.Service.Addr()
}

// add counts a connection; side is the end that the host is.
func (h *Host) add(c *Connection) {
	side := h.Role
	if h.From == 0 || c.First.Time < h.From {
		h.From = c.First.Time
	}
	h.To = max(h.To, c.End)
	h.Caveats |= c.Caveats
	h.Products.merge(c.Products[side])
	h.Requests += uint64(c.Transactions)
	h.Refusals[c.Refusal]++
	h.stack.see(&c.Flow[side], side)
	if answered(c) {
		h.open(c)
	}
	if !c.Waits(side) {
		return
	}
	h.Entered++
	if c.Teardown.Crossed() {
		h.Crossed++
	}
	h.Left[c.Refusal]++
	h.Series.slotOf(c.Teardown.Shut()).entered++
	h.Closes = keepFirst(h.Closes, maxCloses, c.Teardown.FIN[side], func(a, b capture.Frame) int { return cmp.Compare(a.Number(), b.Number()) })
	h.IDs = keepFirst(h.IDs, maxIDs, c.ID(), cmp.Compare[uint64])
}

// keepFirst keeps the n smallest in order, whatever the order in which they
// come.
func keepFirst[T any](list []T, n int, x T, compare func(a, b T) int) []T {
	if len(list) == n {
		if compare(list[n-1], x) <= 0 {
			return list
		}
		list = list[:n-1]
	}
	i, _ := slices.BinarySearchFunc(list, x, compare)
	return slices.Insert(list, i, x)
}

// open counts a connection that was opened in the capture.
func (h *Host) open(c *Connection) {
	syn := c.Handshake.SYN
	h.Opened++
	h.Series.slotOf(syn.Time).open(c.Client().Port())
	if h.FirstOpen.IsZero() || syn.Time < h.FirstOpen.Time {
		h.FirstOpen = syn
	}
	if syn.Time > h.LastOpen.Time {
		h.LastOpen = syn
	}
	if d := &c.Teardown; d.Shut() != 0 || !d.RST.IsZero() {
		h.Closed++
		h.Life += max(0, max(d.Shut(), d.RST.Time)-syn.Time)
	}
	h.retake(&c.Reuse, syn.Time)
}

// retake notes that the ports of a socket in TIME-WAIT were taken at now.
func (h *Host) retake(r *Reuse, now int64) {
	if !r.Waiting[h.Role] {
		return
	}
	for i, within := range retakenWithin {
		if now-r.Waited < within {
			h.Series.slotOf(r.Waited).retaken[i]++
			h.Retaken++
			if i == 0 {
				h.Soon++
			}
			return
		}
	}
}

// answered reports whether the connection came to be, its SYN in the capture.
func answered(c *Connection) bool {
	return !c.Handshake.SYN.IsZero() && !c.Handshake.SYNACK.IsZero()
}
