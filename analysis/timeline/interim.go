package timeline

import (
	"cmp"
	"maps"
	"slices"

	"connlint/capture"
	"connlint/reassembly"
)

// InterimHandler is a [Handler] that also judges what is not over: a live run
// may never see the end of a busy pair.
type InterimHandler interface {
	Handler
	// SoFar is called for each open connection that had packets since the last
	// time, as it would be closed if the capture ended now. It goes on: nothing
	// may be kept of it, and Close comes later.
	SoFar(*Connection)
	// PairSoFar is called for each pair that is followed, in the order in which
	// they began, and HostSoFar for each host of which something is new; it
	// reports whether the host begins anew, since all it came to was told.
	PairSoFar(*Pair)
	HostSoFar(*Host) bool
	// HostRestarts is called before a host begins anew.
	HostRestarts(*Host)
	// RouteSoFar is called for each route that is followed.
	RouteSoFar(*Route)
}

// hostSpan is how long a host is followed before it begins anew, ns. Its
// [Series] gets coarser with time, and ports and TIME-WAIT are a matter of
// minutes.
const hostSpan = int64(3600e9)

// Interim shows the handler everything that is not over at now, ns since the
// epoch; since is when it was shown last. It changes nothing but what the
// handler says was told.
func (t *Tracker) Interim(since, now int64) {
	h, ok := t.h.(InterimHandler)
	if !ok {
		return
	}
	for _, k := range t.tracked {
		if k != nil && k.conn.Last.Time > since {
			k.soFar(h, now)
		}
	}
	for _, p := range slices.SortedFunc(maps.Values(t.pairs.byKey), func(a, b *Pair) int { return cmp.Compare(a.made, b.made) }) {
		h.PairSoFar(p)
	}
	for x := t.hosts.list.first; x != nil; x = x.next {
		if x.To > since && h.HostSoFar(x) || now-x.From >= hostSpan {
			h.HostRestarts(x)
			x.restart()
		}
	}
	for r := t.routes(); r != nil; r = r.next {
		h.RouteSoFar(r)
	}
}

func (t *Tracker) routes() *Route {
	if t.paths == nil {
		return nil
	}
	return t.paths.routes.first
}

// soFar shows a connection as it would be if the capture ended now. What the
// senders' silences came to outside of transactions is handed over for good.
func (k *tracked) soFar(h InterimHandler, now int64) {
	c := &k.conn
	was := *c
	late, harmless := [2]capture.Frame{}, [2]uint16{}
	for side := range k.sender {
		late[side], harmless[side] = k.sender[side].late, k.sender[side].harmless
	}
	c.Why, c.End = reassembly.EndOfCapture, max(now, c.Last.Time)
	k.rest()
	k.setup()
	k.character()
	k.evidence()
	k.idleToTheEnd()
	h.SoFar(c)
	for side := range k.sender {
		f := &k.sender[side]
		f.late, f.harmless = late[side], harmless[side]
		if len(c.Stalls) > 0 && f.work != nil {
			f.work.stalls = f.work.stalls[:0]
		}
	}
	*c = was
}

// restart forgets what the host came to: all but what its packets look like.
func (h *Host) restart() {
	*h = Host{Address: h.Address, Service: h.Service, Role: h.Role, Source: h.Source, Closes: h.Closes[:0], IDs: h.IDs[:0],
		Series: Series{slots: h.Series.slots[:0]}, stack: h.stack, Products: h.Products, prev: h.prev, next: h.next}
}

// RestartPeak makes the pair's peak the number of connections that are busy
// now: the one before was told. [Pair.HighestBusy] goes on to know it.
func (p *Pair) RestartPeak() {
	p.highest = p.HighestBusy()
	p.PeakBusy = p.Busy
}

// HighestBusy is the highest that PeakBusy ever was.
func (p *Pair) HighestBusy() int { return max(p.highest, p.PeakBusy) }
