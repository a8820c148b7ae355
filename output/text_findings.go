package output

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"connlint/analysis"
)

// maxShown is how many groups of findings a text report shows, maxOfRule how
// many of one rule: what many servers have in common must not hide the rest.
const (
	maxShown  = 20
	maxOfRule = 5
)

// findings is one paragraph for each group, the dearest first.
func (t *textWriter) findings(totals *Totals) {
	a := totals.Analysis
	if len(t.groups.byKey) == 0 {
		t.nothing(totals)
		return
	}
	t.head("Findings: " + bySeverity(a))
	shown, ofRule := 0, map[string]int{}
	hidden := map[string]*rest{}
	for _, x := range t.groups.sorted() {
		if shown < maxShown && ofRule[x.rule.Name] < maxOfRule {
			shown++
			ofRule[x.rule.Name]++
			t.group(x)
			continue
		}
		r := hidden[x.rule.Name]
		if r == nil {
			r = &rest{}
			hidden[x.rule.Name] = r
		}
		r.add(x)
	}
	for i, rule := range sortedKeys(hidden) {
		if i == 0 {
			t.printf("\n")
		}
		for _, line := range wrap("… and "+hidden[rule].figures(rule), width-2) {
			t.printf("  %s\n", line)
		}
	}
}

// rest is the groups of one rule that are not shown.
type rest struct {
	groups, findings uint64
	lost             analysis.Cost
}

func (r *rest) add(x *group) {
	r.groups++
	r.findings += x.findings
	r.lost.Add(x.lost)
}

// figures is the rest in one sentence.
func (r *rest) figures(rule string) string {
	s := number(r.findings, "finding") + " of " + rule + " on " + number(r.groups, "other server")
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
	head := fmt.Sprintf("  %-7s  %s  %s", x.severity, x.rule.Name, server)
	if len(t.run.Sources) > 1 && !x.server.IsZero() {
		in := " in " + printable(sourceName(t.run.Sources, x.source))
		if utf8.RuneCountInString(head+in) > width {
			in = "\n          " + in
		}
		head += in
	}
	t.printf("\n%s\n", head)
	for _, line := range wrap(x.figures(), width-11) {
		t.printf("           %s\n", line)
	}
	message := printable(x.dearest.Message)
	if x.findings > 1 {
		message = "for example: " + message
	}
	for _, line := range wrap(message, width-11) {
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
	switch {
	case x.exchanges > 0 && x.exchanges == x.findings:
		b.WriteString("in " + number(x.exchanges, "exchange"))
	case x.subjects > 0:
		b.WriteString("on " + number(x.subjects, "connection"))
	default:
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
