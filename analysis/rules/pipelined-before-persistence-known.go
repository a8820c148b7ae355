package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
)

// pipelinedBeforePersistenceKnown finds clients that pipeline on a fresh
// connection to a server of which they cannot know that it keeps connections.
func pipelinedBeforePersistenceKnown() *analysis.Rule {
	return &analysis.Rule{
		Name:     "concurrency/pipelined-before-persistence-known",
		Severity: analysis.Note,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.Handshake | analysis.NoGapBefore,
		Start: func(p *analysis.Pass) analysis.Run {
			conns, pairs := analysis.PerConnection[blind](p), analysis.PerPair[acquaintance](p)
			tell := func(c *timeline.Connection, b *blind) {
				p.Report(b.finding(c))
				*b = blind{done: true}
			}
			return analysis.Run{
				Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
					known := pairs.Pair(c.Pair)
					known.learn(c, x)
					q := x.HTTP.Request
					if q == nil || q.Ahead == 0 {
						if b := conns.Peek(c.Slot()); b != nil {
							b.done = true
						}
						return
					}
					b := conns.Connection(c)
					if b.n == 0 && (q.Index != 2 || known.before(c, x.Request)) {
						b.done = true
					}
					b.add(q.Index, q.Ahead, x)
				},
				SoFar: func(c *timeline.Connection) {
					if b := conns.Peek(c.Slot()); b != nil && b.n > 0 && b.done {
						tell(c, b)
					}
				},
				Close: func(c *timeline.Connection) {
					if b := conns.Peek(c.Slot()); b != nil && b.n > 0 {
						tell(c, b)
					}
				},
			}
		},
	}
}

// acquaintance is since when the client could know that the server keeps a
// connection open: the end of the first response that did not refuse it, and
// the connection on which it came.
type acquaintance struct {
	since capture.Frame
	conn  uint64
}

func (a *acquaintance) learn(c *timeline.Connection, x *timeline.Transaction) {
	if x.Complete && c.Refusal == timeline.NotRefused && (a.conn == 0 || x.End.Time < a.since.Time) {
		a.since, a.conn = x.End, c.ID()
	}
}

// before reports whether another connection had shown it when c sent f. What
// lies between the capture point and the client, the answer had to travel, and
// then the request.
func (a *acquaintance) before(c *timeline.Connection, f capture.Frame) bool {
	return a.conn != 0 && a.conn != c.ID() && a.since.Time+c.Flow[reassembly.Client].MinRTT <= f.Time
}

// blind is what was sent on a connection before its first answer had come.
type blind struct {
	evidence analysis.Evidence
	n        int
	from, to int64
	done     bool // what is pipelined from here on is with knowledge
}

// add takes a pipelined request. It was sent blindly if it waited for all that
// came before it on the connection.
func (b *blind) add(index, ahead int, x *timeline.Transaction) {
	if b.done || ahead < index-1 {
		b.done = true
		return
	}
	if b.n == 0 {
		b.from = x.Request.Time
	}
	b.n++
	b.to = max(b.to, x.End.Time)
	b.evidence.Cite(x.Request, "request before any answer")
}

func (b *blind) finding(c *timeline.Connection) *analysis.Finding {
	f := &analysis.Finding{
		Subject:  analysis.Connection(c),
		Culprit:  analysis.Client,
		Evidence: b.evidence,
		Message: fmt.Sprintf("the client sent %s behind the first one before any answer had shown that the server keeps the connection open",
			count(b.n, "request")),
		Measures: []analysis.Measure{{Name: "requests_sent_blind", Value: float64(b.n), Threshold: 1, Unit: "count"}},
	}
	f.Evidence.Cite(c.Handshake.SYN, "SYN")
	f.Subject.From, f.Subject.To = b.from, b.to
	return f
}
