package output

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strings"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// textWriter is the report that people read: what there was, where its time
// went, the findings with the dearest first, what could not be judged. It is
// written at the end, out of sums: what it keeps does not grow with the
// capture. It has no colour.
type textWriter struct {
	out    *bufio.Writer
	run    Run
	groups groups
	seen   []seen             // by source
	doubts reassembly.Caveats // of the findings
	long   bool               // there is a headed section: blank lines part them
	err    error
}

// seen counts what came of one source.
type seen struct{ connections, transactions uint64 }

// width is how many columns a text report keeps to, but for names and filters
// that cannot be broken.
const width = 100

func newText(w io.Writer) *textWriter { return &textWriter{out: bufio.NewWriter(w)} }

// Begin is part of Writer.
func (t *textWriter) Begin(r *Run) {
	t.run = *r
	t.seen = make([]seen, len(r.Sources))
}

// Connection is part of analysis.Sink.
func (t *textWriter) Connection(c *timeline.Connection) {
	if i := int(c.First.Source()); i < len(t.seen) {
		t.seen[i].connections++
	}
}

// Transaction is part of analysis.Sink.
func (t *textWriter) Transaction(c *timeline.Connection, _ *timeline.Transaction) {
	if i := int(c.First.Source()); i < len(t.seen) {
		t.seen[i].transactions++
	}
}

// Finding is part of analysis.Sink.
func (t *textWriter) Finding(f *analysis.Finding) {
	t.groups.add(f)
	t.doubts |= f.Caveats
}

// Err is the first error of writing.
func (t *textWriter) Err() error { return t.err }

// End writes the report.
func (t *textWriter) End(totals *Totals) error {
	t.sources(totals)
	if len(t.groups.byKey) == 0 {
		t.briefTime(&totals.Analysis.Spent.Time)
	} else {
		t.time(&totals.Analysis.Spent)
		t.servers(totals.Analysis)
	}
	t.findings(totals)
	t.pairs(totals.Analysis)
	t.skipped(totals.Analysis)
	t.caveats(totals)
	t.more(totals)
	if err := t.out.Flush(); t.err == nil {
		t.err = err
	}
	return t.err
}

func (t *textWriter) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(t.out, format, args...); t.err == nil {
		t.err = err
	}
}

// head begins a section.
func (t *textWriter) head(title string) {
	t.long = true
	t.printf("\n%s\n", title)
}

// sources is one line for each source.
func (t *textWriter) sources(totals *Totals) {
	for i, name := range t.run.Sources {
		name = printable(name)
		if i >= len(totals.Sources) || totals.Sources[i].unread() {
			t.printf("%s: not read\n", name)
			continue
		}
		s := &totals.Sources[i]
		t.printf("%s: %s, %s, %s in %s", name, number(s.Stats.Packets, "packet"),
			number(t.seen[i].connections, "connection"), number(t.seen[i].transactions, "transaction"),
			span(s.Stats.Last-s.Stats.First))
		if s.Err != nil {
			t.printf(" (not read to its end)")
		}
		t.printf("\n")
	}
}

// skipped says for which rules silence means nothing.
func (t *textWriter) skipped(a *analysis.Summary) {
	reasons := map[string]map[string]uint64{} // connections by gate and rule
	for rule, gates := range a.Skipped {
		for gate, n := range gates {
			if reasons[gate] == nil {
				reasons[gate] = map[string]uint64{}
			}
			reasons[gate][rule] = n
		}
	}
	var blind []string
	for _, trait := range sortedKeys(a.Traits) {
		if words := traitWords(trait); words != "" {
			blind = append(blind, fmt.Sprintf("%s: %s", number(a.Traits[trait], "connection"), words))
		}
	}
	if len(reasons) == 0 && len(blind) == 0 {
		return
	}
	t.head("Not judged")
	for _, line := range blind {
		t.printf("  %s\n", line)
	}
	for _, gate := range sortedKeys(reasons) {
		rules := reasons[gate]
		least, most := uint64(math.MaxUint64), uint64(0)
		for _, n := range rules {
			least, most = min(least, n), max(most, n)
		}
		upTo := ""
		if least < most {
			upTo = "up to "
		}
		t.printf("  %s on %s%s: %s\n", number(uint64(len(rules)), "rule"), upTo, number(most, "connection"), gateWords(gate))
		for _, line := range wrap(strings.Join(sortedKeys(rules), " "), width-4) {
			t.printf("    %s\n", line)
		}
	}
}

// more says where to look next.
func (t *textWriter) more(totals *Totals) {
	hint := "--format jsonl --records connection,transaction has every record."
	switch {
	case totals.Analysis.Connections == 0:
		return
	case len(t.groups.byKey) > 0:
		hint = "connlint rules NAME explains a rule and how to fix it; --format jsonl has every record."
	}
	if t.long {
		t.printf("\n")
	}
	t.printf("More: %s\n", hint)
}
