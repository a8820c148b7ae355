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
	rule      *analysis.Rule
	source    uint16
	server    capture.Endpoint // zero: several
	severity  analysis.Severity
	findings  uint64
	subjects  uint64 // connections; where findings overlap they count again
	exchanges uint64 // of the findings, those about one transaction
	events    uint64
	lost      analysis.Cost
	saved     analysis.Cost
	culprits  [analysis.Capture + 1]uint64
	dearest   *analysis.Finding
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
	x.subjects += uint64(len(f.Subject.Connections) + f.Subject.Omitted)
	if f.Subject.Kind == analysis.OfTransaction {
		x.exchanges++
	}
	x.events += uint64(f.Count)
	x.lost.Add(f.Lost)
	x.saved.Add(f.Saved)
	x.culprits[f.Culprit]++
	if x.dearest == nil || f.Lost.Time > x.dearest.Lost.Time {
		x.dearest = f
	}
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

// sorted has errors first, since broken data is dearer than time; then what
// cost most. Equals are put in an order of their own, so that a report does
// not change from run to run.
func (g *groups) sorted() []*group {
	all := make([]*group, 0, len(g.byKey))
	for _, x := range g.byKey {
		all = append(all, x)
	}
	slices.SortFunc(all, func(a, b *group) int {
		broken := func(x *group) int {
			if x.severity == analysis.Error {
				return 1
			}
			return 0
		}
		return cmp.Or(cmp.Compare(broken(b), broken(a)),
			cmp.Compare(b.lost.Time, a.lost.Time),
			cmp.Compare(b.severity, a.severity),
			cmp.Compare(b.lost.Connections, a.lost.Connections),
			cmp.Compare(b.events, a.events),
			cmp.Compare(a.rule.Name, b.rule.Name),
			cmp.Compare(a.source, b.source),
			a.server.Compare(b.server))
	})
	return all
}
