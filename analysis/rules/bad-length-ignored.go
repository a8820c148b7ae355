package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// badLengthIgnored finds clients that go on with a connection on which it can
// no longer be told where a response ends.
func badLengthIgnored() *analysis.Rule {
	return &analysis.Rule{
		Name:     "framing/bad-length-ignored",
		Severity: analysis.Warning,
		PartOf:   []string{"framing/content-length-too-short", "framing/body-not-allowed"},
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.NotCut | analysis.Clock,
		Start: func(p *analysis.Pass) analysis.Run {
			conns := analysis.PerConnection[suspect](p)
			tell := func(c *timeline.Connection) {
				if s := conns.Peek(c.Slot()); s != nil && s.n > 0 {
					p.Report(s.finding(c))
					*s = suspect{bad: s.bad, why: s.why}
				}
			}
			return analysis.Run{
				Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
					s := conns.Peek(c.Slot())
					if s == nil {
						bad, why := untellable(c, x.HTTP)
						if bad.IsZero() {
							return
						}
						s = conns.Connection(c)
						*s = suspect{bad: bad, why: why}
					}
					// The request must have left when the client had seen it.
					if q := x.HTTP.Request; q != nil && q.First.Time > s.bad.Time+c.Flow[reassembly.Client].MinRTT {
						s.goOn(q.First)
					}
				},
				SoFar: tell,
				Close: tell,
			}
		},
	}
}

// suspect is a connection with a response whose length is not to be trusted.
type suspect struct {
	bad   capture.Frame
	why   string
	n     int // requests behind it
	after [analysis.MaxEvidence - 1]capture.Frame
}

// untellable is the packet that made it impossible to tell where the response
// of x ends, or one before it, and why. Surplus may be seen later than its
// transaction.
func untellable(c *timeline.Connection, x *http1.Transaction) (bad capture.Frame, why string) {
	m := x.Response
	switch {
	case m == nil, m.Framing == http1.None:
	case m.Flaws&(http1.ConflictingLength|http1.MalformedLength) != 0 && m.Framing != http1.Chunked:
		return m.Head, "a response has a Content-Length that cannot be trusted"
	case m.Flaws&(brokenChunks&^http1.ChunkLineTooLong) != 0:
		return m.Broken, "the chunks of a response contradict themselves"
	}
	for i := range c.Surplus {
		if s := &c.Surplus[i]; s.Side == reassembly.Server && s.Index <= x.Index {
			return s.First, "more came behind a response than its length says"
		}
	}
	return bad, ""
}

func (s *suspect) goOn(f capture.Frame) {
	if s.n < len(s.after) {
		s.after[s.n] = f
	}
	s.n++
}

func (s *suspect) finding(c *timeline.Connection) *analysis.Finding {
	f := &analysis.Finding{
		Subject: analysis.Connection(c),
		Culprit: analysis.Client,
		Count:   s.n,
		Message: fmt.Sprintf("the client sent %s on a connection on which %s", count(s.n, "more request"), s.why),
	}
	for _, frame := range s.after {
		f.Evidence.Cite(frame, "request behind it")
	}
	f.Evidence.Omitted += max(0, s.n-len(s.after))
	f.Evidence.Cite(s.bad, "response of untold length")
	return f
}
