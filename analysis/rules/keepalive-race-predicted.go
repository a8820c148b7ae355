package rules

import (
	"fmt"
	"slices"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
)

// keepaliveRacePredicted finds pairs in which the client uses connections again
// shortly before the server's idle limit: one day a request crosses the close.
func keepaliveRacePredicted() *analysis.Rule {
	return &analysis.Rule{
		Name:     "keepalive/keepalive-race-predicted",
		Severity: analysis.Note,
		PartOf:   []string{"keepalive/keepalive-race-reset"},
		Needs:    analysis.BothDirections | analysis.NoGapBefore | analysis.ConnectionEnd | analysis.Clock,
		Params: []analysis.Param{
			{Name: "min_closes", Unit: "count", Default: 3,
				Source: "three closes after the same idle time are a timer; two may be chance"},
			{Name: "spread", Unit: "ratio", Default: 0.1, Max: 100,
				Source: "servers look at their timers now and then; idle limits in use differ by more than a tenth"},
			{Name: "min_limit", Unit: "ms", Default: 250,
				Source: "no server in use has a shorter idle limit: what closes sooner closes behind its response"},
			{Name: "danger", Unit: "ratio", Default: 0.9,
				Source: "the jitter of timers and pauses is of a tenth: who comes this close will be too late at times"},
		},
		Start: startRacePredicted,
	}
}

// maxIdles is how many idle times are kept of a pair: the first closes, and the
// longest pauses after which a connection was used again.
const maxIdles = 32

// idled is an idle time and the packet that ended it.
type idled struct {
	ns    int64
	frame capture.Frame
}

// rhythm is what is known of the idle times of a pair.
type rhythm struct {
	gathered
	closes   []idled // by the server, unannounced
	reuses   []idled // longest first
	collided bool
}

func startRacePredicted(p *analysis.Pass) analysis.Run {
	pairs := analysis.PerPair[rhythm](p)
	limit := int64(p.Param("min_limit") * 1e6)
	least, spread, danger := p.CountParam("min_closes"), p.Param("spread"), p.Param("danger")
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			if rest := c.Rest(x); rest >= limit && x.Complete {
				pairs.Pair(c.Pair).reused(idled{rest, x.Request})
			}
		},
		Close: func(c *timeline.Connection) {
			if f, idle, ok := serverIdleClose(c); ok && idle >= limit {
				r := pairs.Pair(c.Pair)
				r.take(c)
				r.collided = r.collided || c.Teardown.Crossing[reassembly.Server].Is(reassembly.Crossed|reassembly.SentAfter)
				if len(r.closes) < maxIdles {
					r.closes = append(r.closes, idled{idle, f})
				}
			}
		},
		Pair: func(pair *timeline.Pair) {
			if r := pairs.Peek(pair.Slot()); r != nil && !r.collided {
				if cluster := timer(r.closes, spread); len(cluster) >= least {
					r.predict(p, cluster, danger)
				}
			}
		},
	}
}

// serverIdleClose is the packet with which the server closed a connection that
// nobody had said would end, and how long that had been idle, ns.
func serverIdleClose(c *timeline.Connection) (f capture.Frame, idle int64, ok bool) {
	side, f, idle, ok := c.IdleClose()
	ok = ok && side == reassembly.Server && c.Announced.By == timeline.NotRefused &&
		(c.Refusal == timeline.ServerCloses || c.Refusal == timeline.ServerIdles) && !c.Traits.Is(beyondHTTP1|timeline.NotHTTP)
	return f, idle, ok
}

// reused keeps the longest pauses.
func (r *rhythm) reused(u idled) {
	i, _ := slices.BinarySearchFunc(r.reuses, u, func(a, b idled) int { return int(max(-1, min(1, b.ns-a.ns))) })
	if i >= maxIdles {
		return
	}
	if len(r.reuses) < maxIdles {
		r.reuses = append(r.reuses, idled{})
	}
	copy(r.reuses[i+1:], r.reuses[i:])
	r.reuses[i] = u
}

// timer is the largest group of idle times that lie within spread of the
// shortest of them.
func timer(closes []idled, spread float64) []idled {
	slices.SortFunc(closes, func(a, b idled) int { return int(max(-1, min(1, a.ns-b.ns))) })
	var best []idled
	for i := range closes {
		j := i
		for j < len(closes) && float64(closes[j].ns) <= float64(closes[i].ns)*(1+spread) {
			j++
		}
		if j-i > len(best) {
			best = closes[i:j]
		}
	}
	return best
}

func (r *rhythm) predict(p *analysis.Pass, cluster []idled, danger float64) {
	limit := cluster[0].ns
	near := 0
	f := &analysis.Finding{Subject: r.subject, Culprit: analysis.Client}
	for _, u := range r.reuses {
		if float64(u.ns) < danger*float64(limit) {
			break
		}
		near++
		f.Evidence.Cite(u.frame, "request shortly before the limit")
	}
	if near == 0 {
		return
	}
	f.Count = near
	for _, c := range cluster {
		f.Evidence.Cite(c.frame, "idle close")
	}
	f.Message = fmt.Sprintf("the server closes idle connections after %s (%d seen), and the client asked again after up to %s (%s so late): a request will cross a close",
		ms(limit), len(cluster), ms(r.reuses[0].ns), count(near, "time"))
	f.Measures = []analysis.Measure{
		{Name: "client_idle", Value: float64(r.reuses[0].ns) / 1e6, Threshold: danger * float64(limit) / 1e6, Unit: "ms"},
		{Name: "server_idle", Value: float64(limit) / 1e6, Unit: "ms"},
	}
	p.Report(f)
}
