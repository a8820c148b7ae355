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

// analyse reads the captures and writes the report. A capture that cannot be
// read does not stop the others: it makes the exit code 2, and the error
// follows the report of what was read.
func analyse(o *options, log zerolog.Logger, stdin io.Reader, stdout, stderr io.Writer) int {
	report, err := newReport(o, stdout)
	if err != nil {
		return failed(log, err)
	}
	begin := &output.Run{Sources: o.args}
	if o.rotated {
		begin.Rotation = capture.NewRotation(o.args)
		begin.Sources = []string{begin.Rotation.Name()}
	}
	engine, err := start(o, rules.All(), report, begin)
	if err != nil {
		return failed(log, err)
	}
	r := &reading{o, log, stdin, stderr, engine, report, &output.Totals{Analysis: engine.Summary()}}
	if begin.Rotation != nil {
		r.parts(begin.Rotation)
	} else {
		r.files()
	}
	totals := r.totals
	if err := report.End(totals); err != nil {
		return notWritten(log, err)
	}
	return verdict(o, log, totals)
}

// start begins the rules that o chooses among all, and the report; begin has
// what is to be read.
func start(o *options, all []*analysis.Rule, report output.Writer, begin *output.Run) (*analysis.Engine, error) {
	chosen, params, err := configure(o, all)
	if err != nil {
		return nil, err
	}
	engine, err := analysis.New(analysis.Config{Params: params}, chosen, report)
	if err != nil {
		return nil, err
	}
	begin.Parameters = engine.Parameters()
	if o.filter != nil {
		begin.Filter = o.filter.String()
	}
	for _, r := range engine.Rules() {
		begin.Rules = append(begin.Rules, r.Name)
	}
	report.Begin(begin)
	return engine, nil
}

// reading is the run of a command that reads files.
type reading struct {
	o      *options
	log    zerolog.Logger
	stdin  io.Reader
	stderr io.Writer
	engine *analysis.Engine
	report output.Writer
	totals *output.Totals
}

// files takes one file after the other, each a source of its own.
func (r *reading) files() {
	left := r.o.count
	for i, path := range r.o.args {
		if r.report.Err() != nil || r.o.count > 0 && left == 0 {
			break
		}
		var source output.Source
		reader, err := capture.Open(path, r.stdin)
		if err != nil {
			source.Err = err
		} else {
			source = r.source(reader, path, uint16(i), left, newProgress(path, fileSize(path), reader, r.stderr))
		}
		left -= min(left, source.Stats.Packets)
		r.totals.Sources = append(r.totals.Sources, source)
	}
}

// parts takes the files of a rotated capture, which are one source.
func (r *reading) parts(rot *capture.Rotation) {
	reader := rot.Open()
	source := r.source(reader, rot.Name(), 0, r.o.count, newProgress(rot.Name(), rot.Bytes(), reader, r.stderr))
	source.Parts = rot.Parts()
	r.totals.Sources = []output.Source{source}
	if i := rot.Overlap(); i > 0 {
		p := source.Parts[i]
		r.log.Warn().Msgf("%s begins at %s, before the part before it ends: are they one capture? Without --rotated each file is judged by itself",
			p.Path, time.Unix(0, p.First).UTC().Format(time.RFC3339))
	}
}

// source takes one source to its end, which is closed then; count 0 means all
// of it.
func (r *reading) source(reader capture.ReadCloser, name string, index uint16, count uint64, line *progress) output.Source {
	defer line.done()
	if count > 0 {
		reader = capture.First(reader, count)
	}
	src := capture.Matching(capture.NewFile(reader, name, index), r.o.filter)
	defer src.Close()
	counts, err := analysis.Read(&heard{src, r.report, line}, r.engine, analysis.Limits{})
	r.totals.GivenUp.Add(counts)
	r.totals.Copies += counts.Connections.Copies
	r.log.Debug().Str("file", name).Uint64("packets", counts.Source.Packets).
		Uint64("segments", counts.Source.Segments).Uint64("connections", counts.Connections.Connections).Msg("read")
	return output.Source{Stats: counts.Source, Err: err}
}

// heard is a source that ends when nobody reads the report any more.
type heard struct {
	capture.Source
	report output.Writer
	line   *progress
}

func (h *heard) Next() (*capture.Packet, error) {
	if h.report.Err() != nil {
		return nil, io.EOF
	}
	h.line.tick()
	return h.Source.Next()
}

// verdict says what went wrong and chooses the exit code.
func verdict(o *options, log zerolog.Logger, totals *output.Totals) int {
	code := exitClean
	if o.failOn != 0 && totals.Analysis.AtLeast(o.failOn) > 0 {
		code = exitFindings
	}
	for i := range totals.Sources {
		for _, err := range totals.Sources[i].Errs() {
			log.Error().Msg(err.Error())
			code = exitFailed
		}
	}
	return code
}
