package rules

import (
	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// gathered is what a rule gathers over the connections of a pair, to speak of
// them once.
type gathered struct {
	subject  analysis.Subject
	evidence analysis.Evidence
	n        int // connections
	lost     analysis.Cost
}

func (g *gathered) take(c *timeline.Connection) {
	if g.n == 0 {
		g.subject = analysis.Pair(c.Pair)
	}
	g.n++
	g.subject.Gather(c)
}

// merge adds what o gathered of the same pair.
func (g *gathered) merge(o *gathered) {
	if g.n == 0 {
		*g = *o
		return
	}
	g.n += o.n
	g.lost.Add(o.lost)
	s := &g.subject
	s.From, s.To = min(s.From, o.subject.From), max(s.To, o.subject.To)
	for _, id := range o.subject.Connections {
		if len(s.Connections) < analysis.MaxSubjects {
			s.Connections = append(s.Connections, id)
		} else {
			s.Omitted++
		}
	}
	s.Omitted += o.subject.Omitted
	for _, cited := range o.evidence.Frames {
		g.evidence.Cite(cited.Frame, cited.Role)
	}
	g.evidence.Omitted += o.evidence.Omitted
}

// stretch is the least and the most of a time that was seen more than once, ns.
type stretch struct {
	n           int
	least, most int64
}

func (s *stretch) add(ns int64) {
	if s.n == 0 || ns < s.least {
		s.least = ns
	}
	s.most = max(s.most, ns)
	s.n++
}

// String is one figure if the two come to the same.
func (s *stretch) String() string {
	if a, b := ms(s.least), ms(s.most); a != b {
		return a + " to " + b
	}
	return ms(s.least)
}

// beforeHTTP11 reports whether a message is of HTTP/1.0, where a connection is
// kept only if keep-alive is asked for and granted (RFC 9112 §9.3).
func beforeHTTP11(m *http1.Message) bool {
	return m != nil && m.Start.Major == 1 && m.Start.Minor == 0
}

func keepsAlive(m *http1.Message) bool { return m.Header.HasToken("connection", "keep-alive") }

// openUntil is up to when a connection was open in the capture, ns since the
// epoch: the first FIN or RST, or as long as it was watched.
func openUntil(c *timeline.Connection) int64 {
	if _, f, ok := c.Teardown.First(); ok {
		return f.Time
	}
	if c.Why == reassembly.Idle || c.Open() {
		return max(c.End, c.ClosedAt())
	}
	return c.End
}

// atOnce is how soon after a response a close is a part of it and no idle
// time, ns: a round trip, but not less than a busy server needs.
func atOnce(c *timeline.Connection, floor int64) int64 { return max(c.RTT(), floor) }
