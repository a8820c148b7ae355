package timeline

import (
	"slices"

	"connlint/capture"
	"connlint/reassembly"
)

// stack is what the packets of a host show of its TCP.
type stack struct {
	options capture.OptionSet // of its SYNs; 0: none was seen
	ttlHigh uint8
	kinds   kinds
}

func (s *stack) see(f *reassembly.Flow, side reassembly.Side) {
	s.ttlHigh = max(s.ttlHigh, f.TTL)
	s.kinds.see(f, side)
	if s.options == 0 {
		s.options = f.Options
	}
}

// kinds are the different first packets that came from one address, at most
// maxKinds of them. One host has one: how far away it is, and the options that
// its TCP offers. The MSS and the window scale are left out, since a route and
// an application choose them, Fast Open and MPTCP, since a socket does. So are
// the values of timestamps: each connection of Linux has a clock of its own.
type kinds struct {
	of [maxKinds]kind
	n  uint8
}

const maxKinds = 8

type kind struct {
	options capture.OptionSet
	ttl     uint8
}

// habitual are the options that a host offers on every connection.
const habitual = capture.OptMSS | capture.OptWindowScale | capture.OptSACKPermitted | capture.OptTimestamps

// see takes the first packets of a side. A server answers what it was offered:
// of it the distance has to do.
func (ks *kinds) see(f *reassembly.Flow, side reassembly.Side) {
	k := kind{ttl: f.TTL}
	if side == reassembly.Client {
		k.options = f.Options & habitual
	}
	if f.TTL != 0 && int(ks.n) < maxKinds && !slices.Contains(ks.of[:ks.n], k) {
		ks.of[ks.n] = k
		ks.n++
	}
}

// Stack is what a host's TCP takes for itself: how long a socket stays in
// TIME-WAIT, how many ports there are for outgoing connections.
type Stack struct {
	Name     string
	TimeWait int64 // ns
	Ports    int
}

// Stack guesses whose TCP the host has by its hop limit and the options of its
// SYN: Windows starts at 128 hops, leaves timestamps out, and has the ports
// 49152-65535 (RFC 6335 §6). Everything else is taken for Linux, whose 60 s are
// compiled in (TCP_TIMEWAIT_LEN) and whose range is 32768-60999. BSD and macOS
// keep a socket for 30 s or 60 s, but by these marks they are not to be told
// from Linux: window scales that were theirs are those of many servers.
func (h *Host) Stack() Stack {
	s := &h.stack
	if s.options != 0 && s.options&capture.OptTimestamps == 0 && s.ttlHigh > 64 && s.ttlHigh <= 128 {
		return Stack{"Windows", 120e9, 16384}
	}
	return Stack{"Linux", 60e9, 28232}
}

// system guesses whose TCP a host has by the same marks, and says nothing where
// they fit neither. A server can only answer what it was offered.
func system(ttl uint8, options, offered capture.OptionSet) Product {
	switch {
	case options == 0 || offered&capture.OptTimestamps == 0 && offered != 0:
		return UnknownProduct
	case options&capture.OptTimestamps == 0 && ttl > 64 && ttl <= 128:
		return Windows
	case options&capture.OptTimestamps != 0 && ttl <= 64:
		return Linux
	}
	return UnknownProduct
}
