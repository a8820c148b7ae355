package output

import (
	"bufio"
	"io"

	"connlint/analysis"
	"connlint/analysis/timeline"
)

// jsonWriter writes records, one object a line (jsonl), or as the lines of
// one document (json). It keeps nothing.
type jsonWriter struct {
	out      *bufio.Writer
	enc      encoder
	records  Records
	sources  []string
	document bool
	begun    bool // a record was written
	err      error
}

func newJSON(w io.Writer, records Records, document bool) *jsonWriter {
	return &jsonWriter{out: bufio.NewWriterSize(w, 64<<10), records: records, document: document}
}

// Begin writes the run record.
func (j *jsonWriter) Begin(r *Run) {
	j.sources = r.Sources
	if j.document {
		j.print(`{"schema":"` + Schema + `","records":[` + "\n")
	}
	j.enc.run(r)
	j.record()
}

// Connection is part of analysis.Sink.
func (j *jsonWriter) Connection(c *timeline.Connection) {
	if j.records&Connections != 0 && j.err == nil {
		j.enc.connection(j.source(c.First.Source()), c)
		j.record()
	}
}

// Transaction is part of analysis.Sink.
func (j *jsonWriter) Transaction(c *timeline.Connection, x *timeline.Transaction) {
	if j.records&Transactions != 0 && j.err == nil {
		j.enc.transaction(j.source(c.First.Source()), c, x)
		j.record()
	}
}

// Finding is part of analysis.Sink.
func (j *jsonWriter) Finding(f *analysis.Finding) {
	if j.records&Findings != 0 && j.err == nil {
		j.enc.finding(j.source(f.Subject.Source), f)
		j.record()
	}
}

// End writes the summary record.
func (j *jsonWriter) End(t *Totals) error {
	j.enc.summary(j.sources, t)
	j.record()
	if j.document {
		j.print("\n]}\n")
	}
	if err := j.out.Flush(); j.err == nil {
		j.err = err
	}
	return j.err
}

// Err is the first error of writing.
func (j *jsonWriter) Err() error { return j.err }

// record writes what the encoder holds. Of a document, a comma goes before
// each record but the first: whatever happens next, the end stays possible.
func (j *jsonWriter) record() {
	if j.document && j.begun {
		j.print(",\n")
	}
	j.begun = true
	if j.err == nil {
		_, j.err = j.out.Write(j.enc.buf)
	}
	if !j.document {
		j.print("\n")
	}
}

func (j *jsonWriter) print(s string) {
	if j.err == nil {
		_, j.err = j.out.WriteString(s)
	}
}

func (j *jsonWriter) source(i uint16) string { return sourceName(j.sources, i) }

func sourceName(sources []string, i uint16) string {
	if int(i) < len(sources) {
		return sources[i]
	}
	return ""
}
