package rules

import (
	"fmt"
	"math/bits"

	"connlint/analysis"
	"connlint/analysis/timeline"
)

// slowStartRamp finds messages that took several round trips because the
// congestion window of their sender still grew.
func slowStartRamp() *analysis.Rule {
	return &analysis.Rule{
		Name:     "tcp/slow-start-ramp",
		Severity: analysis.Note,
		PartOf:   []string{"tcp/small-initial-window"},
		Needs:    analysis.BothDirections | analysis.NoGapBefore | analysis.Clock | analysis.FineClock,
		Params:   append(rampParams(), analysis.Param{Name: "warn_share", Unit: "ratio", Default: 0.5, Source: "from a half, the ramp is the better part of the exchange"}),
		Causes:   []timeline.Cause{timeline.SlowStart},
		Start: func(p *analysis.Pass) analysis.Run {
			least, trips, warn := int64(p.Param("min_lost_ms")*1e6), p.Param("min_round_trips"), p.Param("warn_share")
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				for i := range x.Ramps {
					if r := &x.Ramps[i]; !r.AfterIdle && worthAWord(c, r, least, trips) {
						p.Report(ramped(c, x, r, trips, warn))
					}
				}
			}}
		},
	}
}

// rampParams are the thresholds that both rules about slow start have.
func rampParams() []analysis.Param {
	return []analysis.Param{
		{Name: "min_lost_ms", Unit: "ms", Default: 10,
			Source: "below 10 ms hosts vary by as much"},
		{Name: "min_round_trips", Unit: "count", Default: 1.5,
			Source: "a message that needs one more flight than a warm one is no ramp; half a round trip is left to the spread of its packets"},
	}
}

// worthAWord reports whether the ramp lost enough: least in ns, and so many
// round trips.
func worthAWord(c *timeline.Connection, r *timeline.Ramp, least int64, trips float64) bool {
	return r.Lost >= least && float64(r.Lost) >= trips*float64(c.RTT())
}

// standardWindow is the initial window of today's stacks, in segments (RFC 6928
// §2); older ones began with 2 to 4 (RFC 3390).
const (
	standardWindow = 10
	oldWindow      = 4
)

func ramped(c *timeline.Connection, x *timeline.Transaction, r *timeline.Ramp, trips, warn float64) *analysis.Finding {
	part := float64(r.Lost) / float64(max(x.Exchange(), 1))
	f := rampFinding(c, x, r, trips)
	f.Culprit = analysis.Path
	f.Message = fmt.Sprintf("slow start stretched the %s's message over %s of %s, %s more than a warm connection takes: from %s to %s bytes a round trip",
		r.Side, count(r.Rounds, "round trip"), ms(c.RTT()), ms(r.Lost), grouped(r.First), grouped(r.Peak))
	if part >= warn {
		f.Severity = analysis.Warning
	}
	f.Measures = append(f.Measures, analysis.Measure{Name: "share", Value: part, Threshold: warn, Unit: "ratio"})
	first := segments(r)
	switch {
	case !c.Predecessor.IsZero() && x.Index == 1:
		f.Saved = f.Lost
		f.Culprit = analysis.Client // it had a warm one
		f.Message += "; another connection of the pair was free"
	case x.Index == 1 && first > 0 && first <= oldWindow && c.Handshake.Done() && c.Handshake.SYNs <= 1 && c.Handshake.SYNACKs <= 1:
		// A lost SYN would have cut the window to one segment (RFC 6928 §2).
		f.Culprit = role(r.Side)
		n := bits.Len(uint(standardWindow/first)) - 1 // doublings from there to the standard
		f.Saved = analysis.Cost{Time: min(f.Lost.Time, int64(n)*c.RTT()), RoundTrips: n}
		f.Message += fmt.Sprintf("; it began with %s, not %d", count(first, "segment"), standardWindow)
	}
	return f
}

// segments is how many segments the first round trip carried; 0 if the size of
// a full one is not known.
func segments(r *timeline.Ramp) int {
	if r.SegmentSize == 0 {
		return 0
	}
	return int((r.First + uint64(r.SegmentSize) - 1) / uint64(r.SegmentSize))
}

// rampFinding is what both rules about slow start say in the same way.
func rampFinding(c *timeline.Connection, x *timeline.Transaction, r *timeline.Ramp, trips float64) *analysis.Finding {
	lost := float64(r.Lost) / float64(max(c.RTT(), 1))
	f := &analysis.Finding{
		Subject: analysis.Transaction(c, x),
		Lost:    analysis.Cost{Time: r.Lost, RoundTrips: int(lost + 0.5)},
		Measures: []analysis.Measure{
			{Name: "round_trips_lost", Value: lost, Threshold: trips, Unit: "count"},
			{Name: "initial_window", Value: float64(segments(r)), Unit: "count"},
			{Name: "first_round_trip", Value: float64(r.First), Unit: "bytes"},
			{Name: "best_round_trip", Value: float64(r.Peak), Unit: "bytes"},
		},
	}
	doubt(f, 0.95, "an application that delivers more with each round trip looks the same")
	if x.Time[timeline.Retransmit] > 0 {
		doubt(f, 0.8, "packets were lost in the same exchange")
	}
	if x.Time[timeline.PathRate] > 0 {
		doubt(f, 0.7, "a queue stood in the path: its rate is a part of the time")
	}
	f.Evidence.Cite(r.From, "first segment")
	f.Evidence.Cite(r.To, "last segment")
	return f
}
