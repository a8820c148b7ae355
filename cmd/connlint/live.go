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
		log.Error().Msg(err.Error())
		return exitFailed
	}
	seen, err := openOutside(o.live.listen, chosen, h, log)
	if err != nil {
		log.Error().Msg(err.Error())
		return exitFailed
	}
	defer seen.close()
	t := &trouble{log: log, now: h.now, name: o.live.iface}
	opened, err := h.open(o.live.config(o, h, t))
	if err != nil {
		log.Error().Msg(err.Error())
		return exitFailed
	}
	live := &stopper{Live: opened}
	t.live = live
	defer live.Close()
	rec, err := o.live.recorder(o, live, t)
	if err != nil {
		log.Error().Msg(err.Error())
		return exitFailed
	}
	t.queue = newStream(stdout, streamRoom, live.Stop)
	defer h.onSignals(live.Stop)()
	if o.live.duration > 0 {
		defer h.after(o.live.duration, live.Stop)()
	}
	report, err := newLiveReport(o, t.queue, stdout)
	if err != nil {
		log.Error().Msg(err.Error())
		return exitFailed
	}
	report = seen.beside(report)
	engine, err := start(o, rules.All(), report, []string{o.live.iface})
	if err != nil {
		t.queue.Close()
		log.Error().Msg(err.Error())
		return exitFailed
	}
	totals := follow(o, t, rec, engine, report, seen.progress(engine, t.queue))
	t.queue.Wait()
	wrong := report.End(totals)
	if err := t.queue.Close(); wrong == nil {
		wrong = err
	}
	if wrong != nil {
		return notWritten(log, wrong)
	}
	if rec != nil && rec.Err() != nil {
		log.Error().Msgf("%d packets were not written to %s", rec.Lost(), o.live.write)
		verdict(o, log, totals)
		return exitFailed
	}
	return verdict(o, log, totals)
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
