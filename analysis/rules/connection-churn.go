package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// connectionChurn notes services whose connections come and go by the hundred
// a second.
func connectionChurn() *analysis.Rule {
	return &analysis.Rule{
		Name:     "ports/connection-churn",
		Severity: analysis.Note,
		PartOf:   []string{"keepalive/connection-per-request"},
		Needs:    analysis.BothDirections,
		Params: []analysis.Param{
			{Name: "min_rate", Unit: "1/s", Default: 100,
				Source: "at a hundred a second the handshakes of a small service cost as much as its work"},
			{Name: "window", Unit: "s", Default: 10, Min: 1,
				Source: "a page or a batch that opens its connections at once is over by then"},
			{Name: "max_requests", Unit: "count", Default: 2,
				Source: "connections that carry more requests than this on average pay for themselves"},
		},
		Start: startConnectionChurn,
	}
}

func startConnectionChurn(p *analysis.Pass) analysis.Run {
	least, window, requests := p.Param("min_rate"), p.Param("window"), p.Param("max_requests")
	return analysis.Run{Host: func(h *timeline.Host) {
		if h.Role != reassembly.Server || h.Opened == 0 {
			return
		}
		peak := h.Series.Opened(int64(window * 1e9))
		each := float64(h.Requests) / float64(h.Opened)
		if float64(peak.N) < least*window || each > requests {
			return
		}
		second := h.Series.Opened(1e9).N
		f := &analysis.Finding{Subject: analysis.Host(h), Count: int(h.Opened), Confidence: 1}
		f.Subject.Omitted = int(h.Opened)
		if side, ok := mostRefused(&h.Refusals).Side(); ok {
			f.Culprit = role(side)
		}
		f.Message = fmt.Sprintf("%s opened and %s closed, up to %s in a second, with %.1f requests each", count(int(h.Opened), "connection"),
			grouped(h.Closed), grouped(uint64(second)), each)
		if h.Closed > 0 {
			f.Message += "; they live for " + ms(h.Life/int64(h.Closed)) + " on average"
		}
		f.Measures = []analysis.Measure{
			{Name: "opens_per_second", Value: float64(peak.N) / window, Threshold: least, Unit: "1/s"},
			{Name: "requests_per_connection", Value: each, Threshold: requests, Unit: "count"},
		}
		f.Evidence.Cite(h.FirstOpen, "first new connection")
		citeOnce(&f.Evidence, h.LastOpen, "last new connection")
		f.Caveats = h.Caveats
		p.Report(f)
	}}
}
