package output

import (
	"errors"
	"fmt"

	"connlint/capture"
)

// maxSourcesShown is how many files the head of a report lists; of those
// beyond, only what could not be read is named, and as many again.
const maxSourcesShown = 10

// sources is the head of the report: one line for each file, behind one that
// adds them up if there are several.
func (t *textWriter) sources(totals *Totals) {
	switch {
	case t.where.files() > 1 && t.run.Rotation != nil:
		t.rotated(totals)
		return
	case len(t.run.Sources) == 1:
		t.source(0, 0, totals)
		return
	}
	all := totals.sum()
	var sums seen
	for _, s := range t.seen {
		sums.connections += s.connections
		sums.transactions += s.transactions
	}
	t.printf("%s: %s\n", number(uint64(len(t.run.Sources)), "capture"), sums.figures(all.Packets))
	t.list(len(t.run.Sources), func(i int) bool { return i >= len(totals.Sources) || totals.Sources[i].Err != nil },
		func(i int) { t.source(i, 2, totals) })
}

// rotated is the head where several files are one capture.
func (t *textWriter) rotated(totals *Totals) {
	s := &totals.Sources[0]
	t.block(0, fmt.Sprintf("%s of one capture: %s in %s", number(uint64(len(s.Parts)), "part"), t.seen[0].figures(s.Stats.Packets), span(s.Stats.Last-s.Stats.First)))
	if t.run.Rotation.Reordered() {
		t.block(2, "in the order of their first packets, which is not the one given:")
	}
	t.list(len(s.Parts), func(i int) bool { return s.Parts[i].Err != nil }, func(i int) { t.part(&s.Parts[i]) })
	if s.Err != nil {
		t.block(2, printable(cause(s.Err)))
	}
}

// list shows the first of n files, of the others those that are bad.
func (t *textWriter) list(n int, bad func(int) bool, show func(int)) {
	left, failed := 0, 0
	for i := range n {
		switch {
		case i < maxSourcesShown, bad(i) && failed < maxSourcesShown:
			show(i)
		default:
			left++
		}
		if bad(i) && i >= maxSourcesShown {
			failed++
		}
	}
	if left > 0 {
		t.printf("  … and %s\n", number(uint64(left), "other"))
	}
}

// figures is what was in a source.
func (s seen) figures(packets uint64) string {
	return fmt.Sprintf("%s, %s, %s", number(packets, "packet"), number(s.connections, "connection"), number(s.transactions, "transaction"))
}

// source is the line of one source.
func (t *textWriter) source(i, indent int, totals *Totals) {
	what := "not read"
	var err error
	var packets uint64
	if i < len(totals.Sources) {
		s := &totals.Sources[i]
		packets = s.Stats.Packets
		if errs := s.Errs(); len(errs) > 0 {
			err = errs[0]
		}
		if !s.unread() {
			what = t.seen[i].figures(packets) + " in " + span(s.Stats.Last-s.Stats.First)
		}
	}
	t.file(indent, t.run.Sources[i], what, packets, err)
	if err != nil && (len(t.run.Sources) > 1 || packets > 0) {
		t.block(indent+2, failure(packets, err))
	}
}

// part is the line of one file of a rotated capture.
func (t *textWriter) part(p *capture.Part) {
	what := "not read"
	switch {
	case p.Packets > 0:
		what = number(p.Packets, "packet") + " in " + span(p.Last-p.First)
	case p.Reached && p.Err == nil:
		what = "no packets"
	}
	t.file(2, p.Path, what, p.Packets, p.Err)
	if p.Err != nil {
		t.block(4, failure(p.Packets, p.Err))
	}
}

// file says what was in a file: broken behind the name if that is long.
func (t *textWriter) file(indent int, name, what string, packets uint64, err error) {
	name = printable(name) + ":"
	if err != nil && packets > 0 {
		what += " (not read to its end)"
	}
	if indent+columns(name)+1+columns(what) <= width {
		t.printf("%*s%s %s\n", indent, "", name, what)
		return
	}
	t.printf("%*s%s\n", indent, "", name)
	t.block(indent+2, what)
}

// failure says how far a file was read and why no further. Its name, which the
// error has, stands there already.
func failure(packets uint64, err error) string {
	why := printable(cause(err))
	if packets == 0 {
		return why
	}
	return fmt.Sprintf("read as far as packet %s: %s", thousands(packets), why)
}

// cause is what is wrong with a source and what to do, without its name and
// the place in it.
func cause(err error) string {
	e, ok := errors.AsType[*capture.Error](err)
	if !ok {
		return err.Error()
	}
	if e.Hint != "" {
		return e.Err.Error() + "; " + e.Hint
	}
	return e.Err.Error()
}
