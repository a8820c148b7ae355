package output

import (
	"fmt"
	"io"

	"connlint/analysis"
	"connlint/capture"
)

// Schema is the name of the JSON format. Fields may be added under this name;
// none goes away or changes its meaning.
const Schema = "connlint/1"

// Writer is one form of report. Begin comes first, End last; End is due also
// where the run failed, so that what was written is whole. After a write
// failed nothing more is written; Err says so at any time, End at the end.
type Writer interface {
	analysis.Sink
	Begin(*Run)
	End(*Totals) error
	Err() error
}

// Run is what is known of a run before its first packet.
type Run struct {
	Sources    []string                      // names as the user gave them, by index
	Rules      []string                      // names of the rules at work, sorted
	Parameters map[string]map[string]float64 // values in force: rule name, then parameter
	Filter     string                        // which packets were looked at; empty: all
	// Rotation has the files of the only source, if several are one; else nil.
	Rotation *capture.Rotation
}

// Totals is what a run amounts to.
type Totals struct {
	Analysis *analysis.Summary
	Sources  []Source // in the order of Run.Sources, as far as the run came
	GivenUp  GivenUp
	// Copies is how many packets were set aside because the same packet was in
	// the capture already, or is judged from another of its interfaces.
	Copies uint64
	Live   Live
}

// GivenUp is what was let go because a limit was reached.
type GivenUp struct {
	Connections uint64
	Pairs       uint64 // whose connections were told apart from then on
	Hosts       uint64 // whose later connections counted as another host's
	Messages    uint64 // whose time has no finer cause
	Legs        uint64 // requests that might have been one leg of a path through a proxy
	Holes       uint64 // bytes that were no longer waited for, because too much waited behind them
	LeftAside   uint64 // messages of HTTP, because too many were held
}

// Add adds what became of one source.
func (g *GivenUp) Add(c analysis.Counts) {
	g.Connections += c.Connections.Evicted
	g.Pairs += c.Timeline.PairsEvicted
	g.Hosts += c.Timeline.HostsEvicted
	g.Legs += c.Timeline.LegsEvicted
	g.Messages += c.Timeline.Unexplained
	g.Holes += c.Connections.HolesGiven
	g.LeftAside += c.Timeline.MessagesDropped
}

// Live is what only a live run can come to.
type Live struct {
	RecordsDropped uint64 // records left out since their reader was too slow
	RingFull       uint64 // times the buffer between kernel and program was full
	Interruptions  uint64 // times the interface went down or came back
}

// Source is what became of one source of the run.
type Source struct {
	Stats capture.Stats
	Err   error          // why it was not read to its end; nil if it was
	Parts []capture.Part // the files of a rotated capture, in the order of their reading; else nil
}

// unread reports whether nothing of the source could be read.
func (s *Source) unread() bool {
	return s.Stats.Packets == 0 && (s.Err != nil || len(s.Errs()) > 0 && len(s.Errs()) == len(s.Parts))
}

// Errs are the errors of a source and of its parts.
func (s *Source) Errs() []error {
	var all []error
	for i := range s.Parts {
		if s.Parts[i].Err != nil {
			all = append(all, s.Parts[i].Err)
		}
	}
	if s.Err != nil {
		all = append(all, s.Err)
	}
	return all
}

// elapsed is how long the sources are together, ns.
func (t *Totals) elapsed() int64 {
	var sum int64
	for i := range t.Sources {
		sum += t.Sources[i].Stats.Last - t.Sources[i].Stats.First
	}
	return sum
}

// sum adds up what was read from all sources.
func (t *Totals) sum() capture.Stats {
	var all capture.Stats
	for i := range t.Sources {
		s := &t.Sources[i].Stats
		if s.Packets > 0 && (all.First == 0 || s.First < all.First) {
			all.First = s.First
		}
		all.Last = max(all.Last, s.Last)
		all.Packets += s.Packets
		all.Bytes += s.Bytes
		all.Segments += s.Segments
		all.Filtered += s.Filtered
		all.Fragments += s.Fragments
		all.Unassembled += s.Unassembled
		all.GivenUp += s.GivenUp
		all.TunnelCopies += s.TunnelCopies
		all.Untimed += s.Untimed
		all.Undecoded += s.Undecoded
		all.Malformed += s.Malformed
		all.Cut += s.Cut
		all.Dropped += s.Dropped
	}
	return all
}

// Records are the kinds of record that a JSON report holds beside run and
// summary.
type Records uint8

// The kinds of record that can be chosen.
const (
	Findings Records = 1 << iota
	Connections
	Transactions
)

// RecordNames are the kinds that can be chosen, in the order of their bits.
func RecordNames() []string { return []string{"finding", "connection", "transaction"} }

// ParseRecords makes a set of names.
func ParseRecords(names []string) (Records, error) {
	var set Records
	for _, name := range names {
		bit := Records(0)
		for i, known := range RecordNames() {
			if name == known {
				bit = 1 << i
			}
		}
		if bit == 0 {
			return 0, fmt.Errorf("no kind of record %q: finding, connection and transaction are there", name)
		}
		set |= bit
	}
	return set, nil
}

// Formats are the forms of report.
func Formats() []string { return []string{"text", "json", "jsonl"} }

// NewLive makes a Writer for a run that may last for weeks: each record, or
// each block of text, goes to w with one call as soon as it is there, so that w
// may leave one out. The Writer is an [analysis.IntervalSink].
func NewLive(format string, w io.Writer, records Records) (Writer, error) {
	switch format {
	case "text":
		return NewLiveText(w, TextOptions{}), nil
	case "json":
		return newLiveJSON(w, records, true), nil
	case "jsonl":
		return newLiveJSON(w, records, false), nil
	}
	return New(format, w, records)
}

// New makes a Writer of the named format to w, which it does not close.
// records counts for json and jsonl.
func New(format string, w io.Writer, records Records) (Writer, error) {
	switch format {
	case "text":
		return newText(w), nil
	case "json":
		return newJSON(w, records, true), nil
	case "jsonl":
		return newJSON(w, records, false), nil
	}
	return nil, fmt.Errorf("no format %q: text, json and jsonl are there", format)
}
