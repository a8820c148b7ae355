package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
)

// nonIdempotentRetry finds requests that were sent again though the server may
// then do the work twice.
func nonIdempotentRetry() *analysis.Rule {
	return &analysis.Rule{
		Name:     "close/non-idempotent-retry",
		Severity: analysis.Warning,
		Needs:    analysis.Plaintext | analysis.BothDirections,
		Params:   []analysis.Param{maxPauseBeforeRetry(), minPace()},
		Start: func(p *analysis.Pass) analysis.Run {
			pause, pace := int64(p.Param("max_pause")*1e6), p.Param("min_pace")
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				if retried(x, pause) && !inItsTurn(c, x, pace) && unsafeToRepeat(x.HTTP.Request) && !keyed(x) && x.RetryOf.Whole {
					p.Report(doneTwice(c, x, pause))
				}
			}}
		},
	}
}

// keyed reports whether the request carries a key by which the server can know
// that it did the work already (draft-ietf-httpapi-idempotency-key-header; the
// second name is an older custom of the same).
func keyed(x *timeline.Transaction) bool {
	h := &x.HTTP.Request.Header
	return h.Get("idempotency-key") != nil || h.Get("x-idempotency-key") != nil
}

// doneTwice makes the finding. A first try that the server's host never
// acknowledged met a closed socket: nobody can have acted on it, though a
// client cannot tell and should not rely on it.
func doneTwice(c *timeline.Connection, x *timeline.Transaction, pause int64) *analysis.Finding {
	t, r := &x.RetryOf, &resends{}
	r.add(c, x)
	f := r.finding(pause)
	f.Subject = analysis.Transaction(c, x)
	f.Subject.Kind = analysis.OfPair
	f.Subject.Client = c.Pair.Client
	f.Subject.From, f.Subject.To = min(f.Subject.From, t.First.Time), max(f.Subject.To, x.End.Time)
	method := string(x.HTTP.Request.Start.Method) // one of three
	switch {
	case t.Acked:
		f.Message = fmt.Sprintf("a %s was sent again %s after its connection had ended: the server's host had all of the first one and may have acted on it",
			method, ms(x.Request.Sub(t.Failed)))
	default:
		f.Severity = analysis.Note
		f.Message = fmt.Sprintf("a %s was sent again %s after its connection had ended: the server did not take the first one this time",
			method, ms(x.Request.Sub(t.Failed)))
	}
	return f
}
