package main

import (
	"io"

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
	engine, err := start(o, rules.All(), report, o.args)
	if err != nil {
		return failed(log, err)
	}
	totals := readAll(o, log, stdin, stderr, engine, report)
	if err := report.End(totals); err != nil {
		return notWritten(log, err)
	}
	return verdict(o, log, totals)
}

// start begins the rules that o chooses among all, and the report.
func start(o *options, all []*analysis.Rule, report output.Writer, sources []string) (*analysis.Engine, error) {
	chosen, params, err := configure(o, all)
	if err != nil {
		return nil, err
	}
	engine, err := analysis.New(analysis.Config{Params: params}, chosen, report)
	if err != nil {
		return nil, err
	}
	begin := &output.Run{Sources: sources, Parameters: engine.Parameters()}
	if o.filter != nil {
		begin.Filter = o.filter.String()
	}
	for _, r := range engine.Rules() {
		begin.Rules = append(begin.Rules, r.Name)
	}
	report.Begin(begin)
	return engine, nil
}

// readAll takes the sources one after the other.
func readAll(o *options, log zerolog.Logger, stdin io.Reader, stderr io.Writer, engine *analysis.Engine, report output.Writer) *output.Totals {
	totals := &output.Totals{Analysis: engine.Summary()}
	left := o.count
	for i, path := range o.args {
		if report.Err() != nil || o.count > 0 && left == 0 {
			break
		}
		counts, err := readOne(o, path, uint16(i), left, stdin, stderr, engine, report)
		totals.Sources = append(totals.Sources, output.Source{Stats: counts.Source, Err: err})
		totals.GivenUp.Add(counts)
		totals.Copies += counts.Connections.Copies
		left -= min(left, counts.Source.Packets)
		log.Debug().Str("file", path).Uint64("packets", counts.Source.Packets).
			Uint64("segments", counts.Source.Segments).Uint64("connections", counts.Connections.Connections).Msg("read")
	}
	return totals
}

// readOne takes one source to its end; count 0 means all of it.
func readOne(o *options, path string, index uint16, count uint64, stdin io.Reader, stderr io.Writer, engine *analysis.Engine, report output.Writer) (analysis.Counts, error) {
	reader, err := capture.Open(path, stdin)
	if err != nil {
		return analysis.Counts{}, err
	}
	line := newProgress(path, reader, stderr)
	defer line.done()
	if count > 0 {
		reader = capture.First(reader, count)
	}
	src := capture.Matching(capture.NewFile(reader, path, index), o.filter)
	defer src.Close()
	return analysis.Read(&heard{src, report, line}, engine, analysis.Limits{})
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
		if err := totals.Sources[i].Err; err != nil {
			log.Error().Msg(err.Error())
			code = exitFailed
		}
	}
	return code
}
