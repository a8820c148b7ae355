package output

import (
	"cmp"
	"slices"

	"connlint/analysis"
	"connlint/capture"
)

// paragraph is one trouble as the report tells it: the findings of a rule
// about a server, and with them those of other rules that are part of it.
type paragraph struct {
	*group
	also     []part
	severity analysis.Severity // of the worst of all
	cost     analysis.Cost     // of the group, or of the dearest part where the group has none
}

// part is a group whose trouble another group tells from nearer its root.
type part struct {
	*group
	overlap overlap
}

// overlap is what is known of two groups' connections.
type overlap uint8

const (
	apart   overlap = iota
	perhaps         // the same client at the same time; too many connections to compare them all
	partly          // some are the same
	within          // all of the part's are among the other's
)

// overlapOf compares the connections of a group with those of the group that
// it may be a part of. Where that did not keep all of its connections, only
// those up to the last that it kept can be missed in it.
func overlapOf(x, root *group) overlap {
	known, same := 0, 0
	all := root.connections.kept
	for _, id := range x.connections.kept {
		if _, found := slices.BinarySearch(all, id); found {
			known++
			same++
		} else if !root.connections.more || len(all) > 0 && id <= all[len(all)-1] {
			known++
		}
	}
	switch {
	case same > 0 && same == known && (!x.connections.more || root.connections.more):
		return within
	case same > 0:
		return partly
	case known == 0 && root.connections.more && alike(x, root):
		return perhaps
	}
	return apart
}

// alike reports whether two groups have a client in common and the dearest of
// x lies in the time of root's.
func alike(x, root *group) bool {
	a, b := &x.dearest.Subject, &root.dearest.Subject
	return a.From >= b.From && a.To <= b.To && slices.ContainsFunc(x.clients.kept, func(c capture.Endpoint) bool {
		return slices.Contains(root.clients.kept, c)
	})
}

// rootOf is the group that a group is told with, nearest the root of the
// trouble; nil if it stands for itself.
func (g *groups) rootOf(x *group, left int) (*group, overlap) {
	if left == 0 {
		return nil, apart // rules that are part of each other
	}
	for _, name := range x.rule.PartOf {
		root := g.byKey[groupKey{name, x.source, x.server}]
		if root == nil || x.server.IsZero() {
			continue
		}
		how := overlapOf(x, root)
		if how == apart {
			continue
		}
		if top, further := g.rootOf(root, left-1); top != nil && top != x {
			return top, min(how, further)
		}
		return root, how
	}
	return nil, apart
}

// maxRoots bounds how far a part's root is looked for.
const maxRoots = 4

// paragraphs are the groups, each part with its root, the worst first and
// within a severity the dearest. Equals are put in an order of their own, so
// that a report does not change from run to run.
func (g *groups) paragraphs() []*paragraph {
	byGroup := map[*group]*paragraph{}
	paragraphOf := func(x *group) *paragraph {
		if byGroup[x] == nil {
			byGroup[x] = &paragraph{group: x, severity: x.severity, cost: x.lost}
		}
		return byGroup[x]
	}
	for _, x := range g.byKey {
		if root, how := g.rootOf(x, maxRoots); root != nil {
			p := paragraphOf(root)
			p.also = append(p.also, part{x, how})
		} else {
			paragraphOf(x)
		}
	}
	all := make([]*paragraph, 0, len(byGroup))
	for _, p := range byGroup {
		p.settle()
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *paragraph) int {
		return cmp.Or(cmp.Compare(b.severity, a.severity), compareCost(&a.cost, &b.cost), compareGroups(a.group, b.group))
	})
	return all
}

// settle orders the parts, the dearest first, and takes over what is worse in
// one of them than in the group itself. Costs are not added up: the parts are
// other views of the same loss.
func (p *paragraph) settle() {
	slices.SortFunc(p.also, func(a, b part) int {
		return cmp.Or(compareCost(&a.lost, &b.lost), compareGroups(a.group, b.group))
	})
	for _, x := range p.also {
		p.severity = max(p.severity, x.severity)
		if p.cost == (analysis.Cost{}) {
			p.cost = x.lost
		}
	}
}

// compareCost has the dearer first.
func compareCost(a, b *analysis.Cost) int {
	return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(b.Connections, a.Connections))
}

func compareGroups(a, b *group) int {
	return cmp.Or(cmp.Compare(b.events, a.events), cmp.Compare(a.rule.Name, b.rule.Name),
		cmp.Compare(a.source, b.source), a.server.Compare(b.server))
}
