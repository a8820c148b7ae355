package output

import (
	"slices"
	"strings"

	"connlint/analysis"
)

// How many paragraphs a text report shows, and how many of one rule: what many
// servers have in common must not hide the rest. Notes are to be known of, not
// to be gone through.
const (
	maxShown  = 20
	maxOfRule = 5
	maxOfNote = 2
)

// findings is one paragraph for each trouble, the worst first.
func (t *textWriter) findings(totals *Totals) {
	if len(t.groups.byKey) == 0 {
		t.nothing(totals)
		return
	}
	shown, hidden := choose(t.groups.paragraphs())
	t.head("Findings: " + headline(shown, hidden))
	for _, p := range shown {
		t.paragraph(p)
	}
	if len(hidden) > 0 {
		t.printf("\n")
	}
	for _, r := range hidden {
		t.block(2, "… and "+r.figures())
	}
}

// choose parts what is shown from what is summed up, by rule.
func choose(all []*paragraph) (shown []*paragraph, hidden []*rest) {
	ofRule, restOf := map[string]int{}, map[string]*rest{}
	for _, p := range all {
		name := p.rule.Name
		most := maxOfRule
		if p.severity == analysis.Note {
			most = maxOfNote
		}
		if len(shown) < maxShown && ofRule[name] < most {
			ofRule[name]++
			shown = append(shown, p)
			continue
		}
		r := restOf[name]
		if r == nil {
			r = &rest{rule: name}
			restOf[name] = r
			hidden = append(hidden, r)
		}
		r.add(p)
	}
	return shown, hidden
}

// headline counts the paragraphs that follow and the findings behind them:
// "1 error, 3 warnings (12 findings)".
func headline(shown []*paragraph, hidden []*rest) string {
	var of [analysis.Error + 1]uint64
	findings, more := uint64(0), uint64(0)
	for _, p := range shown {
		of[p.severity]++
		findings += p.all()
	}
	for _, r := range hidden {
		more += r.findings
	}
	var parts []string
	for s := analysis.Error; s >= analysis.Note; s-- {
		if of[s] > 0 {
			parts = append(parts, number(of[s], s.String()))
		}
	}
	line := strings.Join(parts, ", ")
	if findings > uint64(len(shown)) {
		line += " (" + number(findings, "finding") + ")"
	}
	if more > 0 {
		line += "; " + number(more, "finding") + " more summed up below"
	}
	return line
}

// all is how many findings a paragraph tells of.
func (p *paragraph) all() uint64 {
	n := p.findings
	for _, x := range p.also {
		n += x.findings
	}
	return n
}

// rest is the paragraphs of one rule that are not shown.
type rest struct {
	rule             string
	groups, findings uint64
	lost             analysis.Cost
}

func (r *rest) add(p *paragraph) {
	r.groups++
	r.findings += p.all()
	r.lost.Add(p.cost)
}

// figures is the rest in one sentence.
func (r *rest) figures() string {
	s := number(r.findings, "finding") + " of " + r.rule + " on " + number(r.groups, "other server")
	if lost := price(&r.lost); lost != "" {
		s += "; cost " + lost
	}
	return s
}

// nothing says what the absence of findings means.
func (t *textWriter) nothing(totals *Totals) {
	switch a := totals.Analysis; {
	case a.Connections > 0 && len(t.run.Rules) == 0:
		t.printf("No rules ran.\n")
	case a.Connections > 0:
		t.printf("No findings from %s on %s", number(uint64(len(t.run.Rules)), "rule"), number(a.Connections, "connection"))
		if n := len(a.Skipped); n > 0 {
			t.printf("; %d of them could not judge everything, see below", n)
		}
		t.printf(".\n")
	case totals.sum().Filtered > 0:
		t.printf("No TCP connections that the filter chooses, so nothing to judge.\n")
	case slices.ContainsFunc(totals.Sources, func(s Source) bool { return !s.unread() }):
		t.printf("No TCP connections%s, so nothing to judge.\n", otherProtocols(totals))
	}
}

// otherProtocols says how many packets were read that are no TCP.
func otherProtocols(totals *Totals) string {
	all := totals.sum()
	known := all.Segments + all.TunnelCopies + all.Fragments + all.Undecoded + all.Malformed
	if all.Packets <= known {
		return ""
	}
	return " (" + number(all.Packets-known, "packet") + " of other protocols)"
}
