package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// connectionUnanswered finds attempts to connect that had no answer at all.
func connectionUnanswered() *analysis.Rule {
	return &analysis.Rule{
		Name:     "connect/connection-unanswered",
		Severity: analysis.Warning,
		Params: []analysis.Param{
			{Name: "min_wait", Unit: "ms", Default: 2000,
				Source: "RFC 6298 §2.1: a SYN waits 1 s for its answer, and its repetition has the same chance"},
			scanEndpoints(),
		},
		Start: startConnectionUnanswered,
	}
}

func startConnectionUnanswered(p *analysis.Pass) analysis.Run {
	pairs := analysis.PerPair[attempts](p)
	wait, endpoints := int64(p.Param("min_wait")*1e6), p.CountParam("scan_endpoints")
	return analysis.Run{
		Close: func(c *timeline.Connection) {
			if !c.Unanswered() || c.Why == reassembly.Evicted || c.ClosedAt()-c.Handshake.SYN.Time < wait {
				return
			}
			a := pairs.Pair(c.Pair)
			a.add(c, c.Last.Sub(c.Handshake.SYN))
			a.evidence.Cite(c.Last, "last SYN")
			a.evidence.Cite(c.Handshake.SYN, "first SYN")
		},
		Pair: func(pair *timeline.Pair) {
			if a := pairs.Peek(pair.Slot()); a != nil && !scans(pair.Caller, endpoints) {
				p.Report(silences(pair, a))
			}
		},
	}
}

func silences(pair *timeline.Pair, a *attempts) *analysis.Finding {
	return &analysis.Finding{
		Subject:  a.subject,
		Count:    a.n,
		Evidence: a.evidence,
		Lost:     a.cost(),
		Saved:    a.cost(),
		Message: fmt.Sprintf("%s sent no answer to %s (%s, %s of waiting%s)",
			pair.Server, a.of(pair), count(a.syns, "SYN"), ms(a.time), together(a.n)),
		Measures: []analysis.Measure{
			{Name: "unanswered", Value: float64(a.n), Unit: "count"},
			{Name: "syns", Value: float64(a.syns), Unit: "count"},
		},
	}
}

// together says that a time is a sum over several attempts, which may have run
// side by side.
func together(attempts int) string {
	if attempts > 1 {
		return " in all"
	}
	return ""
}
