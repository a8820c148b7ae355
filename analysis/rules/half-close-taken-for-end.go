package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// halfCloseTakenForEnd finds servers that drop a request because its client has
// closed its sending half.
func halfCloseTakenForEnd() *analysis.Rule {
	return &analysis.Rule{
		Name:     "close/half-close-taken-for-end",
		Severity: analysis.Warning,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore,
		Params: []analysis.Param{
			{Name: "max_pause", Unit: "ms", Default: 10,
				Source: "a client that closes its half does so as soon as it has written; with one round trip, if that is longer"},
			{Name: "max_delay", Unit: "ms", Default: 20,
				Source: "a server that stops because of the FIN does so when it reads it; a round trip is added"},
		},
		Start: func(p *analysis.Pass) analysis.Run {
			pause, delay := int64(p.Param("max_pause")*1e6), int64(p.Param("max_delay")*1e6)
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				side, fin, ok := c.Teardown.First()
				stop := serverStop(c)
				if ok && side == reassembly.Client && fin != c.Teardown.RST && !stop.IsZero() && dropped(c, x) && taken(c, x.HTTP.Request) &&
					within(fin.Sub(x.RequestEnd), max(pause, c.RTT())) && within(stop.Sub(fin), c.RTT()+delay) {
					p.Report(takenForEnd(c, x, fin, stop))
				}
			}}
		},
	}
}

// dropped reports whether a whole request got no answer, not even an interim
// one, before the connection ended, and is the first on it to fare so.
func dropped(c *timeline.Connection, x *timeline.Transaction) bool {
	q := x.HTTP.Request
	return c.Complete == x.Index-1 && len(x.HTTP.Interim) == 0 && x.HTTP.Doubt == 0 && q != nil && q.End == http1.Complete && x.HTTP.Response == nil &&
		(x.HTTP.End == http1.CutByClose || x.HTTP.End == http1.CutByReset)
}

// serverStop is the server's FIN, or its RST if that was all.
func serverStop(c *timeline.Connection) capture.Frame {
	t := &c.Teardown
	if f := t.FIN[reassembly.Server]; !f.IsZero() || t.RSTBy != reassembly.Server {
		return f
	}
	return t.RST
}

func within(d, limit int64) bool { return d >= 0 && d <= limit }

func takenForEnd(c *timeline.Connection, x *timeline.Transaction, fin, stop capture.Frame) *analysis.Finding {
	lost := analysis.Cost{Connections: 1, Time: x.Exchange()}
	f := &analysis.Finding{
		Subject:    analysis.Transaction(c, x),
		Culprit:    analysis.Server,
		Confidence: 0.7,
		Reasons:    []string{"the client may have left for good right after it had asked"},
		Message:    fmt.Sprintf("the server closed %s after the client's FIN without answering the request before it", ms(stop.Sub(fin))),
		Lost:       lost,
		Saved:      lost,
		Measures:   []analysis.Measure{{Name: "after_fin", Value: float64(stop.Sub(fin)) / 1e6, Threshold: float64(c.RTT()) / 1e6, Unit: "ms"}},
	}
	f.Evidence.Cite(stop, "the server stops")
	f.Evidence.Cite(fin, "the client's FIN")
	f.Evidence.Cite(x.Request, "request")
	return f
}
