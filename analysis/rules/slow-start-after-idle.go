package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
)

// slowStartAfterIdle finds messages on a kept connection whose sender had
// forgotten its congestion window while the connection was idle.
func slowStartAfterIdle() *analysis.Rule {
	return &analysis.Rule{
		Name:     "tcp/slow-start-after-idle",
		Severity: analysis.Warning,
		Needs:    analysis.BothDirections | analysis.NoGapBefore | analysis.Clock | analysis.FineClock,
		Params:   rampParams(),
		Causes:   []timeline.Cause{timeline.SlowStart},
		Start:    startSlowStartAfterIdle,
	}
}

func startSlowStartAfterIdle(p *analysis.Pass) analysis.Run {
	// cut tells by sender whether a loss has cut the window since it last grew:
	// what begins small then does not begin small because of the idle time.
	cut := analysis.PerConnection[[2]bool](p)
	least, trips := int64(p.Param("min_lost_ms")*1e6), p.Param("min_round_trips")
	return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
		was := cut.Peek(c.Slot())
		for i := range x.Ramps {
			r := &x.Ramps[i]
			if r.AfterIdle && worthAWord(c, r, least, trips) && (was == nil || !was[r.Side]) {
				p.Report(restarted(c, x, r, trips))
			}
			if was != nil {
				was[r.Side] = false
			}
		}
		for i := range x.Stalls {
			if s := &x.Stalls[i]; s.Cause == timeline.Retransmit {
				cut.Connection(c)[s.Side] = true
			}
		}
	}}
}

func restarted(c *timeline.Connection, x *timeline.Transaction, r *timeline.Ramp, trips float64) *analysis.Finding {
	f := rampFinding(c, x, r, trips)
	f.Culprit = role(r.Side)
	f.Saved = f.Lost
	f.Message = fmt.Sprintf("after %s without data the %s began anew with %s bytes a round trip, where %s had gone before: %s and %s lost",
		ms(r.Idle), r.Side, grouped(r.First), grouped(r.Before), count(f.Lost.RoundTrips, "round trip"), ms(r.Lost))
	f.Measures = append(f.Measures,
		analysis.Measure{Name: "idle", Value: float64(r.Idle) / 1e6, Unit: "ms"},
		analysis.Measure{Name: "round_trip_before", Value: float64(r.Before), Unit: "bytes"})
	return f
}
