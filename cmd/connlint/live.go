package main

import (
	"io"
	"time"

	"github.com/rs/zerolog"

	"connlint/analysis"
	"connlint/analysis/rules"
	"connlint/capture"
	"connlint/output"
)

// watch captures from an interface and reports while it does, until it is told
// to stop, has seen enough, or nobody reads the report any more.
func watch(o *options, h *host, log zerolog.Logger, stdout io.Writer) int {
	chosen, _, err := configure(o, rules.All()) // before anything is captured
	if err != nil {
		return failed(log, err)
	}
	seen, err := openOutside(o.live.listen, chosen, h, log)
	if err != nil {
		return failed(log, err)
	}
	defer seen.close()
	t := &trouble{log: log, now: h.now, name: o.live.iface}
	if t.live, err = h.open(o.live.config(o, h, t)); err != nil {
		return failed(log, err)
	}
	defer t.live.Close()
	rec, err := o.live.recorder(o, t)
	if err != nil {
		return failed(log, err)
	}
	t.queue = newStream(stdout, streamRoom, t.live.Stop)
	defer t.queue.Close()
	defer h.onSignals(t.live.Stop)()
	if o.live.duration > 0 {
		defer h.after(o.live.duration, t.live.Stop)()
	}
	report, err := newLiveReport(o, t.queue, stdout)
	if err != nil {
		return failed(log, err)
	}
	report = seen.beside(report)
	engine, err := start(o, rules.All(), report, &output.Run{Sources: []string{o.live.iface}})
	if err != nil {
		return failed(log, err)
	}
	totals := follow(o, t, rec, engine, report, seen.progress(engine, t.queue))
	return ended(o, t, rec, report, totals)
}

// ended reports what the run amounts to and chooses the exit code.
func ended(o *options, t *trouble, rec *capture.Recorder, report output.Writer, totals *output.Totals) int {
	t.queue.Patient()
	wrong := report.End(totals)
	if err := t.queue.Close(); wrong == nil {
		wrong = err
	}
	if wrong != nil {
		return notWritten(t.log, wrong)
	}
	code := verdict(o, t.log, totals)
	if rec != nil && rec.Err() != nil {
		t.log.Error().Msgf("%d packets were not written to %s", rec.Lost(), o.live.write)
		return exitFailed
	}
	return code
}

// follow analyses what is captured until the capture ends.
func follow(o *options, t *trouble, rec *capture.Recorder, engine *analysis.Engine, report output.Writer, progress func(analysis.Counts)) *output.Totals {
	reader := capture.ReadCloser(t.live)
	if rec != nil {
		reader = capture.Record(reader, rec)
	}
	reader = capture.Ticking(reader, time.Second)
	if o.count > 0 {
		reader = capture.First(reader, o.count)
	}
	src := capture.Matching(capture.NewFile(reader, o.live.iface, 0), o.filter)
	counts, err := analysis.Read(&watched{src, t, report}, engine, analysis.Limits{Interval: o.live.every.Nanoseconds(), Progress: progress})
	t.look(true)
	src.Close() // what was recorded is whole now
	totals := &output.Totals{Analysis: engine.Summary(), Sources: []output.Source{{Stats: counts.Source, Err: err}},
		Copies: counts.Connections.Copies, Live: t.totals()}
	totals.GivenUp.Add(counts)
	return totals
}
