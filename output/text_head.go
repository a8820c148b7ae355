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
	if len(t.run.Sources) == 1 {
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
	left, failed := 0, 0
	for i := range t.run.Sources {
		bad := i >= len(totals.Sources) || totals.Sources[i].Err != nil
		switch {
		case i < maxSourcesShown, bad && failed < maxSourcesShown:
			t.source(i, 2, totals)
		default:
			left++
		}
		if bad && i >= maxSourcesShown {
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

// source is the line of one source: broken behind the name if that is long.
func (t *textWriter) source(i, indent int, totals *Totals) {
	name := printable(t.run.Sources[i]) + ":"
	what := "not read"
	var err error
	if i < len(totals.Sources) {
		s := &totals.Sources[i]
		err = s.Err
		if !s.unread() {
			what = t.seen[i].figures(s.Stats.Packets) + " in " + span(s.Stats.Last-s.Stats.First)
			if err != nil {
				what += " (not read to its end)"
			}
		}
	}
	if indent+columns(name)+1+columns(what) <= width {
		t.printf("%*s%s %s\n", indent, "", name, what)
	} else {
		t.printf("%*s%s\n", indent, "", name)
		t.block(indent+2, what)
	}
	if err != nil && (len(t.run.Sources) > 1 || !totals.Sources[i].unread()) {
		t.block(indent+2, failure(&totals.Sources[i]))
	}
}

// failure says how far a source was read and why no further. Its name, which
// the error has, stands there already.
func failure(s *Source) string {
	why := printable(cause(s.Err))
	if s.unread() {
		return why
	}
	return fmt.Sprintf("read as far as packet %s: %s", thousands(s.Stats.Packets), why)
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
