package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
)

// tailLossProbe finds exchanges whose last packet was lost and repaired by a
// probe, for nothing behind it told of the loss.
func tailLossProbe() *analysis.Rule {
	return &analysis.Rule{
		Name:     "tcp/tail-loss-probe",
		Severity: analysis.Note,
		Needs:    analysis.BothDirections | analysis.NoGapBefore | analysis.Clock | analysis.FineClock | analysis.Handshake,
		Params: []analysis.Param{
			{Name: "min_wait_ms", Unit: "ms", Default: 10,
				Source: "a probe waits for two round trips and 10 ms at the least (RFC 8985 §7.2; Linux adds its ticks)"},
		},
		Causes: []timeline.Cause{timeline.Retransmit},
		Start: func(p *analysis.Pass) analysis.Run {
			least := int64(p.Param("min_wait_ms") * 1e6)
			var scratch []repair
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				if c.Open() && !x.Complete {
					return // the receiver may yet say that it had the packet
				}
				scratch = repairs(c, x, scratch)
				var t timerWaits
				for i := range scratch {
					if r := &scratch[i]; r.stall.Repair == timeline.Probe && r.wait() >= least {
						t.add(r)
					}
				}
				if t.n > 0 && t.lost(x) >= least {
					f := t.finding(c, x, p.Param("min_wait_ms"))
					f.Message = fmt.Sprintf("the last packet of %s was lost %s; nothing came behind it to tell, and a probe repaired it after %s",
						t.waiting(), times(t.n), perEvent(t.n, t.sum))
					if t.acks == t.n {
						f.Message = t.answerLost()
					}
					if c.Flow[0].Options&c.Flow[1].Options&capture.OptSACKPermitted == 0 {
						doubt(f, 0.7, "without SACK a receiver cannot say that it had the packet")
					}
					if t.longest < early {
						doubt(f, 0.8, "a probe as early as this may have come before a slow acknowledgement, with nothing lost")
					}
					p.Report(f)
				}
			}}
		},
	}
}

// early is a wait, ns, below which the peer's own ACK timer may still have
// been running when the probe was sent: Linux' goes up to 200 ms
// (TCP_DELACK_MAX, include/net/tcp.h).
const early = int64(200e6)
