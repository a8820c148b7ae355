package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly/http1"
)

// mispairedResponses finds responses that cannot be the answers to the requests
// in whose place they came.
func mispairedResponses() *analysis.Rule {
	return &analysis.Rule{
		Name:     "concurrency/mispaired-responses",
		Severity: analysis.Error,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.Handshake | analysis.NoGapBefore | analysis.NotCut,
		Start: func(p *analysis.Pass) analysis.Run {
			conns := analysis.PerConnection[strays](p)
			tell := func(c *timeline.Connection) {
				// Where one request was answered before the next was sent, a
				// server that answers it wrongly is wrong in another way.
				if s := conns.Peek(c.Slot()); s != nil && s.n > 0 && c.Traits.Is(timeline.Pipelining) {
					p.Report(s.finding(c))
					*s = strays{}
				}
			}
			return analysis.Run{
				Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
					if x.HTTP.Request == nil || x.HTTP.Response == nil {
						return // what nobody asked for is framing/unsolicited-response
					}
					if w := wrongFor(x.HTTP); w != fits {
						conns.Connection(c).add(x, w)
					}
				},
				SoFar: tell,
				Close: tell,
			}
		},
	}
}

// misfit is why a response cannot be the answer.
type misfit uint8

const (
	fits misfit = iota
	unconditional
	whole
)

func (w misfit) String() string {
	return [...]string{"", "304 to a request without a condition", "206 to a request for the whole"}[w]
}

// wrongFor is what makes it impossible that a response answers its request:
// 304 is for conditional requests (RFC 9110 §15.4.5), 206 for those with a
// range (§15.3.7).
func wrongFor(x *http1.Transaction) misfit {
	q, a := x.Request, x.Response
	switch {
	case a.Start.Status == 304:
		for name := range q.Header.All() {
			if len(name) > 3 && (name[0]|0x20) == 'i' && (name[1]|0x20) == 'f' && name[2] == '-' {
				return fits
			}
		}
		return unconditional
	case a.Start.Status == 206 && q.Header.Get("range") == nil:
		return whole
	}
	return fits
}

// strays is what the rule gathers of a connection.
type strays struct {
	evidence analysis.Evidence
	n        int
	first    misfit
	at       capture.Frame
	end      int64
}

func (s *strays) add(x *timeline.Transaction, w misfit) {
	if s.n == 0 {
		s.first, s.at = w, x.Response
	}
	s.n++
	s.end = max(s.end, x.End.Time)
	s.evidence.Cite(x.Response, w.String())
	s.evidence.Cite(x.Request, "the request in whose place it came")
}

func (s *strays) finding(c *timeline.Connection) *analysis.Finding {
	f := &analysis.Finding{
		Subject:  analysis.Connection(c),
		Culprit:  analysis.Server,
		Count:    s.n,
		Evidence: s.evidence,
		Message:  fmt.Sprintf("%s on the connection cannot answer the request in whose place it came: %s", count(s.n, "response"), s.first),
		Measures: []analysis.Measure{{Name: "responses", Value: float64(s.n), Threshold: 1, Unit: "count"}},
	}
	f.Subject.From, f.Subject.To = s.at.Time, max(s.at.Time, s.end)
	return f
}
