package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
)

// connectionRefused finds SYNs that were answered by RST.
func connectionRefused() *analysis.Rule {
	return &analysis.Rule{
		Name:     "connect/connection-refused",
		Severity: analysis.Warning,
		Needs:    analysis.BothDirections,
		Params:   []analysis.Param{scanEndpoints()},
		Start: func(p *analysis.Pass) analysis.Run {
			pairs := analysis.PerPair[attempts](p)
			endpoints := p.CountParam("scan_endpoints")
			return analysis.Run{
				Close: func(c *timeline.Connection) {
					if c.Refused() {
						a := pairs.Pair(c.Pair)
						a.add(c, c.Teardown.RST.Sub(c.Handshake.SYN))
						a.evidence.Cite(c.Teardown.RST, "RST")
						a.evidence.Cite(c.Handshake.SYN, "SYN")
					}
				},
				Pair: func(pair *timeline.Pair) {
					if a := pairs.Peek(pair.Slot()); a != nil && !scans(pair.Caller, endpoints) {
						p.Report(refusals(pair, a))
					}
				},
			}
		},
	}
}

func refusals(pair *timeline.Pair, a *attempts) *analysis.Finding {
	f := &analysis.Finding{
		Subject:  a.subject,
		Culprit:  analysis.Server,
		Count:    a.n,
		Evidence: a.evidence,
		Lost:     a.cost(),
		Saved:    a.cost(),
		Message:  fmt.Sprintf("%s refused %s", pair.Server, a.of(pair)),
		Measures: []analysis.Measure{{Name: "refused", Value: float64(a.n), Unit: "count"}},
	}
	if a.n >= pair.Connections {
		f.Message += ": nothing listens there, or something in between answers for it"
	}
	f.Lost.RoundTrips = a.n
	if a.n == 1 {
		// Once may be a look whether the service is there yet.
		f.Severity = analysis.Note
	}
	return f
}
