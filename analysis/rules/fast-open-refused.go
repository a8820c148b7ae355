package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
)

// fastOpenRefused finds servers that do not take the data in the SYN.
func fastOpenRefused() *analysis.Rule {
	return &analysis.Rule{
		Name:     "connect/fast-open-refused",
		Severity: analysis.Note,
		Needs:    analysis.BothDirections | analysis.Handshake,
		Params: []analysis.Param{
			{Name: "min_count", Unit: "count", Default: 2,
				Source: "RFC 7413 §4.1.3: a server may change its key; the client learns the new cookie with the first refusal"},
		},
		Start: startFastOpenRefused,
	}
}

// refusedData is what the rule gathers of a pair.
type refusedData struct {
	habit
	accepted int  // connections whose data was taken
	renewed  bool // a refusal brought another cookie
}

func startFastOpenRefused(p *analysis.Pass) analysis.Run {
	pairs := analysis.PerPair[refusedData](p)
	least := p.CountParam("min_count")
	return analysis.Run{
		Close: func(c *timeline.Connection) {
			// A SYN that was repeated may have been lost, or dropped for its
			// data: the repetition has none that could be refused.
			if h := &c.Handshake; h.SYNs == 1 && c.Flow[reassembly.Client].Options&capture.OptFastOpen != 0 && h.FastOpen >= reassembly.FastOpenAccepted {
				pairs.Pair(c.Pair).add(c)
			}
		},
		Pair: func(pair *timeline.Pair) {
			if r := pairs.Peek(pair.Slot()); r != nil && r.n >= least {
				p.Report(r.finding(least))
			}
		},
	}
}

func (r *refusedData) add(c *timeline.Connection) {
	if c.Handshake.FastOpen == reassembly.FastOpenAccepted {
		r.accepted++
		return
	}
	if r.n == 0 {
		r.subject = analysis.Pair(c.Pair)
	}
	r.n++
	r.subject.Gather(c)
	r.renewed = r.renewed || c.Flow[reassembly.Server].Options&capture.OptFastOpen != 0
	r.evidence.Cite(c.Handshake.SYN, "SYN with data")
	r.evidence.Cite(c.Handshake.SYNACK, "SYN-ACK that does not acknowledge them")
}

// finding promises nothing: the set-up is what connect/handshake-overhead and
// keepalive/connection-per-request speak of.
func (r *refusedData) finding(least int) *analysis.Finding {
	f := &analysis.Finding{
		Subject: r.subject, Culprit: analysis.Server, Count: r.n, Evidence: r.evidence,
		Lost: analysis.Cost{RoundTrips: r.n},
		Message: fmt.Sprintf("the server did not take the data in the SYN of %s of %s that tried TCP Fast Open: they were sent again, a round trip later",
			grouped(uint64(r.n)), count(r.n+r.accepted, "connection")),
		Measures: []analysis.Measure{{Name: "refusals", Value: float64(r.n), Threshold: float64(least), Unit: "count"}},
	}
	switch {
	case r.renewed:
		f.Message += "; it gave new cookies"
	case r.accepted == 0:
		doubt(f, 0.8, "a middlebox that takes options or data out of the SYN looks the same")
	}
	return f
}
