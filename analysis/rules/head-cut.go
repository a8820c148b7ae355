package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// headCut finds requests that end inside their head. Of responses
// truncated-response tells.
func headCut() *analysis.Rule {
	return &analysis.Rule{
		Name:     "framing/head-cut",
		Severity: analysis.Warning,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.NotCut,
		Params: []analysis.Param{
			{Name: "patience", Unit: "ms", Default: 1000,
				Source: "the shortest time limits that servers give a request's head are of some seconds"},
		},
		Start: func(p *analysis.Pass) analysis.Run {
			patience := int64(p.Param("patience") * 1e6)
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				if m := x.HTTP.Request; m != nil && cutInHead(m) && !refusedEarly(x.HTTP) {
					p.Report(halfHead(c, x, m, patience))
				}
			}}
		},
	}
}

func cutInHead(m *http1.Message) bool {
	return m.Framing == http1.Undecided && (m.End == http1.CutByClose || m.End == http1.CutByReset)
}

// refusedEarly reports whether the server had heard enough: a head that is too
// large or no HTTP is answered before its end. A 408 says the opposite.
func refusedEarly(x *http1.Transaction) bool {
	return x.Response != nil && x.Response.Start.Status != 408
}

func halfHead(c *timeline.Connection, x *timeline.Transaction, m *http1.Message, patience int64) *analysis.Finding {
	side, closing, ok := ender(c, m)
	if !ok {
		side, closing = reassembly.Client, m.Ended
	}
	still := max(0, closing.Sub(m.Last))
	f := &analysis.Finding{
		Subject: analysis.Transaction(c, x),
		Culprit: role(side),
		Message: fmt.Sprintf("the %s %s %s behind the %s bytes of a request's head that had come, before its empty line", side, how(c, closing), ms(still), grouped(m.Size())),
		Lost:    analysis.Cost{Connections: 1, Time: x.Exchange()},
		Measures: []analysis.Measure{
			{Name: "head", Value: float64(m.Size()), Unit: "bytes"},
			{Name: "silence", Value: float64(still) / 1e6, Threshold: float64(patience) / 1e6, Unit: "ms"},
		},
	}
	if side == reassembly.Server && still >= patience {
		f.Culprit = analysis.Client // the server had waited for the rest
	}
	if x.HTTP.Index == 1 {
		// A probe, a browser that thinks better of it: nothing was going on.
		f.Severity = analysis.Note
	}
	f.Evidence.Cite(closing, "close inside the head")
	f.Evidence.Cite(m.Last, "last byte of the head")
	f.Evidence.Cite(m.First, "start of the request")
	return f
}
