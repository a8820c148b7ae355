package main

import (
	"time"

	"github.com/rs/zerolog"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/output"
	"connlint/output/metrics"
)

// outside is a live run as it is seen from outside. Nil is one that nobody
// asked to see: its methods do nothing.
type outside struct {
	pages *pages
	meter *metrics.Meter
	pulse *pulse
}

// openOutside serves on the address of --listen; without one it returns nil.
// It is called before anything is captured, so that an address that cannot be
// had is told at once.
func openOutside(address string, chosen []*analysis.Rule, h *host, log zerolog.Logger) (*outside, error) {
	if address == "" {
		return nil, nil
	}
	pages, err := listen(address)
	if err != nil {
		return nil, err
	}
	o := &outside{pages, metrics.New(version(), chosen, analysis.Limits{}),
		newPulse(func() time.Time { return time.Unix(0, h.now()) })}
	handler, err := o.meter.Handler()
	if err != nil {
		pages.close()
		return nil, err
	}
	pages.serve(handler, o.pulse, log)
	log.Info().Msgf("metrics are at http://%s/metrics", pages.address())
	return o, nil
}

// beside returns a report that the meter takes note of.
func (o *outside) beside(report output.Writer) output.Writer {
	if o == nil {
		return report
	}
	return &metered{report, o.meter}
}

// progress is what a run tells of how far it has come: the next scrape shows
// it, and it is the sign of life.
func (o *outside) progress(engine *analysis.Engine, queue *stream) func(analysis.Counts) {
	if o == nil {
		return nil
	}
	return func(c analysis.Counts) {
		o.pulse.beat()
		o.meter.Publish(metrics.State{Counts: c, Summary: engine.Summary(), Unwritten: queue.Dropped()})
	}
}

func (o *outside) close() {
	if o != nil {
		o.pages.close()
	}
}

// metered is a report of which a meter takes note.
type metered struct {
	output.Writer
	meter *metrics.Meter
}

var _ analysis.IntervalSink = (*metered)(nil)

// Transaction is part of analysis.Sink.
func (m *metered) Transaction(c *timeline.Connection, x *timeline.Transaction) {
	m.meter.Transaction(c, x)
	m.Writer.Transaction(c, x)
}

// Finding is part of analysis.Sink.
func (m *metered) Finding(f *analysis.Finding) {
	m.meter.Finding(f)
	m.Writer.Finding(f)
}

// Open is part of analysis.IntervalSink.
func (m *metered) Open(c *timeline.Connection) {
	if s, ok := m.Writer.(analysis.IntervalSink); ok {
		s.Open(c)
	}
}

// Interval is part of analysis.IntervalSink.
func (m *metered) Interval(now int64, soFar capture.Stats) {
	if s, ok := m.Writer.(analysis.IntervalSink); ok {
		s.Interval(now, soFar)
	}
}
