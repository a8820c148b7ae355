package capture

import "net/netip"

// Filter chooses segments by their addresses and ports. It is made by
// [ParseFilter] and never changes: several goroutines may share one. A nil
// Filter chooses everything.
//
// The language is made of common words of pcap-filter(7), and what it accepts
// means what it means there: tcp, ip, ip6, host, net, port and portrange, with
// src and dst before them, joined by and, or, not (&&, ||, !) and
// parentheses. And and or bind equally and to the left, not binds tightest;
// a value without a word takes the words of the one before it, as in "port 80
// or 443". Host names are not looked up.
//
// Other than there, it is the decoded segment that is looked at, and that of
// the innermost packet: VLAN tags, tunnels, IPv6 extension headers and
// fragments do not hide what was asked for. A filter that takes one direction
// of a connection only (src, dst) leaves half of it to judge.
type Filter struct {
	root term
}

// Match reports whether s is chosen. It looks at Src, Dst and HasIPID.
func (f *Filter) Match(s *Segment) bool { return f == nil || f.root.match(s) }

// term is an expression: a test, or others joined.
type term struct {
	op   operator
	kids []term
	test test // of the operator single
}

type operator uint8

const (
	single operator = iota // the test
	allOf
	anyOf
	noneOf // of its only kid
)

func (n *term) match(s *Segment) bool {
	switch n.op {
	case single:
		return n.test.match(s)
	case noneOf:
		return !n.kids[0].match(s)
	}
	for i := range n.kids {
		if n.kids[i].match(s) == (n.op == anyOf) {
			return n.op == anyOf
		}
	}
	return n.op == allOf
}

// joined is l op r. A chain of one operator becomes one term, so that a list of
// a thousand ports is no thousand levels deep.
func joined(op operator, l, r term) term {
	if l.op != op {
		l = term{op: op, kids: []term{l}}
	}
	l.kids = append(l.kids, r)
	return l
}

func negate(n term) term {
	if n.op == noneOf {
		return n.kids[0]
	}
	return term{op: noneOf, kids: []term{n}}
}

// test is one primitive: a family, an address or a port.
type test struct {
	subject  subject
	side     side
	six      bool         // of a family or an address: IPv6
	prefix   netip.Prefix // as it was written
	mask     Endpoint     // the bits of the address that count, in the form of an Endpoint
	want     Endpoint     // these bits
	from, to uint16       // ports
}

type subject uint8

const (
	onAll subject = iota // tcp: there is nothing else
	onFamily
	onAddress
	onPort
)

// side says which end of a segment a test is about.
type side uint8

const (
	eitherEnd side = iota
	sourceEnd
	destinationEnd
	bothEnds
)

// onPrefix makes the test of an address; p is masked.
func onPrefix(p netip.Prefix, on side) test {
	t := test{subject: onAddress, side: on, six: p.Addr().Is6(), prefix: p}
	bits := p.Bits()
	if !t.six {
		bits += 96 // Endpoint holds IPv4 in its mapped form
	}
	t.mask = Endpoint{hi: topBits(bits), lo: topBits(bits - 64)}
	t.want = EndpointFrom(netip.AddrPortFrom(p.Addr(), 0))
	return t
}

// topBits is a word whose upper n bits are set; n may be out of range.
func topBits(n int) uint64 { return ^(^uint64(0) >> min(max(n, 0), 64)) }

func (t *test) match(s *Segment) bool {
	switch t.subject {
	case onAll:
		return true
	case onFamily:
		// By the header, not by the address: IPv6 may carry ::ffff:a.b.c.d.
		return s.HasIPID != t.six
	case onAddress:
		if s.HasIPID == t.six {
			return false
		}
	}
	switch t.side {
	case sourceEnd:
		return t.end(s.Src)
	case destinationEnd:
		return t.end(s.Dst)
	case bothEnds:
		return t.end(s.Src) && t.end(s.Dst)
	}
	return t.end(s.Src) || t.end(s.Dst)
}

// end tests one end of a segment.
func (t *test) end(e Endpoint) bool {
	if t.subject == onPort {
		return t.from <= e.port && e.port <= t.to
	}
	return (e.hi^t.want.hi)&t.mask.hi == 0 && (e.lo^t.want.lo)&t.mask.lo == 0
}
