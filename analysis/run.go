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
	// Interval is how much capture time passes between reports of what is not
	// over yet, ns; 0: there are none, and everything is told once.
	Interval int64
	// Progress is told at each tick of a live source how far the run has come,
	// on the goroutine of the run. Nil: nobody asks.
	Progress func(Counts)

	// Connections are the limits of reassembly. Its Sniff need not be set:
	// nil means [timeline.Sniff].
	Connections reassembly.Config
	Timeline    timeline.Config
}

// WithDefaults is l with the defaults in place of what is zero.
func (l Limits) WithDefaults() Limits {
	l.Connections, l.Timeline = l.Connections.WithDefaults(), l.Timeline.WithDefaults()
	return l
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
	counts := func() Counts { return Counts{src.Stats(), connections.Stats(), facts.Stats()} }
	err := follow(src, connections, func() {
		if limits.Progress != nil {
			limits.Progress(counts())
		}
	}, &intervals{every: limits.Interval, source: src, engine: e, facts: facts, connections: connections})
	connections.Finish()
	facts.Finish()
	e.summary.Budget.Bytes.Unseen += connections.Stats().Unseen
	packets, acks := facts.Stats().Packets, facts.Stats().ACKs
	e.summary.Budget.Packets.Add(&packets)
	e.summary.Budget.ACKs.Add(&acks)
	return counts(), err
}

// follow hands on packets, and live the time where there are none.
func follow(src capture.Source, connections *reassembly.Tracker, tick func(), ends *intervals) error {
	for {
		packet, err := src.Next()
		if err == nil {
			if packet.Kind == capture.TCP {
				ends.before(packet.Segment.Time)
				connections.Segment(&packet.Segment)
			}
			continue
		}
		if idle, ok := errors.AsType[capture.Idle](err); ok {
			connections.Advance(idle.Now)
			ends.before(idle.Now)
			tick()
			continue
		}
		if _, ok := errors.AsType[capture.Hole](err); ok {
			connections.Hole()
			continue
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	}
}

// intervals are the report intervals of a run. They lie on the capture's
// clock: what belongs to one does not depend on when packets are read.
type intervals struct {
	every, from, to int64 // ns; the interval at hand
	doubted         int   // times in a row that are far from it
	source          capture.Source
	engine          *Engine
	facts           *timeline.Tracker
	connections     *reassembly.Tracker
}

// A time far from the interval at hand is a wrong stamp, unless others follow.
const (
	farAhead = int64(24 * 3600e9) // ns
	manyFar  = 16
)

// before ends the interval if now, ns since the epoch, is behind it. One in
// which nothing came is passed over.
func (v *intervals) before(now int64) {
	if v.every <= 0 {
		return
	}
	if now-v.to > farAhead || v.from-now > v.every {
		if v.doubted++; v.doubted >= manyFar || v.to == 0 {
			v.from, v.to, v.doubted = now, now+v.every, 0
		}
		return
	}
	if v.doubted = 0; now < v.to {
		return
	}
	v.connections.Advance(v.to)
	v.engine.beginInterim(v.to)
	v.facts.Interim(v.from, v.to)
	v.engine.endInterim(v.source.Stats())
	v.from, v.to = v.to, v.to+v.every*((now-v.to)/v.every+1)
}
