package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
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
			return analysis.Run{
				Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
					if x.HTTP.Response == nil {
						return
					}
					if w := wrongFor(x.HTTP); w != fits {
						conns.Connection(c).add(x, w)
					}
				},
				Close: func(c *timeline.Connection) {
					if s := conns.Peek(c.Slot()); s != nil && s.prove(c) {
						p.Report(s.finding(c))
					}
				},
			}
		},
	}
}

// misfit is why a response cannot be the answer.
type misfit uint8

const (
	fits    misfit = iota
	unasked        // nothing was asked
	unconditional
	whole
)

func (w misfit) String() string {
	return [...]string{"", "a response to nothing", "304 to a request without a condition", "206 to a request for the whole"}[w]
}

// wrongFor is what makes it impossible that a response answers its request:
// 304 is for conditional requests (RFC 9110 §15.4.5), 206 for those with a
// range (§15.3.7). A response that nobody asked for must be one that says more
// than "this connection is over", as 408 and other errors do.
func wrongFor(x *http1.Transaction) misfit {
	q, a := x.Request, x.Response
	switch {
	case q == nil:
		if a.Start.Status >= 200 && a.Start.Status < 400 && !a.Flaws.Has(http1.Headless) {
			return unasked
		}
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
	kinds    [whole + 1]int
	first    misfit
	at       capture.Frame
	end      int64
}

func (s *strays) add(x *timeline.Transaction, w misfit) {
	if s.n == 0 {
		s.first, s.at = w, x.Response
	}
	s.n++
	s.kinds[w]++
	s.end = max(s.end, x.End.Time)
	s.evidence.Cite(x.Response, w.String())
	s.evidence.Cite(x.Request, "the request in whose place it came")
}

// prove reports whether it proves that answers were exchanged. Where one
// request was answered before the next was sent, a server that answers it
// wrongly is wrong in another way; and what the client sent that cannot be
// read may have been a request.
func (s *strays) prove(c *timeline.Connection) bool {
	if c.Traits.Is(timeline.Pipelining) && s.kinds[unasked] < s.n {
		return true
	}
	for i := range c.Surplus {
		if c.Surplus[i].Side == reassembly.Client {
			return false
		}
	}
	return s.kinds[unasked] > 0 && c.Skipped[reassembly.Client] <= lineEnds && c.SurplusOmitted == 0
}

// lineEnds is how many bytes between requests may be empty lines that clients
// add behind a body (RFC 9112 §2.2).
const lineEnds = 8

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
