package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
)

// headOfLineBlocking finds pipelines in which quick responses had to wait for
// a slow one before them.
func headOfLineBlocking() *analysis.Rule {
	return &analysis.Rule{
		Name:     "concurrency/head-of-line-blocking",
		Severity: analysis.Note,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.Clock | analysis.Handshake,
		Params: []analysis.Param{
			{Name: "min_block", Unit: "ms", Default: 100,
				Source: "about the shortest delay that people notice (Miller 1968)"},
		},
		Start: func(p *analysis.Pass) analysis.Run {
			conns := analysis.PerConnection[line](p)
			least := int64(p.Param("min_block") * 1e6)
			tell := func(c *timeline.Connection) {
				if l := conns.Peek(c.Slot()); l != nil && l.n > 0 {
					p.Report(l.finding(c, least))
					*l = line{head: l.head, from: l.from, to: l.to, previousEnd: l.previousEnd}
				}
			}
			return analysis.Run{
				Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
					if c.Traits.Is(timeline.Pipelining) && !x.Response.IsZero() && !x.Request.IsZero() {
						conns.Connection(c).add(c, x, least)
					}
				},
				SoFar: tell,
				Close: tell,
			}
		},
	}
}

// line is what the rule gathers of a connection.
type line struct {
	head             capture.Frame // last byte of the response that blocks
	from, to         int64         // when it was the one that the rest waited for
	evidence         analysis.Evidence
	n                int
	queued, longest  int64 // ns
	started, stopped int64
	previousEnd      int64
}

// own is how long the server was about a response, once the one before it was
// out of the way: since its request had come or since previousEnd, ns.
func own(c *timeline.Connection, x *timeline.Transaction, previousEnd int64) int64 {
	return x.End.Time - max(previousEnd, x.RequestEnd.Time+c.Flow[reassembly.Server].MinRTT)
}

func (l *line) add(c *timeline.Connection, x *timeline.Transaction, least int64) {
	took := own(c, x, l.previousEnd)
	if x.Pipelined && !l.head.IsZero() && 2*took <= l.to-l.from {
		l.wait(x)
	}
	if took >= least {
		l.head, l.from, l.to = x.End, x.End.Time-took, x.End.Time
	} else if !x.Pipelined {
		l.head = capture.Frame{}
	}
	l.previousEnd = x.End.Time
}

// wait counts the part of a request's wait in its queue that it waited for the
// slow response.
func (l *line) wait(x *timeline.Transaction) {
	for _, s := range x.Spans {
		if s.Cause != timeline.Queue {
			continue
		}
		d := min(s.To, l.to) - max(s.From, l.from)
		if d <= 0 {
			return
		}
		if l.n == 0 {
			l.started = l.from
			l.evidence.Cite(l.head, "last byte of the slow response")
		}
		l.n++
		l.queued += d
		l.longest, l.stopped = max(l.longest, l.to-l.from), x.End.Time
		l.evidence.Cite(x.Request, "request that waited")
		l.evidence.Cite(x.Response, "its response")
	}
}

// finding is what a connection comes to. Time in a queue is no cost of its own:
// what it waited for has its account already.
func (l *line) finding(c *timeline.Connection, least int64) *analysis.Finding {
	f := &analysis.Finding{
		Subject:  analysis.Connection(c),
		Culprit:  analysis.Client,
		Count:    l.n,
		Evidence: l.evidence,
		Message: fmt.Sprintf("%s waited in a pipeline behind slower ones, %s in all; the slowest took %s",
			count(l.n, "response"), ms(l.queued), ms(l.longest)),
		Measures: []analysis.Measure{
			{Name: "queue", Value: float64(l.queued) / 1e6, Unit: "ms"},
			{Name: "slowest", Value: float64(l.longest) / 1e6, Threshold: float64(least) / 1e6, Unit: "ms"},
		},
	}
	f.Subject.From, f.Subject.To = l.started, max(l.started, l.stopped)
	return f
}
