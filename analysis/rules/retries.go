package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
)

// retries is what the rules about a repeated SYN or SYN-ACK gather of a pair.
type retries struct {
	subject  analysis.Subject
	evidence analysis.Evidence
	n        int   // connections
	repeats  int   // packets sent again
	wait     int64 // ns
	outside  int64 // ns, of wait, what no transaction began with
	kinds    [timeline.SYNACKIgnored + 1]int
}

// add takes a connection whose handshake waited for packets that were sent
// again.
func (g *retries) add(c *timeline.Connection, repeats int) {
	if g.n == 0 {
		g.subject = analysis.Pair(c.Pair)
	}
	g.n++
	g.subject.Gather(c)
	g.repeats += repeats
	g.wait += c.Handshake.Retry
	if c.Transactions == 0 || c.Traits.Is(timeline.Preconnected) {
		g.outside += c.Handshake.Retry
	}
	g.kinds[c.Setback]++
}

// most is the most frequent setback; a tie goes to the one named first.
func (g *retries) most() timeline.Setback {
	var s timeline.Setback
	for i, n := range g.kinds {
		if n > g.kinds[s] {
			s = timeline.Setback(i)
		}
	}
	return s
}

// finding is what the retries of a packet, "SYN" or "SYN-ACK", come to. Nobody
// but the handshake waited for them, so that the wait is what a remedy saves.
func (g *retries) finding(packet, why string, least int64) *analysis.Finding {
	wait := analysis.Cost{Time: g.wait}
	return &analysis.Finding{
		Subject:  g.subject,
		Culprit:  analysis.Path,
		Count:    g.n,
		Evidence: g.evidence,
		Lost:     wait,
		Saved:    wait,
		Outside:  g.outside,
		Message: fmt.Sprintf("%s waited %s to be opened (%s sent again): %s",
			count(g.n, "connection"), ms(g.wait), count(g.repeats, packet), why),
		Measures: []analysis.Measure{
			{Name: "wait", Value: float64(g.wait) / float64(g.n) / 1e6, Threshold: float64(least) / 1e6, Unit: "ms"},
			{Name: "repeated", Value: float64(g.repeats), Unit: "count"},
		},
	}
}
