package rules

import (
	"bytes"
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly/http1"
)

// pipelinedNonIdempotent finds requests in a pipeline that must not be
// repeated blindly, as everything in a pipeline may have to be.
func pipelinedNonIdempotent() *analysis.Rule {
	return &analysis.Rule{
		Name:     "concurrency/pipelined-non-idempotent",
		Severity: analysis.Warning,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore,
		Start: func(p *analysis.Pass) analysis.Run {
			conns := analysis.PerConnection[risky](p)
			tell := func(c *timeline.Connection) {
				if r := conns.Peek(c.Slot()); r != nil && r.n > 0 {
					p.Report(r.finding(c))
					*r = risky{last: r.last, lastEnd: r.lastEnd, method: r.method, methodLen: r.methodLen}
				}
			}
			return analysis.Run{
				Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
					if x.HTTP.Request == nil {
						return
					}
					once := onceOnly(x.HTTP.Request)
					r := conns.Peek(c.Slot())
					if r == nil && !once {
						return
					}
					if r == nil {
						r = conns.Connection(c)
					}
					r.add(x, once)
				},
				SoFar: tell,
				Close: tell,
			}
		},
	}
}

// risky is what the rule gathers of a connection.
type risky struct {
	evidence analysis.Evidence
	n        int
	from, to int64
	// last is a request that may not be repeated and was at the head of
	// what was under way when it was sent: it counts if one follows.
	last      capture.Frame
	lastEnd   int64
	method    [8]byte
	methodLen int
}

// add takes a transaction. once says that its request may not be repeated.
func (r *risky) add(x *timeline.Transaction, once bool) {
	if x.Pipelined && !r.last.IsZero() {
		r.count(r.last, r.lastEnd) // nothing may follow before it is answered
	}
	r.last = capture.Frame{}
	switch {
	case !once:
	case x.Pipelined:
		r.count(x.Request, x.End.Time)
		r.name(x.HTTP.Request.Start.Method)
	default:
		r.last, r.lastEnd = x.Request, x.End.Time
		if r.n == 0 {
			r.name(x.HTTP.Request.Start.Method)
		}
	}
}

func (r *risky) name(method []byte) { r.methodLen = copy(r.method[:], method) }

func (r *risky) count(f capture.Frame, end int64) {
	if r.n == 0 {
		r.from = f.Time
	}
	r.n++
	r.from, r.to = min(r.from, f.Time), max(r.to, end)
	r.evidence.Cite(f, "request that may not be repeated")
}

func (r *risky) finding(c *timeline.Connection) *analysis.Finding {
	f := &analysis.Finding{
		Subject:  analysis.Connection(c),
		Culprit:  analysis.Client,
		Count:    r.n,
		Evidence: r.evidence,
		Message: fmt.Sprintf("the client pipelined %s with methods such as %s: if the connection breaks it cannot know which of them were done",
			count(r.n, "request"), r.method[:r.methodLen]),
		Measures: []analysis.Measure{{Name: "requests", Value: float64(r.n), Threshold: 1, Unit: "count"}},
	}
	f.Subject.From, f.Subject.To = r.from, r.to
	return f
}

// onceOnly reports whether a request may not be sent again without knowing
// what became of it: its method is not idempotent (RFC 9110 §9.2.2), and it
// carries no key by which the server would know a repetition. Of methods that
// are not registered nobody knows, and queries that travel in a POST only for
// their size are as safe as a GET.
func onceOnly(q *http1.Message) bool {
	switch m := q.Start.Method; {
	case bytes.Equal(m, []byte("POST")), bytes.Equal(m, []byte("PATCH")), bytes.Equal(m, []byte("LOCK")):
	default:
		return false
	}
	kind, _, _ := bytes.Cut(q.Header.Get("content-type"), []byte{';'})
	for _, query := range [...]string{"application/dns-message", "application/ocsp-request"} {
		if bytes.EqualFold(bytes.TrimSpace(kind), []byte(query)) {
			return false
		}
	}
	return q.Header.Get("idempotency-key") == nil && q.Header.Get("x-idempotency-key") == nil
}
