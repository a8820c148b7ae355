package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly/http1"
)

// maxPauseBeforeRetry is the same for the two rules about retries: they differ
// in the method alone.
func maxPauseBeforeRetry() analysis.Param {
	return analysis.Param{Name: "max_pause", Unit: "ms", Default: 5000,
		Source: "libraries and browsers send again at once, applications back off for a second or a few; later it may be the next poll"}
}

// minPace is how much of a client's own pace makes of what comes behind a
// failure the next request, and no retry.
func minPace() analysis.Param {
	return analysis.Param{Name: "min_pace", Unit: "ratio", Default: 0.5,
		Source: "a client that repeats at once turns to it at once, however often it asks; half way to the next time leaves room for its timer"}
}

// requestRetry finds requests that were sent again on another connection after
// the first try got no answer, where to repeat is safe.
func requestRetry() *analysis.Rule {
	return &analysis.Rule{
		Name:     "close/request-retry",
		Severity: analysis.Note,
		PartOf:   []string{"keepalive/keepalive-race-reset", "keepalive/closed-connection-reused", "concurrency/pipeline-cut"},
		Needs:    analysis.Plaintext | analysis.BothDirections,
		Params:   []analysis.Param{maxPauseBeforeRetry(), minPace()},
		Start: func(p *analysis.Pass) analysis.Run {
			pairs := analysis.PerPair[resends](p)
			failed := analysis.PerPairThroughout[uint64](p) // of the latest first try, as in resends
			pause, pace := int64(p.Param("max_pause")*1e6), p.Param("min_pace")
			return analysis.Run{
				Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
					if retried(x, pause) && !inItsTurn(c, x, pace) && !unsafeToRepeat(x.HTTP.Request) {
						r, before := pairs.Pair(c.Pair), failed.Pair(c.Pair)
						r.failed = *before
						r.add(c, x)
						*before = r.failed
					}
				},
				Pair: func(pair *timeline.Pair) {
					if r := pairs.Peek(pair.Slot()); r != nil && r.n > 0 {
						p.Report(r.finding(pause))
					}
				},
			}
		},
	}
}

// retried reports whether x repeats a request not longer than pause, ns, after
// that had failed.
func retried(x *timeline.Transaction, pause int64) bool {
	t := &x.RetryOf
	return !t.IsZero() && x.HTTP.Request != nil && x.Request.Sub(t.Failed) <= pause
}

// inItsTurn reports whether x, which asks for what failed, comes when its client
// would have asked again anyway: it asks for that at a pace, and let a share of
// it pass before it turned to the request, or opened a connection for it. One
// that rests for twice its pace does not keep it: it backs off.
func inItsTurn(c *timeline.Connection, x *timeline.Transaction, share float64) bool {
	turned := x.Request
	if x.Index == 1 && !c.Traits.Is(timeline.Preconnected) {
		turned = opening(c)
	}
	t, rest := &x.RetryOf, turned.Sub(x.RetryOf.Failed)
	return rest >= atOnceAgain && float64(rest) >= share*float64(t.Pace) && rest <= 2*t.Pace
}

// atOnceAgain is how soon a program that repeats without a rest turns to it, ns,
// however fast it asked before.
const atOnceAgain = int64(100e6)

// unsafeToRepeat reports whether a request's method is one of those that do
// their work anew each time (RFC 9110 §9.2.2 and the registry of methods).
func unsafeToRepeat(q *http1.Message) bool {
	switch string(q.Start.Method) {
	case "POST", "PATCH", "LOCK":
		return true
	}
	return false
}

// resends is what the rule gathers of a pair.
type resends struct {
	subject  analysis.Subject
	evidence analysis.Evidence
	n        int
	refused  int    // the server had not even acknowledged the first try
	byLength int    // the bodies are of the same length; more is not known
	highest  int    // number of the last try of one request
	longest  int64  // pause before the retry, ns
	failed   uint64 // connection of the latest first try
	lost     analysis.Cost
}

// add takes a transaction that is a retry.
func (r *resends) add(c *timeline.Connection, x *timeline.Transaction) {
	t := &x.RetryOf
	if r.n == 0 {
		r.subject = analysis.Pair(c.Pair)
	}
	r.n++
	if n := len(r.subject.Connections); n == 0 || r.subject.Connections[n-1] != c.ID() {
		r.subject.Gather(c)
	}
	r.subject.From, r.subject.To = min(r.subject.From, t.First.Time), max(r.subject.To, x.End.Time)
	r.evidence.Cite(x.Request, "request sent again")
	r.evidence.Cite(t.First, "first try")
	if t.Failed != t.First {
		r.evidence.Cite(t.Failed, "its end without an answer")
	}
	if !t.Acked {
		r.refused++
	}
	if !t.SameBody {
		r.byLength++
	}
	r.highest = max(r.highest, t.Number+1)
	pause := x.Request.Sub(t.Failed)
	r.longest = max(r.longest, pause)
	r.lost.Bytes += x.RequestBytes
	if t.Connection != r.failed { // a pipeline's requests all wait for the same new connection
		r.failed = t.Connection
		r.lost.Time += pause
	}
}

// slowRetry is the pause, ns, from which on the next poll of a client that does
// not retry looks the same as a retry.
const slowRetry = int64(1e9)

func (r *resends) finding(pause int64) *analysis.Finding {
	f := &analysis.Finding{
		Subject: r.subject, Culprit: analysis.Client, Count: r.n, Evidence: r.evidence, Lost: r.lost,
		Message: fmt.Sprintf("%s sent again on another connection: the first try got no answer; %s passed between failure and retry",
			count(r.n, "request"), ms(r.lost.Time)),
		Measures: []analysis.Measure{
			{Name: "retries", Value: float64(r.n), Unit: "count"},
			{Name: "longest_pause", Value: float64(r.longest) / 1e6, Threshold: float64(pause) / 1e6, Unit: "ms"},
			{Name: "most_tries", Value: float64(r.highest), Unit: "count"},
		},
	}
	if r.highest > 2 {
		f.Message += fmt.Sprintf("; one was sent %d times", r.highest)
	}
	r.doubt(f)
	return f
}

// doubt lowers the confidence where what looks like a retry may be another
// request.
func (r *resends) doubt(f *analysis.Finding) {
	if r.longest > slowRetry {
		f.Confidence = 0.8
		f.Reasons = append(f.Reasons, "so long after the failure it may be the client's next poll")
	}
	if r.byLength > 0 {
		f.Confidence = 0.8
		f.Reasons = append(f.Reasons, "the first try was cut: the bodies were compared by their length only")
	}
}
