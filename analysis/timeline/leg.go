package timeline

import (
	"bytes"

	"connlint/capture"
	"connlint/reassembly/http1"
)

// Leg is a request as one connection carried it, with as much of that
// connection as tells whether it is one leg of a longer path. All that can be
// seen of it is a copy: a leg outlives its message and its connection.
type Leg struct {
	http1.Head                      // of the request
	Connection     uint64           // ID
	Index          int              // of the transaction; 0 until it is over
	Client, Server capture.Endpoint // of the connection
	First          capture.Frame    // of the connection
	// Setup is what opening the connection took, ns, without the wait for
	// lost packets; 0 if the request was not the first on it.
	Setup int64
	// Request, HeadEnd, RequestEnd, Response and End are the packets with the
	// first byte of the request, the end of its head, its last byte, the first
	// byte of the final response, and the end of the transaction.
	Request, HeadEnd, RequestEnd, Response, End capture.Frame
	Status                                      int // of the final response; 0: none
	Body                                        http1.Count
	RequestWhole                                bool // the request was sent to its end
	// Blind: the capture lacks bytes of the messages, or messages.
	// OneDirection: it has one side of the connection alone.
	Blind, OneDirection bool
	// Products are what the sides of the connection had said they are.
	Products [2]Products
	// Open: the capture, or a limit, ended before the transaction did.
	Open bool

	key       legKey
	httpIndex int       // the parser's number of the transaction
	owner     *tracked  // nil once the transaction is over
	upstream  *Upstream // the connection, of a leg that carries another on
	kept      *Upstream // the one that the client's requests on this connection went over
	down      *Leg      // the leg that this one carries on
	ups       []*Leg    // the legs that carry this one on, at most maxAttempts
	attempts  int       // how many there were, those given up included
	answered  bool      // the final response has begun
	relayed   bool      // down is, or was, set
	ambiguous bool      // another leg could have been down as well
	tied      bool      // see Path.Tied
	over      bool
	settled   bool // its paths were reported
	lost      bool // a leg that carried it on was given up
	listed    bool // among the open ones of its key
	freed     bool
	size      int

	prev, next   *Leg // all legs, oldest first
	above, below *Leg // open legs of one key, oldest first
	doubted      bool // it is lost, and so are all above it: no need to say so again
}

// legKey is what a request keeps on its way: where it was captured, its
// method and its path with the query, as a hash.
type legKey struct {
	source uint16
	hash   uint64
}

// TargetPath is the path and the query of a request's target, whether it was
// sent in origin-form or in absolute-form (RFC 9112 §3.2).
func TargetPath(target []byte) []byte {
	if _, rest, ok := cutAuthority(target); ok {
		if i := bytes.IndexAny(rest, "/?"); i >= 0 {
			return rest[i:]
		}
		return []byte("/")
	}
	return target
}

// cutAuthority splits off the scheme of an absolute-form target.
func cutAuthority(target []byte) (scheme, rest []byte, ok bool) {
	if len(target) == 0 || target[0] == '/' {
		return nil, nil, false
	}
	return bytes.Cut(target, []byte("://"))
}

// Absolute reports whether the target is in absolute-form, which a client
// sends to what it takes for a proxy (RFC 9112 §3.2.2).
func (l *Leg) Absolute() bool {
	_, _, ok := cutAuthority(l.Start.Target)
	return ok
}

// Origin reports whether the target is in origin-form, which is what an origin
// server is sent.
func (l *Leg) Origin() bool { return len(l.Start.Target) > 0 && l.Start.Target[0] == '/' }

// Host is the name that the request is for, without the port.
func (l *Leg) Host() []byte {
	host := l.Header.Get("host")
	if _, rest, ok := cutAuthority(l.Start.Target); ok {
		if i := bytes.IndexAny(rest, "/?"); i >= 0 {
			rest = rest[:i]
		}
		host = rest
	}
	if i := bytes.LastIndexByte(host, ':'); i >= 0 && bytes.IndexByte(host[i:], ']') < 0 {
		host = host[:i]
	}
	return host
}

// Keeps reports whether the request leaves its connection open for another
// (RFC 9112 §9.3).
func (l *Leg) Keeps() bool {
	if l.Header.HasToken("connection", "close") {
		return false
	}
	return l.Start.AtLeast(1, 1) || l.Header.HasToken("connection", "keep-alive")
}

// hashOf is FNV-1a over the method and the path.
func hashOf(method, path []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, part := range [...][]byte{method, path} {
		for _, c := range part {
			h = (h ^ uint64(c)) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211 // a byte that no target has
	}
	return h
}

// inherited counts the end-to-end fields of l and how many of them o has with
// the same value: a proxy passes these on, another program asks in its own
// words. Fields that proxies set to their own are left out.
func (l *Leg) inherited(o *Leg) (kept, of int) {
	for i := range min(l.Header.Len(), maxCompared) {
		name, value := l.Header.Field(i)
		if ownOfEachHop(name) {
			continue
		}
		of++
		if o.Header.Has(name, value) {
			kept++
		}
	}
	return kept, of
}

// maxCompared bounds the fields that are compared.
const maxCompared = 64

// ownOfEachHop reports whether a field is hop-by-hop, or one that proxies
// change as a matter of course.
func ownOfEachHop(name []byte) bool {
	for _, own := range [...]string{"connection", "keep-alive", "proxy-connection", "proxy-authorization", "te", "trailer",
		"transfer-encoding", "upgrade", "content-length", "host", "via", "forwarded", "x-forwarded-for", "x-forwarded-host",
		"x-forwarded-proto", "x-real-ip", "max-forwards", "cache-control", "accept-encoding", "expect"} {
		if len(name) == len(own) && bytes.EqualFold(name, []byte(own)) {
			return true
		}
	}
	return false
}
