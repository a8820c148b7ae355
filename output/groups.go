package output

import (
	"cmp"
	"slices"

	"connlint/analysis"
	"connlint/capture"
)

// maxGroups bounds what a text report keeps of the findings. Beyond it the
// rest of a rule is one group without a server.
const maxGroups = 10000

// group is the findings of one rule about one server, folded: their sums and
// the dearest of them.
type group struct {
	rule        *analysis.Rule
	source      uint16
	server      capture.Endpoint // zero: several
	severity    analysis.Severity
	findings    uint64
	subjects    uint64 // connections; where findings overlap they count again
	exchanges   uint64 // of the findings, those about one transaction
	events      uint64
	lost        analysis.Cost
	saved       analysis.Cost
	culprits    [analysis.Capture + 1]uint64
	clients     lowest[capture.Endpoint] // their addresses
	connections lowest[uint64]           // their IDs
	dearest     *analysis.Finding
}

type groupKey struct {
	rule   string
	source uint16
	server capture.Endpoint
}

// groups folds findings as they come.
type groups struct{ byKey map[groupKey]*group }

func (g *groups) add(f *analysis.Finding) {
	key := groupKey{f.Rule.Name, f.Subject.Source, f.Subject.Server}
	x := g.byKey[key]
	if x == nil && len(g.byKey) >= maxGroups {
		key = groupKey{rule: f.Rule.Name}
		x = g.byKey[key]
	}
	if x == nil {
		x = &group{rule: f.Rule, source: key.source, server: key.server}
		if g.byKey == nil {
			g.byKey = map[groupKey]*group{}
		}
		g.byKey[key] = x
	}
	x.severity = max(x.severity, f.Severity)
	x.findings++
	x.gather(&f.Subject)
	x.events += uint64(f.Count)
	x.lost.Add(f.Lost)
	x.saved.Add(f.Saved)
	x.culprits[f.Culprit]++
	if x.dearest == nil || f.Lost.Time > x.dearest.Lost.Time {
		x.dearest = f
	}
}

// gather takes what a finding is about.
func (x *group) gather(s *analysis.Subject) {
	x.subjects += uint64(len(s.Connections) + s.Omitted)
	if s.Kind == analysis.OfTransaction {
		x.exchanges++
	}
	if !s.Client.IsZero() {
		x.clients.add(s.Client.Host(), capture.Endpoint.Compare)
	}
	for _, id := range s.Connections {
		x.connections.add(id, cmp.Compare[uint64])
	}
	x.connections.more = x.connections.more || s.Omitted > 0
}

// culprit is who is to blame in most of the findings.
func (x *group) culprit() analysis.Role {
	best := analysis.Nobody
	for role, n := range x.culprits {
		if n > x.culprits[best] {
			best = analysis.Role(role)
		}
	}
	return best
}

// maxLowest is how many values a [lowest] keeps: enough for all connections
// that a finding names, twice over.
const maxLowest = 2 * analysis.MaxSubjects

// lowest is a set that keeps the lowest of its values: of two large sets the
// same end is kept, so that what they have in common can still be told.
type lowest[T any] struct {
	kept []T  // sorted
	more bool // there were others
}

func (l *lowest[T]) add(v T, compare func(T, T) int) {
	i, found := slices.BinarySearchFunc(l.kept, v, compare)
	switch {
	case found:
		return
	case i == maxLowest:
		l.more = true
		return
	case len(l.kept) == maxLowest:
		l.more = true
		l.kept = l.kept[:maxLowest-1]
	}
	l.kept = slices.Insert(l.kept, i, v)
}
