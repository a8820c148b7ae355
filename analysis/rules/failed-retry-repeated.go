package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
)

// failedRetryRepeated finds requests that were sent a third time after the
// retry had failed as the first try had.
func failedRetryRepeated() *analysis.Rule {
	return &analysis.Rule{
		Name:     "close/failed-retry-repeated",
		Severity: analysis.Note,
		Needs:    analysis.Plaintext | analysis.BothDirections,
		Params: []analysis.Param{{Name: "max_pause", Unit: "ms", Default: 1000,
			Source: "a program repeats at once or backs off for part of a second; from a second on it may be a user, or the next poll"}},
		Start: func(p *analysis.Pass) analysis.Run {
			pairs := analysis.PerPair[storm](p)
			pause := int64(p.Param("max_pause") * 1e6)
			return analysis.Run{
				Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
					// What is cut out of a pipeline and asked again has had no
					// turn yet: that does not count as a failure of its own.
					if retried(x, pause) && x.RetryOf.Number >= 2 && !x.Pipelined {
						pairs.Pair(c.Pair).add(c, x)
					}
				},
				Pair: func(pair *timeline.Pair) {
					if s := pairs.Peek(pair.Slot()); s != nil {
						p.Report(s.finding())
					}
				},
			}
		},
	}
}

// storm is what the rule gathers of a pair.
type storm struct {
	resends
	pauses stretch
}

func (s *storm) add(c *timeline.Connection, x *timeline.Transaction) {
	s.resends.add(c, x)
	s.pauses.add(x.Request.Sub(x.RetryOf.Failed))
}

func (s *storm) finding() *analysis.Finding {
	f := &analysis.Finding{
		Subject: s.subject, Culprit: analysis.Client, Count: s.n, Evidence: s.evidence,
		Lost: analysis.Cost{Bytes: s.lost.Bytes},
		Message: fmt.Sprintf("%s sent again though the retry before had failed too: up to %d times in all, %s after each failure",
			count(s.n, "request"), s.highest, s.pauses.String()),
		Measures: []analysis.Measure{{Name: "most_tries", Value: float64(s.highest), Threshold: 2, Unit: "count"}},
	}
	s.doubt(f)
	return f
}
