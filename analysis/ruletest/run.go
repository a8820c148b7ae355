package ruletest

import (
	"bytes"
	"errors"
	"slices"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
)

// Options say how captures are run.
type Options struct {
	Rules  []*analysis.Rule
	Config analysis.Config
	Limits analysis.Limits
}

// Result is what a run reported, copied: nothing in it is borrowed.
type Result struct {
	Findings     []*analysis.Finding // in the order of their reports, as are the others
	Connections  []Connection
	Transactions []Transaction
	Summary      *analysis.Summary
	Counts       []analysis.Counts // by source

	packets map[place]packet
}

// Connection is what is kept of a connection record.
type Connection struct {
	Ends        [2]capture.Endpoint // client, server
	First, Last capture.Frame
	Caveats     reassembly.Caveats
	Why         reassembly.Reason
	// Text is every exported field that is a fact about the connection alone:
	// two records say the same if their texts are equal.
	Text string
}

// Transaction is what is kept of a transaction record. Its HTTP is nil: the
// messages go back to their pool.
type Transaction struct {
	timeline.Transaction
	Source     uint16
	Connection uint64 // the ID
	Text       string // as of Connection
}

// place is a packet's, as a finding names it.
type place struct {
	source uint16
	number uint64
}

func placeOf(f capture.Frame) place { return place{f.Source(), f.Number()} }

// packet is a TCP segment that the capture has.
type packet struct {
	ends [2]capture.Endpoint // source, destination
	time int64
}

// Open makes a source of a capture file that lies in memory. It goes through
// the readers and the decoder that the program has.
func Open(name string, file []byte) (capture.Source, error) {
	r, err := capture.NewReader(bytes.NewReader(file), name)
	if err != nil {
		return nil, err
	}
	return capture.NewFile(r, name, 0), nil
}

// Run reads the sources one after the other with one engine. Errors of the
// rules' configuration come without a result, errors of the sources with one:
// it has what came before the damage. The sources are left open.
func Run(o Options, sources ...capture.Source) (*Result, error) {
	res := &Result{packets: map[place]packet{}}
	engine, err := analysis.New(o.Config, o.Rules, (*sink)(res))
	if err != nil {
		return nil, err
	}
	res.Summary = engine.Summary()
	var errs []error
	for _, src := range sources {
		counts, err := analysis.Read(&witness{src, res.packets}, engine, o.Limits)
		res.Counts = append(res.Counts, counts)
		errs = append(errs, err)
	}
	return res, errors.Join(errs...)
}

// witness notes each segment that passes.
type witness struct {
	capture.Source
	packets map[place]packet
}

func (w *witness) Next() (*capture.Packet, error) {
	p, err := w.Source.Next()
	if err == nil && p.Kind == capture.TCP {
		s := &p.Segment
		w.packets[placeOf(s.Frame)] = packet{[2]capture.Endpoint{s.Src, s.Dst}, s.Time}
	}
	return p, err
}

// sink is the Result as the engine sees it.
type sink Result

// Connection is part of analysis.Sink.
func (s *sink) Connection(c *timeline.Connection) {
	s.Connections = append(s.Connections, Connection{
		Ends: c.Ends, First: c.First, Last: c.Last, Caveats: c.Caveats, Why: c.Why, Text: text(c),
	})
}

// Transaction is part of analysis.Sink.
func (s *sink) Transaction(c *timeline.Connection, x *timeline.Transaction) {
	kept := Transaction{Transaction: *x, Source: c.First.Source(), Connection: c.ID(), Text: text(x)}
	kept.HTTP = nil
	kept.Spans = slices.Clone(x.Spans)
	s.Transactions = append(s.Transactions, kept)
}

// Finding is part of analysis.Sink.
func (s *sink) Finding(f *analysis.Finding) { s.Findings = append(s.Findings, f) }
