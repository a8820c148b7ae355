package output

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"connlint/analysis"
)

// indentation is where the text of a paragraph begins: behind its severity.
const indentation = 11

// unsure is the confidence up to which a paragraph says its doubts.
const unsure = 0.8

// paragraph is what is wrong, what it costs and whose fault it is, what to
// change, and which packets show it.
func (t *textWriter) paragraph(p *paragraph) {
	f := p.dearest
	t.title(p)
	message := printable(f.Message)
	if p.findings > 1 {
		message = p.extent() + "; for example: " + message
	}
	t.block(indentation, message)
	costs, lost := p.costs(), 0
	if p.cost.Time != 0 {
		lost = len(span(p.cost.Time))
	}
	switch {
	case costs == "":
		t.item(indentation, "culprit", p.blame(), plain, 0)
	case p.culprit() == analysis.Nobody:
		t.item(indentation, "cost", costs+"; whose fault it is "+p.blame(), bold, lost)
	default:
		t.item(indentation, "cost", costs+"; culprit:"+glue+p.blame(), bold, lost)
	}
	if f.Confidence <= unsure {
		t.item(indentation, "sure to "+strconv.FormatFloat(f.Confidence, 'f', 1, 64), doubts(f.Reasons), plain, 0)
	}
	t.item(indentation, "fix", glued(printable(f.Fix)), plain, 0)
	t.item(indentation, "also", p.others(), plain, 0)
	t.item(indentation, "packets", t.packets(&f.Evidence), plain, 0)
	t.item(indentation, "filter", t.filterOf(f), plain, 0)
}

// title is the severity, the rule and who speaks with whom, on one line if
// there is room.
func (t *textWriter) title(p *paragraph) {
	name := p.severity.String()
	line := "  " + pad(name, 9) + p.rule.Name
	who := p.who()
	if len(t.run.Sources) > 1 && !p.server.IsZero() {
		who += " in " + printable(sourceName(t.run.Sources, p.source))
	}
	below := columns(line)+2+columns(who) > width
	if !below {
		line += "  " + who
	}
	t.printf("\n  %s%s\n", t.paint(severityStyle(p.severity), name), line[2+len(name):])
	if below {
		t.block(indentation, who)
	}
}

func severityStyle(s analysis.Severity) style {
	switch s {
	case analysis.Error:
		return alarm
	case analysis.Warning:
		return amber
	}
	return faint
}

// who is the clients and the server of the findings.
func (x *group) who() string {
	server := endpointText(x.server)
	switch n := uint64(len(x.clients.kept)); {
	case x.server.IsZero():
		return "several servers"
	case n == 0:
		return server
	case n == 1 && x.clients.kept[0] == x.server.Host():
		return server // what a host does by itself
	case n == 1:
		return endpointText(x.clients.kept[0]) + " > " + server
	case x.clients.more:
		return "more than " + number(n, "client") + " > " + server
	default:
		return number(n, "client") + " > " + server
	}
}

// extent is how far the trouble goes.
func (x *group) extent() string {
	var s string
	switch {
	case x.exchanges > 0 && x.exchanges == x.findings:
		s = "in " + number(x.exchanges, "exchange")
	case x.subjects > 0:
		s = "on " + number(x.subjects, "connection")
	default:
		s = number(x.findings, "finding")
	}
	if x.events > x.subjects && x.events > 1 {
		s += ", " + thousands(x.events) + " times"
	}
	return s
}

// costs is what the trouble cost, and what of that a fix would save.
func (p *paragraph) costs() string {
	lost := price(&p.cost)
	switch saved := price(&p.saved); {
	case lost == "" || saved == "":
		return lost
	case p.saved == p.cost:
		return lost + "; a fix would save all of it"
	default:
		return lost + "; a fix would save " + saved
	}
}

// blame is whose fault it is.
func (p *paragraph) blame() string {
	if role := p.culprit(); role != analysis.Nobody {
		return role.String()
	}
	return "cannot be told"
}

// doubts are why a finding is not sure.
func doubts(reasons []string) string {
	if len(reasons) == 0 {
		return "what was seen can be read in another way"
	}
	return printable(strings.Join(reasons, "; "))
}

// others are the findings of other rules about the same trouble, with their
// costs: those overlap with the paragraph's, and are no addition to it.
func (p *paragraph) others() string {
	var parts []string
	same := true
	for _, x := range p.also {
		s := x.rule.Name
		if x.severity > p.group.severity {
			s += " (" + x.severity.String() + ")"
		}
		switch {
		case x.lost.Time != 0:
			s += " " + span(x.lost.Time)
		case price(&x.lost) != "":
			s += " " + price(&x.lost)
		}
		switch on := number(x.subjects, "connection"); {
		case x.overlap == perhaps:
			s += " on " + on + " of the same client"
		case x.overlap == partly:
			s += " on " + on + ", some of them the same"
		case x.subjects < p.subjects:
			s += " on " + thousands(x.subjects) + " of them"
		}
		same = same && x.overlap == within
		parts = append(parts, s)
	}
	text := strings.Join(parts, ", ")
	if len(parts) > 0 && same {
		text += fmt.Sprintf(": the same %s", plural(p.subjects, "connection"))
	}
	return text
}

// filterOf finds the packets of a finding in Wireshark, in the file of its
// first packet. What goes through a proxy is on connections of two pairs: those
// of the evidence are named beside the pair that the subject has.
func (t *textWriter) filterOf(f *analysis.Finding) string {
	filter := displayFilter(f.Subject.Client, f.Subject.Server)
	if f.Subject.Kind != analysis.OfPath || filter == "" {
		return filter
	}
	filter = "(" + filter + ")"
	for _, n := range t.firstFrames(&f.Evidence, maxLegFrames) {
		filter += " || frame.number==" + n
	}
	return filter
}

// maxLegFrames is how many packets a filter names.
const maxLegFrames = 6

// firstFrames are the numbers of the first packets of the evidence that lie in
// one file, each once.
func (t *textWriter) firstFrames(v *analysis.Evidence, most int) []string {
	var numbers []string
	first := t.where.of(v.Frames[0].Frame)
	for _, c := range v.Frames {
		at := t.where.of(c.Frame)
		n := strconv.FormatUint(at.number, 10)
		if at.file == first.file && len(numbers) < most && !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// shownPackets is how many packets of its evidence a paragraph names.
const shownPackets = 3

// packets are the first numbers of the evidence, each once and with what the
// packet shows; what is shown alike is said once. Of a capture in several files
// they stand behind the name of theirs.
func (t *textWriter) packets(v *analysis.Evidence) string {
	var named []place
	var text, last string
	more := v.Omitted > 0
	for _, c := range v.Frames {
		at := t.where.of(c.Frame)
		if slices.Contains(named, at) {
			continue
		}
		if len(named) == shownPackets {
			more = true
			break
		}
		role := printable(c.Role)
		moved := t.where.rotation != nil && (len(named) == 0 || named[len(named)-1].file != at.file)
		switch {
		case len(named) == 0:
		case moved && last != "":
			text += " (" + last + "); "
		case moved:
			text += "; "
		case role == last || last == "":
			text += ", "
		default:
			text += " (" + last + "), "
		}
		if moved {
			text += printable(t.where.name(at.file)) + ":" + glue
		}
		named, last = append(named, at), role
		text += strconv.FormatUint(at.number, 10)
	}
	if last != "" {
		text += " (" + last + ")"
	}
	if more {
		text += " …"
	}
	return text
}
