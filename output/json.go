package output

import (
	"bufio"
	"bytes"
	"io"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
)

// jsonWriter writes records, one object a line (jsonl), or as the lines of
// one document (json). It keeps nothing.
type jsonWriter struct {
	out      *bufio.Writer
	enc      encoder
	whole    bytes.Buffer // of a live run: the record at hand
	records  Records
	sources  []string
	document bool
	live     io.Writer // takes each record with one call, at once; nil: they go to out
	begun    bool      // a record was written
	err      error
}

func newJSON(w io.Writer, records Records, document bool) *jsonWriter {
	return &jsonWriter{out: bufio.NewWriterSize(w, 64<<10), records: records, document: document}
}

// newLiveJSON hands each record to w as soon as it is there.
func newLiveJSON(w io.Writer, records Records, document bool) *jsonWriter {
	j := &jsonWriter{live: w, records: records, document: document}
	j.out = bufio.NewWriter(&j.whole)
	return j
}

// Begin writes the run record.
func (j *jsonWriter) Begin(r *Run) {
	j.sources = r.Sources
	j.enc.where = whereabouts{r.Sources, r.Rotation}
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

// Open is part of analysis.IntervalSink: the record of a connection as it would
// be if the capture ended now.
func (j *jsonWriter) Open(c *timeline.Connection) { j.Connection(c) }

// Interval is part of analysis.IntervalSink. What it ends is in the records.
func (j *jsonWriter) Interval(int64, capture.Stats) {}

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
	j.send()
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
	j.send()
}

// send hands a record of a live run on, whole: whoever takes it may have to
// leave it out.
func (j *jsonWriter) send() {
	if j.live == nil {
		return
	}
	if err := j.out.Flush(); j.err == nil {
		j.err = err
	}
	if j.err == nil {
		_, j.err = j.live.Write(j.whole.Bytes())
	}
	j.whole.Reset()
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
