package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly/http1"
)

// expectContinueWait finds requests whose body waited for a 100 Continue that
// did not come, until the client's own timer ran out, or that came late.
func expectContinueWait() *analysis.Rule {
	return &analysis.Rule{
		Name:     "framing/expect-continue-wait",
		Severity: analysis.Warning,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.NotCut | analysis.Clock,
		Params: []analysis.Param{
			{Name: "min_wait_ms", Unit: "ms", Default: 100,
				Source: "clients in wide use wait for 350 ms (.NET Framework), 1 s (curl, Go) or more; below 100 ms no timer ran"},
			{Name: "late_round_trips", Unit: "count", Default: 4,
				Source: "an answer at once takes one; with a request in several flights and a delayed ACK, two or three"},
		},
		Causes: []timeline.Cause{timeline.ContinueWait},
		Start: func(p *analysis.Pass) analysis.Run {
			least, trips := int64(p.Param("min_wait_ms")*1e6), p.Param("late_round_trips")
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				for i := range x.Stalls {
					s := &x.Stalls[i]
					if s.Cause != timeline.ContinueWait || s.Wait < least {
						continue
					}
					switch late := float64(s.Wait) >= trips*float64(c.RTT()); {
					case s.Release.IsZero():
						p.Report(unheard(c, x, s, p.Param("min_wait_ms")))
					case late && c.RTT() > 0:
						p.Report(lateContinue(c, x, s, trips))
					}
				}
			}}
		},
	}
}

// unheard makes the finding of a wait that only the client's timer ended.
func unheard(c *timeline.Connection, x *timeline.Transaction, s *timeline.Stall, threshold float64) *analysis.Finding {
	f := continueFinding(c, x, s)
	f.Culprit = analysis.Server
	f.Message = fmt.Sprintf("the client waited %s for 100 Continue, none came, and its timer sent the body", ms(s.Wait))
	f.Measures = []analysis.Measure{{Name: "wait", Value: float64(s.Wait) / 1e6, Threshold: threshold, Unit: "ms"}}
	if hundred(x) {
		f.Message = fmt.Sprintf("the client waited %s for 100 Continue; it came only after the client's timer had sent the body", ms(s.Wait))
		if s.Wait < 2*c.RTT() {
			f.Culprit = analysis.Client // its timer is too short for the path
		}
	}
	return f
}

// hundred reports whether a 100 Continue came at all.
func hundred(x *timeline.Transaction) bool {
	for _, m := range x.HTTP.Interim {
		if m.Start.Status == 100 {
			return true
		}
	}
	return false
}

// lateContinue makes the note on an answer that took its time: the server may
// have had a reason, such as asking for the right to upload.
func lateContinue(c *timeline.Connection, x *timeline.Transaction, s *timeline.Stall, trips float64) *analysis.Finding {
	f := continueFinding(c, x, s)
	f.Severity = analysis.Note
	f.Culprit = analysis.Server
	doubt(f, 0.8, "the server may have examined the head meanwhile")
	f.Message = fmt.Sprintf("100 Continue came after %s, on a path of %s", ms(s.Wait), ms(c.RTT()))
	f.Measures = []analysis.Measure{{Name: "round_trips", Value: float64(s.Wait) / float64(c.RTT()), Threshold: trips, Unit: "count"}}
	return f
}

// continueFinding is what both have in common. An answer at once would have
// taken a round trip all the same.
func continueFinding(c *timeline.Connection, x *timeline.Transaction, s *timeline.Stall) *analysis.Finding {
	f := &analysis.Finding{
		Subject: analysis.Transaction(c, x),
		Lost:    analysis.Cost{Time: s.Wait},
		Saved:   analysis.Cost{Time: max(0, s.Wait-c.RTT())},
	}
	if m := x.HTTP.Response; m != nil && m.End == http1.StillOpen {
		doubt(f, 0.9, "the capture ends before the response does")
	}
	f.Evidence.Cite(s.To, "end of the wait")
	f.Evidence.Cite(s.From, "head with Expect: 100-continue")
	f.Evidence.Cite(x.Response, "final response")
	return f
}
