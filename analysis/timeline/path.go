package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
)

// Path is a request on both sides of a proxy: as the client sent it (Down) and
// as the proxy sent it on (Up). A request that was sent on several times has a
// Path for each; one that was not, on a connection whose request before was,
// has one without Up.
type Path struct {
	Down, Up *Leg
	// Before is the attempt before this one to send the same request on.
	Before *Leg
	Route  *Route
	// Kept is the upstream connection that Up went over; without Up the one
	// that the client's request before went over.
	Kept *Upstream
	// Alone, of a path without Up: no request at all left the proxy's host
	// while this one waited.
	Alone bool
	// Verbatim: the head was sent on unchanged to the last byte; without Up
	// that of the request before.
	Verbatim bool
	// Tied: for all that was seen, the client's connection and the upstream
	// one have nothing to do with any other. Together with Verbatim it is
	// what a relay of TCP looks like, which knows nothing of HTTP.
	Tied bool
	// Ambiguous: several requests that waited could have been this one, all
	// the same to the last byte.
	Ambiguous bool
}

// Upstream is a connection that a proxy opened, as long as anybody asks.
type Upstream struct {
	Connection     uint64 // ID
	Client, Server capture.Endpoint
	First          capture.Frame // its SYN, or its first packet
	// Request is the latest request on it, Requests how many there were.
	Request  capture.Frame
	Requests int
	// Closed is the packet that closed it first, and By who sent that; zero
	// while it is open.
	Closed capture.Frame
	By     reassembly.Side
	// Holes: the capture lacks packets of it, so that requests may have gone
	// over it unseen.
	Holes bool

	conn     *Connection // nil once it is over
	client   uint64      // the client's connection whose requests it carries
	shared   bool        // it carried those of another as well
	verbatim bool        // the latest head went over it unchanged
}

// look takes down what has become of the connection.
func (u *Upstream) look() {
	if u.conn != nil {
		u.Holes = u.conn.Caveats&(reassembly.CaptureDrops|reassembly.LimitReached) != 0
		if by, f, ok := u.conn.Teardown.First(); ok {
			u.Closed, u.By = f, by
		}
	}
}

// Route is what one address of a proxy and one server behind it have with each
// other.
type Route struct {
	Proxy, Server capture.Endpoint // where clients reach the proxy; where it goes on to
	Client        capture.Endpoint // the proxy's address at the server, port 0
	Source        uint16
	Paths         int
	// Product is the proxy's: what it says to its clients, unless the server
	// behind it says the same, which it may have passed on.
	Product Product

	slot int
	made uint64
	prev *Route
	next *Route
}

// Slot is a small number that is the route's alone while it is followed.
func (r *Route) Slot() int { return r.slot }

// introduce takes what both sides of the proxy said. A request that was not
// sent on tells nothing: with what its client's connection heard before, there
// is no other side to hold it against.
func (r *Route) introduce(p *Path) {
	if p.Up == nil {
		return
	}
	front := p.Down.Products[reassembly.Server].First
	if named := p.Up.Products[reassembly.Client].First; named.relays() {
		front = named
	} else if front == p.Up.Products[reassembly.Server].First {
		front = UnknownProduct
	}
	if front.relays() {
		r.Product = r.Product.or(front)
	}
}

// PathHandler is a [Handler] that wants both legs of proxies joined. What is
// not asked for is not followed.
type PathHandler interface {
	Handler
	// Path is called once for each path, when both its legs are over. The
	// arguments are borrowed for the call.
	Path(*Path)
	// Route is called once for each route, when nothing more will come of it.
	Route(*Route)
}
