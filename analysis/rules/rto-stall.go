package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// rtoStall finds exchanges that stood still until a retransmission timer ran
// out.
func rtoStall() *analysis.Rule {
	return &analysis.Rule{
		Name:     "tcp/rto-stall",
		Severity: analysis.Warning,
		Needs:    analysis.BothDirections | analysis.NoGapBefore | analysis.Clock | analysis.FineClock,
		Params: []analysis.Param{
			{Name: "min_stall_ms", Unit: "ms", Default: 200,
				Source: "the least retransmission timeout of Linux (TCP_RTO_MIN, include/net/tcp.h); RFC 6298 §2.4 asks for 1 s"},
		},
		Causes: []timeline.Cause{timeline.Retransmit},
		Start:  startRTOStall,
	}
}

func startRTOStall(p *analysis.Pass) analysis.Run {
	least := int64(p.Param("min_stall_ms") * 1e6)
	var scratch []repair
	return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
		scratch = repairs(c, x, scratch)
		var t timerWaits
		for i := range scratch {
			if r := &scratch[i]; r.byTimer() && r.wait() >= least {
				t.add(r)
			}
		}
		if t.n > 0 && t.lost(x) >= least {
			p.Report(timedOut(c, x, t.finding(c, x, p.Param("min_stall_ms")), &t))
		}
	}}
}

// timedOut completes the finding. Where nothing ever came back the peer may as
// well be gone, and no way to repair losses would have helped.
func timedOut(c *timeline.Connection, x *timeline.Transaction, f *analysis.Finding, t *timerWaits) *analysis.Finding {
	f.Message = fmt.Sprintf("%s stood still %s until the retransmission timer repaired a loss, %s",
		t.waiting(), times(t.n), perEvent(t.n, t.sum))
	if !x.Complete && x.Response.IsZero() {
		f.Culprit, f.Saved = analysis.Nobody, analysis.Cost{}
		f.Fix = "Find out why nothing comes back: try the server from elsewhere, and capture there too."
		f.Message = fmt.Sprintf("%s sent the same again for %s, and no answer came", t.waiting(), ms(t.sum))
		if c.Flow[reassembly.Client].AckedOffset() == 0 && !c.Handshake.SYNACK.IsZero() {
			f.Message += ": the server took the connection and acknowledged nothing of the request"
			f.Fix = "Find out what lets the handshake pass and no request: a firewall, a captive portal, or a path MTU below the request's packets."
		}
		doubt(f, 0.8, "nothing came back: the path may lose everything, or the peer be gone")
	}
	return f
}
