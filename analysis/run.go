package analysis

import (
	"errors"
	"io"

	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
)

// Limits bound what a run keeps in memory. The zero value has the defaults.
type Limits struct {
	// Connections are the limits of reassembly. Its Sniff need not be set:
	// nil means [timeline.Sniff].
	Connections reassembly.Config
	Timeline    timeline.Config
}

// Counts is what became of the packets of one source.
type Counts struct {
	Source      capture.Stats
	Connections reassembly.Stats
	Timeline    timeline.Stats
}

// Read takes a source to its end and tells the engine what it says: segments
// become connections, these become transactions, and e judges them.
//
// The error is what ended the source, nil for [io.EOF]; all that came before
// it has been reported then, and the connections and pairs that were open are
// finished. Sources of one run are read one after the other with the same
// engine: connections never reach from one into the next. Read does not close
// src.
func Read(src capture.Source, e *Engine, limits Limits) (Counts, error) {
	if limits.Connections.Sniff == nil {
		limits.Connections.Sniff = timeline.Sniff
	}
	facts := timeline.New(limits.Timeline, e)
	connections := reassembly.New(limits.Connections, facts)
	err := follow(src, connections)
	connections.Finish()
	facts.Finish()
	e.summary.Budget.Bytes.Unseen += connections.Stats().Unseen
	packets, acks := facts.Stats().Packets, facts.Stats().ACKs
	e.summary.Budget.Packets.Add(&packets)
	e.summary.Budget.ACKs.Add(&acks)
	return Counts{src.Stats(), connections.Stats(), facts.Stats()}, err
}

// follow hands on packets, and live the time where there are none.
func follow(src capture.Source, connections *reassembly.Tracker) error {
	for {
		packet, err := src.Next()
		if err == nil {
			if packet.Kind == capture.TCP {
				connections.Segment(&packet.Segment)
			}
			continue
		}
		if idle, ok := errors.AsType[capture.Idle](err); ok {
			connections.Advance(idle.Now)
			continue
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	}
}
