package output

import (
	"slices"
	"strconv"
	"strings"

	"connlint/analysis"
)

// maxShown is how many groups of findings a text report shows.
const maxShown = 20

// findings is one paragraph for each group, the dearest first.
func (t *textWriter) findings(totals *Totals) {
	a := totals.Analysis
	if len(t.groups.byKey) == 0 {
		t.nothing(totals)
		return
	}
	t.head("Findings: " + bySeverity(a))
	all := t.groups.sorted()
	for _, x := range all[:min(len(all), maxShown)] {
		t.group(x)
	}
	if len(all) > maxShown {
		var rest uint64
		for _, x := range all[maxShown:] {
			rest += x.findings
		}
		t.printf("\n  … and %s in %s that cost less\n", number(rest, "finding"), number(uint64(len(all)-maxShown), "group"))
	}
}

// nothing says what the absence of findings means.
func (t *textWriter) nothing(totals *Totals) {
	switch a := totals.Analysis; {
	case a.Connections > 0:
		t.printf("No findings from %s on %s.\n", number(uint64(len(t.run.Rules)), "rule"), number(a.Connections, "connection"))
	case slices.ContainsFunc(totals.Sources, func(s Source) bool { return !s.unread() }):
		t.printf("No TCP connections, so nothing to judge.\n")
	}
}

// bySeverity is "2 errors, 1 warning".
func bySeverity(a *analysis.Summary) string {
	var parts []string
	worse := uint64(0)
	for s := analysis.Error; s >= analysis.Note; s-- {
		n := a.AtLeast(s)
		if n > worse {
			parts = append(parts, number(n-worse, s.String()))
		}
		worse = n
	}
	return strings.Join(parts, ", ")
}

// group is what is wrong, whose fault it is, what it costs, and which packets
// show it.
func (t *textWriter) group(x *group) {
	server := endpointText(x.server)
	if server == "" {
		server = "several servers"
	}
	if len(t.run.Sources) > 1 && !x.server.IsZero() {
		server += " in " + printable(sourceName(t.run.Sources, x.source))
	}
	t.printf("\n  %-7s  %s  %s\n", x.severity, x.rule.Name, server)
	for _, line := range wrap(x.figures(), width-11) {
		t.printf("           %s\n", line)
	}
	for _, line := range wrap(printable(x.dearest.Message), width-11) {
		t.printf("           %s\n", line)
	}
	f := x.dearest
	t.printf("           packets %s\n", packets(&f.Evidence))
	if filter := displayFilter(f.Subject.Client, f.Subject.Server); filter != "" {
		t.printf("           filter %s\n", filter)
	}
}

// figures is the group in one sentence.
func (x *group) figures() string {
	var b strings.Builder
	if x.subjects > 0 {
		b.WriteString("on " + number(x.subjects, "connection"))
	} else {
		b.WriteString(number(x.findings, "finding"))
	}
	if x.events > x.subjects && x.events > 1 {
		b.WriteString(", " + thousands(x.events) + " times")
	}
	if lost := price(&x.lost); lost != "" {
		b.WriteString("; cost " + lost)
	}
	switch saved := price(&x.saved); {
	case saved == "":
	case x.saved == x.lost:
		b.WriteString(", all of which a fix would save")
	default:
		b.WriteString("; a fix would save " + saved)
	}
	if role := x.culprit(); role == analysis.Nobody {
		b.WriteString("; whose fault it is cannot be told")
	} else {
		b.WriteString("; culprit: " + role.String())
	}
	return b.String()
}

// packets are the first numbers of the evidence, each once.
func packets(v *analysis.Evidence) string {
	var numbers []string
	more := v.Omitted > 0
	for _, c := range v.Frames {
		n := strconv.FormatUint(c.Frame.Number(), 10)
		switch {
		case slices.Contains(numbers, n):
		case len(numbers) == 3:
			more = true
		default:
			numbers = append(numbers, n)
		}
	}
	if more {
		numbers = append(numbers, "…")
	}
	return strings.Join(numbers, " ")
}
