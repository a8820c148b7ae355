package timeline

import "connlint/capture"

// routes keeps what was joined by proxy and server, at most limit of them:
// beyond, the one that was made first is reported and forgotten.
type routes struct {
	byKey       map[routeKey]*Route
	first, last *Route
	slotsFree   []int
	slots       int
	made        uint64
	limit       int
}

type routeKey struct {
	proxy, server capture.Endpoint
	source        uint16
}

// of is the route from a proxy's address to a server, made if it is not there.
func (rs *routes) of(proxy capture.Endpoint, u *Upstream, source uint16, gone func(*Route)) *Route {
	key := routeKey{proxy, u.Server, source}
	if r := rs.byKey[key]; r != nil {
		return r
	}
	if len(rs.byKey) >= rs.limit {
		rs.finish(rs.first, gone)
	}
	rs.made++
	r := &Route{Proxy: proxy, Server: u.Server, Client: u.Client.Host(), Source: source, made: rs.made}
	if n := len(rs.slotsFree); n > 0 {
		r.slot, rs.slotsFree = rs.slotsFree[n-1], rs.slotsFree[:n-1]
	} else {
		r.slot = rs.slots
		rs.slots++
	}
	rs.byKey[key] = r
	if r.prev = rs.last; r.prev != nil {
		r.prev.next = r
	} else {
		rs.first = r
	}
	rs.last = r
	return r
}

// finish reports a route and forgets it.
func (rs *routes) finish(r *Route, gone func(*Route)) {
	gone(r)
	if r.prev != nil {
		r.prev.next = r.next
	} else {
		rs.first = r.next
	}
	if r.next != nil {
		r.next.prev = r.prev
	} else {
		rs.last = r.prev
	}
	delete(rs.byKey, routeKey{r.Proxy, r.Server, r.Source})
	rs.slotsFree = append(rs.slotsFree, r.slot)
}
