package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// paths joins the two legs of requests that went through a proxy. A request
// is the upstream leg of one that has the same method and path, waits for its
// response at that moment, and waits at a host from which the new one comes
// (see [paths.carries]).
//
// What it keeps are the heads of requests under way, and of those that are
// over while the other leg is not. Beyond its limits the oldest go: that loses
// paths and makes none up, see [gap].
type paths struct {
	h           PathHandler
	open        map[legKey]*chain
	first, last *Leg // all legs
	legs, bytes int
	limit       int
	spare       []*Leg
	chains      []*chain
	routes      routes
	// hosts from which proxied requests went on, with the latest request of
	// any kind that left them.
	hosts   map[proxyHost]capture.Frame
	gaps    map[legKey]int // open legs that were given up
	evicted uint64
}

// proxyHost is where a proxy runs, in one source.
type proxyHost struct {
	addr   capture.Endpoint
	source uint16
}

// chain is the open legs of one key, oldest first.
type chain struct{ first, last *Leg }

// gap is an open leg that was given up: until its response begins, nobody can
// say whether a request of its key does not carry on just this one. It takes
// less room than what the parser keeps of the request anyway.
type gap struct {
	httpIndex int
	key       legKey
}

const (
	maxLegHead    = 8 << 10  // bytes of a head; a leg with a longer one is not followed
	maxLegBytes   = 16 << 20 // bytes of all heads
	maxAttempts   = 8        // times that one request is followed upstream
	maxCandidates = 32       // open legs of a key that are looked at
	maxProxies    = 1024     // proxies of which it is known when they last asked
	maxRoutes     = 4096
)

func newPaths(h Handler, limit int) *paths {
	ph, ok := h.(PathHandler)
	if !ok {
		return nil
	}
	return &paths{h: ph, open: map[legKey]*chain{}, limit: limit, gaps: map[legKey]int{}, hosts: map[proxyHost]capture.Frame{},
		routes: routes{byKey: map[routeKey]*Route{}, limit: maxRoutes}}
}

// begin takes up a request whose head is whole.
func (ps *paths) begin(k *tracked, m *http1.Message) {
	if m.Index == 0 || len(m.Start.Method) == 0 || string(m.Start.Method) == "CONNECT" {
		return // what goes on in a tunnel is not the proxy's to change
	}
	c := &k.conn
	ps.seen(proxyHost{c.Client().Host(), c.First.Source()}, m.First)
	l := ps.leg()
	if !l.Keep(m, maxLegHead) {
		ps.spare = append(ps.spare, l)
		return
	}
	l.Connection, l.Client, l.Server, l.First = c.ID(), c.Client(), c.Server(), c.First
	l.Request, l.HeadEnd, l.httpIndex, l.owner = m.First, m.Head, m.Index, k
	l.key = legKey{c.First.Source(), hashOf(l.Start.Method, TargetPath(l.Start.Target))}
	l.size = l.Size()
	k.legs = append(k.legs, l)
	if down := ps.downOf(l); down != nil {
		ps.join(down, l)
	}
	if k.up != nil {
		k.up.Request = l.Request
		k.up.Requests++
	}
	ps.add(l)
}

// seen notes when a proxy last asked anybody.
func (ps *paths) seen(at proxyHost, f capture.Frame) {
	if len(ps.hosts) == 0 {
		return
	}
	if _, proxy := ps.hosts[at]; proxy {
		ps.hosts[at] = f
	}
}

// downOf is the leg that l carries on, nil if there is none or it cannot be
// told which. Of several the one whose fields it has most of is meant; where
// these are the same to the last byte it makes no difference.
func (ps *paths) downOf(l *Leg) *Leg {
	ch := ps.open[l.key]
	if ch == nil {
		return nil
	}
	if ps.gaps[l.key] > 0 {
		for d := ch.last; d != nil && !d.doubted; d = d.above {
			d.lost, d.doubted = true, true // l may have been it
		}
		return nil
	}
	var best *Leg
	most, n := -1, 0
	for d := ch.first; d != nil; d = d.below {
		if n++; n > maxCandidates {
			return nil
		}
		if !ps.carries(l, d) {
			continue
		}
		kept, of := d.inherited(l)
		switch score := kept*2*maxCompared - of; {
		case score > most || best == nil:
			best, most = d, score
			l.ambiguous = false
		case score < most:
		case !d.Same(&best.Head):
			return nil
		default:
			l.ambiguous = true
			if d.attempts < best.attempts {
				best = d
			}
		}
	}
	return best
}

// carries reports whether up can be the request down, sent on. The host that
// down waits at must be the one that up comes from: by its address, or because
// the capture was taken at both. One stream that the capture has twice, before
// and behind a translation of addresses, is not sent on by anybody.
func (ps *paths) carries(up, down *Leg) bool {
	if up.Server == down.Server || down.attempts >= maxAttempts {
		return false // two clients of one server
	}
	byAddress := up.Client.Host() == down.Server.Host()
	if !byAddress && up.Client.Host() == down.Client.Host() {
		return false // one client, two servers
	}
	u, d := up.owner.conn.Connection, down.owner.conn.Connection
	if !byAddress && !(d.Vantage() == reassembly.AtServer && u.Vantage() == reassembly.AtClient) {
		return false
	}
	if !sameRequest(up, down) || u.SameStream(d) || within(u, d) {
		return false
	}
	sameHost := equalFold(up.Host(), down.Host())
	if !byAddress && !sameHost {
		return false
	}
	kept, of := down.inherited(up)
	if sameHost {
		return kept*2 >= of
	}
	return of >= 2 && kept*4 >= of*3
}

// sameRequest reports whether method and path are equal, as their hashes are.
func sameRequest(a, b *Leg) bool {
	return string(a.Start.Method) == string(b.Start.Method) &&
		string(TargetPath(a.Start.Target)) == string(TargetPath(b.Start.Target))
}

// within reports whether u was opened while d's handshake was under way, as
// the second sight of one SYN is: who terminates TCP first completes the
// handshake.
func within(u, d *reassembly.Connection) bool {
	a, b := &u.Handshake, &d.Handshake
	return a.SYN.Number() > b.SYN.Number() && !b.SYNACK.IsZero() && a.SYN.Number() < b.SYNACK.Number() && !b.SYN.IsZero()
}

// equalFold compares ASCII names; empty ones are not known and so not equal.
func equalFold(a, b []byte) bool {
	if len(a) != len(b) || len(a) == 0 {
		return false
	}
	for i := range a {
		x, y := a[i], b[i]
		if x >= 'A' && x <= 'Z' {
			x |= 0x20
		}
		if y >= 'A' && y <= 'Z' {
			y |= 0x20
		}
		if x != y {
			return false
		}
	}
	return true
}

// join makes up carry down on.
func (ps *paths) join(down, up *Leg) {
	k, from := up.owner, down.owner
	if k.up == nil {
		k.up = &Upstream{Connection: up.Connection, Client: up.Client, Server: up.Server, First: up.First,
			conn: &k.conn, client: down.Connection}
	}
	u := k.up
	u.verbatim = down.Same(&up.Head)
	u.shared = u.shared || u.client != down.Connection
	from.strayed = from.strayed || from.kept != nil && from.kept != u
	from.kept = u
	up.down, up.relayed, up.upstream = down, true, u
	up.tied = !from.strayed
	down.ups = append(down.ups, up)
	down.attempts++
	if at := (proxyHost{up.Client.Host(), up.key.source}); len(ps.hosts) < maxProxies {
		ps.hosts[at] = up.Request
	}
}

// finish reports what is left. Call it when all connections are over.
func (ps *paths) finish() {
	for ps.routes.first != nil {
		ps.routes.finish(ps.routes.first, ps.h.Route)
	}
}
