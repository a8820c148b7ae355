package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// unusedConnection finds connections that were opened and never used.
func unusedConnection() *analysis.Rule {
	return &analysis.Rule{
		Name:     "connect/unused-connection",
		Severity: analysis.Note,
		Needs:    analysis.Handshake | analysis.BothDirections | analysis.NoGapBefore,
		Params: []analysis.Param{
			{Name: "min_held", Unit: "ms", Default: 300,
				Source: "RFC 8305 §5 starts attempts 250 ms apart and drops the later to succeed; a probe closes at once"},
			{Name: "min_open", Unit: "ms", Default: 15000,
				Source: "Lighthouse counts a preconnected socket as wasted after 15 s"},
		},
		Start: startUnusedConnection,
	}
}

// unused is what the rule gathers of a pair.
type unused struct {
	subject  analysis.Subject
	evidence analysis.Evidence
	n, open  int
	held     int64 // ns
	sealed   int   // with a TLS handshake
	trips    int   // round trips that opening them took
	spoken   bool  // other connections of the pair speak TLS or HTTP/2
	foreign  bool  // or what connlint does not read
}

func startUnusedConnection(p *analysis.Pass) analysis.Run {
	pairs := analysis.PerPair[unused](p)
	closed, open := int64(p.Param("min_held")*1e6), int64(p.Param("min_open")*1e6)
	return analysis.Run{
		Close: func(c *timeline.Connection) {
			switch {
			case c.Traits.Is(timeline.NotHTTP):
				pairs.Pair(c.Pair).foreign = true
			case c.Unspoken && !c.Traits.Is(timeline.HTTP2TLS):
				u := pairs.Pair(c.Pair)
				u.spoken = true
				if held, ended := heldFor(c); ended && held-c.TLSTime >= closed {
					u.sealed++
					u.add(c, held, ended)
				}
			case c.Encrypted || c.Traits.Is(timeline.HTTP2Cleartext):
				pairs.Pair(c.Pair).spoken = true
			case empty(c):
				if held, ended := heldFor(c); ended && held >= closed || !ended && held >= open {
					pairs.Pair(c.Pair).add(c, held, ended)
				}
			}
		},
		Pair: func(pair *timeline.Pair) {
			if u := pairs.Peek(pair.Slot()); u != nil && u.n > 0 && !(u.foreign && pair.Transactions == 0) {
				p.Report(u.finding(pair, closed))
			}
		},
	}
}

// empty reports whether nothing was ever sent on the connection, seen or not.
func empty(c *timeline.Connection) bool {
	for side := range c.Flow {
		if f := &c.Flow[side]; f.Bytes > 0 || f.Missing > 0 {
			return false
		}
	}
	return c.Why != reassembly.Evicted
}

// heldFor is how long the connection was there without use, ns, and whether
// somebody then closed it.
func heldFor(c *timeline.Connection) (ns int64, ended bool) {
	until := max(c.End, c.ClosedAt())
	if c.Why == reassembly.Reused {
		until = c.Last.Time // nobody knows how long it was there
	}
	if _, f, ok := c.Teardown.First(); ok {
		until, ended = f.Time, true
	}
	return until - c.Handshake.ACK.Time, ended
}

func (u *unused) add(c *timeline.Connection, held int64, ended bool) {
	if u.n == 0 {
		u.subject = analysis.Pair(c.Pair)
	}
	u.n++
	u.trips += max(1, c.SetupRoundTrips)
	u.held += held
	u.subject.Gather(c)
	u.evidence.Cite(c.Handshake.SYN, "SYN")
	u.evidence.Cite(c.Handshake.ACK, "end of handshake")
	if !ended {
		u.open++
		return
	}
	_, f, _ := c.Teardown.First()
	u.evidence.Cite(f, "close")
}

func (u *unused) finding(pair *timeline.Pair, least int64) *analysis.Finding {
	f := &analysis.Finding{
		Subject:  u.subject,
		Culprit:  analysis.Client,
		Count:    u.n,
		Evidence: u.evidence,
		Lost:     analysis.Cost{Connections: u.n, RoundTrips: u.trips},
		Saved:    analysis.Cost{Connections: u.n},
		Message: fmt.Sprintf("%s opened and never used, %s held for %s: no byte was sent on %s",
			count(u.n, "connection"), each(u.n), ms(u.held/int64(u.n)), them(u.n)),
		Measures: []analysis.Measure{
			{Name: "unused", Value: float64(u.n), Unit: "count"},
			{Name: "held", Value: float64(u.held) / float64(u.n) / 1e6, Threshold: float64(least) / 1e6, Unit: "ms"},
		},
	}
	if u.sealed > 0 {
		f.Message += fmt.Sprintf(", or nothing behind the TLS handshake (%d)", u.sealed)
		if u.sealed == u.n {
			f.Message = fmt.Sprintf("%s opened and never used, %s held for %s: nothing was sent on %s behind the TLS handshake",
				count(u.n, "connection"), each(u.n), ms(u.held/int64(u.n)), them(u.n))
		}
		f.Confidence = 0.8
		f.Reasons = append(f.Reasons, "what TLS 1.3 has encrypted is told by its length")
	}
	if u.open > 0 {
		f.Message += fmt.Sprintf("; %d still open at the end of the capture", u.open)
	}
	if pair.Transactions == 0 && !u.spoken {
		f.Confidence = 0.6
		f.Reasons = append(f.Reasons, "nothing in the capture shows that HTTP is spoken at this port")
	}
	return f
}

func each(n int) string {
	if n == 1 {
		return "it was"
	}
	return "each was"
}

func them(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}
