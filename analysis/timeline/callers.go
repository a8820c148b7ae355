package timeline

import "connlint/capture"

// Caller is a client address over all its pairs: what tells one that cannot
// reach its servers from one that looks for any.
type Caller struct {
	// Failed is the number of endpoints of which one refused or did not answer
	// an attempt and none accepted any, as long as their pairs are followed;
	// Attempts is how often those endpoints were tried.
	Failed, Attempts int

	pairs int // of it that are followed
	kinds kinds
}

// Kinds is how many kinds of SYN came from the address, 8 at most: of more than
// one, it seems to stand for several hosts (NAT, a proxy that relays).
func (c *Caller) Kinds() int { return int(c.kinds.n) }

type callerKey struct {
	client capture.Endpoint
	source uint16
}

// callerOf is the caller of a new pair. There is none without a pair: the
// limit of pairs is its own.
func (ps *pairs) callerOf(p *Pair) *Caller {
	key := callerKey{p.Client, p.Source}
	if ps.callers == nil {
		ps.callers = map[callerKey]*Caller{}
	}
	c := ps.callers[key]
	if c == nil {
		c = new(Caller)
		ps.callers[key] = c
	}
	c.pairs++
	return c
}

// leaveCaller forgets a caller with its last pair.
func (ps *pairs) leaveCaller(p *Pair) {
	if p.Caller.pairs--; p.Caller.pairs == 0 {
		delete(ps.callers, callerKey{p.Client, p.Source})
	}
}

// attempted counts what came of a connection's opening for its caller.
func (p *Pair) attempted(c *Connection) {
	switch failed := c.Refused() || c.Unanswered(); {
	case failed && p.accepted:
	case failed:
		if p.failures == 0 {
			p.Caller.Failed++
		}
		p.failures++
		p.Caller.Attempts++
	case !c.Handshake.SYNACK.IsZero() && !p.accepted:
		p.accepted = true
		if p.failures > 0 {
			p.Caller.Failed--
			p.Caller.Attempts -= p.failures
		}
	}
}
