package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
)

// pipelineRetriedPipelined finds clients that send what is left of a broken
// pipeline as a pipeline again, at once on a new connection.
func pipelineRetriedPipelined() *analysis.Rule {
	return &analysis.Rule{
		Name:     "concurrency/pipeline-retried-pipelined",
		Severity: analysis.Error,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.Handshake | analysis.NoGapBefore,
		Params: []analysis.Param{
			{Name: "max_pause", Unit: "ms", Default: 60000,
				Source: "a client that repeats what failed does so at once or after some back-off; after a minute somebody asks anew"},
		},
		Start: startPipelineRetried,
	}
}

func startPipelineRetried(p *analysis.Pass) analysis.Run {
	conns, pairs := analysis.PerConnection[attempt](p), analysis.PerPair[brokenPipelines](p)
	pause := int64(p.Param("max_pause") * 1e6)
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			if c.Traits.Is(timeline.Pipelining) {
				conns.Connection(c).add(c, x)
			}
		},
		Close: func(c *timeline.Connection) {
			if a := conns.Peek(c.Slot()); a != nil {
				pairs.Pair(c.Pair).add(c, a)
			}
		},
		Pair: func(pair *timeline.Pair) {
			if all := pairs.Peek(pair.Slot()); all != nil {
				all.judge(p, pair, pause)
			}
		},
	}
}

// attempt is one connection on its way to being a broken pipeline or the
// repetition of one.
type attempt struct {
	pipeline
	blind  [8]capture.Frame // the first requests, all sent before any answer
	wanted [8]uint64        // what they ask
	sent   int
	over   bool
}

func (a *attempt) add(c *timeline.Connection, x *timeline.Transaction) {
	a.pipeline.add(c, x)
	q := x.HTTP.Request
	if a.over = a.over || q == nil || q.Index != a.sent+1 || q.Ahead < a.sent || a.sent == len(a.blind); !a.over {
		a.blind[a.sent], a.wanted[a.sent] = x.Request, askFor(q)
		a.sent++
	}
}

// brokenPipelines are the broken pipelines of a pair and the connections that began
// with one, the latest eight of each: a repetition follows soon.
type brokenPipelines struct{ broken, fresh outcomes }

// outcomes is a ring that grows with need.
type outcomes struct {
	of []outcome
	n  int // ever added
}

func (all *outcomes) add(o outcome) {
	const most = 8
	if len(all.of) < most {
		all.of = append(all.of, o)
	} else {
		all.of[all.n%most] = o
	}
	all.n++
}

// outcome is what became of an attempt.
type outcome struct {
	attempt
	id     uint64
	opened capture.Frame
	closed capture.Frame
}

// add takes a connection that is over. One whose last answer announced the
// close was not broken: what is left of it may be sent in a row.
func (all *brokenPipelines) add(c *timeline.Connection, a *attempt) {
	_, f, ok := c.Teardown.First()
	o := outcome{attempt: *a, id: c.ID(), opened: c.Handshake.SYN, closed: f}
	if ok && a.cut() && !a.announced {
		all.broken.add(o)
	}
	if a.sent > 1 {
		all.fresh.add(o)
	}
}

func (all *brokenPipelines) judge(p *analysis.Pass, pair *timeline.Pair, pause int64) {
	for i := range all.fresh.of {
		again := &all.fresh.of[i]
		for j := range all.broken.of {
			before := &all.broken.of[j]
			if d := again.opened.Sub(before.closed); before.id == again.id || d < 0 || d > pause {
				continue
			}
			if n := again.repeats(before); n > 1 {
				p.Report(repeated(pair, before, again, n))
				break
			}
		}
	}
}

// repeats is how many of the requests at its start are left over from before;
// none if the first is not.
func (o *outcome) repeats(before *outcome) int {
	n := 0
	for i, w := range o.wanted[:o.sent] {
		for _, ask := range before.asks[:min(before.n, len(before.asks))] {
			if w == ask {
				n++
				break
			}
		}
		if n == 0 && i == 0 {
			return 0
		}
	}
	return n
}

func repeated(pair *timeline.Pair, before, again *outcome, n int) *analysis.Finding {
	f := &analysis.Finding{
		Subject: analysis.Pair(pair),
		Culprit: analysis.Client,
		Count:   n,
		Message: fmt.Sprintf("%s of a pipeline that broke without an announced close were pipelined again at once on a new connection",
			count(n, "request")),
		Measures: []analysis.Measure{
			{Name: "repeated", Value: float64(n), Threshold: 2, Unit: "count"},
			{Name: "pause", Value: float64(again.opened.Sub(before.closed)) / 1e6, Unit: "ms"},
		},
	}
	f.Subject.Connections = []uint64{again.id, before.id}
	f.Subject.From, f.Subject.To = before.left[0].Time, max(before.left[0].Time, again.blind[again.sent-1].Time)
	f.Evidence.Cite(again.blind[1], "pipelined again before any answer")
	f.Evidence.Cite(again.blind[0], "first request of the repetition")
	f.Evidence.Cite(before.closed, "close of the broken pipeline")
	f.Evidence.Cite(before.left[0], "first request without an answer")
	return f
}
