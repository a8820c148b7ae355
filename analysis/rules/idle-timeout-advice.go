package rules

import (
	"fmt"
	"strings"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
)

// idleTimeoutAdvice says what a longer idle limit of the server would save.
func idleTimeoutAdvice() *analysis.Rule {
	return &analysis.Rule{
		Name:     "keepalive/idle-timeout-advice",
		Severity: analysis.Note,
		Needs:    analysis.BothDirections | analysis.Handshake | analysis.NoGapBefore | analysis.ConnectionEnd | analysis.Clock,
		Params: []analysis.Param{
			{Name: "min_saved", Unit: "count", Default: 3,
				Source: "a setting is changed for a habit, not for one connection or two"},
			{Name: "spread", Unit: "ratio", Default: 0.1, Max: 100,
				Source: "as of keepalive-race-predicted: closes this near to each other are one timer"},
			{Name: "min_limit", Unit: "ms", Default: 250,
				Source: "as of keepalive-race-predicted: what closes sooner closes behind its response"},
			{Name: "max_timeout", Unit: "ms", Default: 120000,
				Source: "beyond two minutes NAT devices and balancers drop idle connections (RFC 5382 §5 asks for 124 minutes; many keep less)"},
		},
		Start: startIdleTimeoutAdvice,
	}
}

// timeouts are the idle limits that are considered, seconds: those that servers
// and balancers have as their defaults, and some between.
var timeouts = [...]int{2, 5, 10, 15, 20, 30, 60, 75, 90, 120, 180, 300}

// pauses is what the rule gathers of a pair.
type pauses struct {
	gathered
	closes []idled
	// saved is how many set-ups each timeout would have saved that the ones
	// before it would not, time and round trips likewise.
	saved [len(timeouts)]analysis.Cost
	first [len(timeouts)]capture.Frame
}

func startIdleTimeoutAdvice(p *analysis.Pass) analysis.Run {
	pairs := analysis.PerPair[pauses](p)
	limit, most := int64(p.Param("min_limit")*1e6), int64(p.Param("max_timeout")*1e6)
	least, spread := p.CountParam("min_saved"), p.Param("spread")
	return analysis.Run{
		Close: func(c *timeline.Connection) {
			f, idle, ok := serverIdleClose(c)
			ok = ok && idle >= limit
			s := pairs.Peek(c.Pair.Slot())
			if s == nil && ok {
				s = pairs.Pair(c.Pair)
			}
			if s == nil || c.Complete == 0 {
				return // until the server has closed one there is nothing to advise
			}
			s.take(c)
			if ok && len(s.closes) < maxIdles {
				s.closes = append(s.closes, idled{idle, f})
			}
			s.opened(c)
		},
		Pair: func(pair *timeline.Pair) {
			if s := pairs.Peek(pair.Slot()); s != nil {
				if cluster := timer(s.closes, spread); len(cluster) >= least {
					s.advise(p, cluster, most, least)
				}
			}
		},
	}
}

// opened counts the set-up of a connection for the first timeout with which the
// one before it would still have been open.
func (s *pauses) opened(c *timeline.Connection) {
	if c.Predecessor.IsZero() {
		return
	}
	pause := opening(c).Sub(c.Predecessor)
	for i, t := range timeouts {
		if pause <= int64(t)*1e9 {
			s.saved[i].Add(analysis.Cost{Time: c.PlainSetup(), RoundTrips: c.SetupRoundTrips, Connections: 1})
			if s.first[i].IsZero() {
				s.first[i] = opening(c)
			}
			return
		}
	}
}

// advise reports the shortest timeout with most of what can be saved. It
// promises nothing: where these connections carried one request each,
// connection-per-request does.
func (s *pauses) advise(p *analysis.Pass, cluster []idled, most int64, least int) {
	now := cluster[len(cluster)-1].ns
	var curve []string
	var total, best analysis.Cost
	at := 0
	f := &analysis.Finding{Subject: s.subject, Culprit: analysis.Server}
	for i, t := range timeouts {
		ns := int64(t) * 1e9
		if ns <= now || ns > most || s.saved[i].Connections == 0 {
			continue
		}
		total.Add(s.saved[i])
		f.Evidence.Cite(s.first[i], "connection opened after a pause")
		f.Measures = append(f.Measures, analysis.Measure{Name: fmt.Sprintf("saved_by_%d_s", t), Value: float64(total.Connections), Unit: "count"})
		curve = append(curve, fmt.Sprintf("%d s would have saved %d", t, total.Connections))
		if total.Connections*4 >= best.Connections*5 || at == 0 {
			best, at = total, t // it must save a quarter more to be worth a longer one
		}
	}
	if best.Connections < least {
		return
	}
	for _, c := range cluster {
		f.Evidence.Cite(c.frame, "idle close")
	}
	f.Count, f.Lost = best.Connections, best
	f.Message = fmt.Sprintf("the server closes idle connections after %s (%d seen); an idle limit of %s set-ups; %d s would have spared %s of opening connections",
		ms(cluster[0].ns), len(cluster), strings.Join(curve, ", of "), at, ms(best.Time))
	p.Report(f)
}
