package output

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// textWriter is the report that people read: what there was, where its time
// went, the findings with the dearest first, what could not be judged. It is
// written at the end, out of sums: what it keeps does not grow with the
// capture.
type textWriter struct {
	out     *bufio.Writer
	options TextOptions
	run     Run
	where   whereabouts // of packets
	groups  groups
	slowest slowest
	seen    []seen             // by source
	doubts  reassembly.Caveats // of the findings
	blind   []string           // reasons for which rules could not judge, as they were said
	long    bool               // there is a headed section: blank lines part them
	err     error
}

// TextOptions are the choices of a text report.
type TextOptions struct {
	Color        bool // severities and costs stand out, for a terminal
	Transactions int  // how many of the slowest are drawn; 0: none
}

// NewText makes the Writer of a text report to w, which it does not close.
func NewText(w io.Writer, o TextOptions) Writer {
	t := newText(w)
	t.options, t.slowest.most = o, o.Transactions
	return t
}

// seen counts what came of one source.
type seen struct{ connections, transactions uint64 }

func newText(w io.Writer) *textWriter { return &textWriter{out: bufio.NewWriter(w)} }

// Begin is part of Writer.
func (t *textWriter) Begin(r *Run) {
	t.run, t.where = *r, whereabouts{r.Sources, r.Rotation}
	t.seen = make([]seen, len(r.Sources))
}

// Connection is part of analysis.Sink.
func (t *textWriter) Connection(c *timeline.Connection) {
	if i := int(c.First.Source()); i < len(t.seen) {
		t.seen[i].connections++
	}
}

// Transaction is part of analysis.Sink.
func (t *textWriter) Transaction(c *timeline.Connection, x *timeline.Transaction) {
	t.slowest.add(c, x)
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
		t.briefTime(&totals.Analysis.Spent)
	} else {
		t.time(&totals.Analysis.Spent, totals.elapsed())
		t.servers(totals.Analysis)
	}
	t.findings(totals)
	t.transactions(totals)
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

// more says where to look next.
func (t *textWriter) more(totals *Totals) {
	if totals.Analysis.Connections == 0 {
		return
	}
	var hints []string
	if len(t.groups.byKey) > 0 {
		hints = append(hints, "connlint rules NAME explains a rule")
	}
	if t.slowest.most == 0 && totals.Analysis.Transactions > 0 {
		hints = append(hints, "--transactions draws the slowest")
	}
	hints = append(hints, "--format jsonl has all")
	if t.long {
		t.printf("\n")
	}
	t.item(0, "More", strings.Join(hints, "; ")+".", plain, 0)
}
