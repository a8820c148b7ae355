package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
)

// idleConnectionHeld finds connections that stay open for seconds side by side
// and are never used again.
func idleConnectionHeld() *analysis.Rule {
	return &analysis.Rule{
		Name:     "keepalive/idle-connection-held",
		Severity: analysis.Note,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.ConnectionEnd | analysis.Clock,
		Params: []analysis.Param{
			{Name: "min_idle", Unit: "ms", Default: 2000,
				Source: "what belongs to one page or one job is asked for within a second or two"},
			{Name: "min_idle_beside", Unit: "ms", Default: 1000,
				Source: "the same where the client had enough to ask meanwhile, and asked it on other connections"},
			{Name: "min_beside", Unit: "count", Default: 6,
				Source: "more than the others of a burst over six connections, as browsers make it, have left to do"},
			{Name: "min_connections", Unit: "count", Default: 2,
				Source: "one spare connection is what keep-alive is for; a second one beside it waits for nothing"},
		},
		Start: startIdleConnectionHeld,
	}
}

// heldIdle is what the rule gathers of a pair: a group of connections that were
// idle at the same time, and the groups before it that were large enough.
type heldIdle struct {
	all, group idleGroup
}

type idleGroup struct {
	gathered
	from, to int64 // when any of them was idle, ns since the epoch
	idle     stretch
	beside   int    // exchanges that connections outside the group had meanwhile: as of the member that came to rest last
	by       [2]int // who closed
}

// heldOpen is how the idle time of a connection ended, and how long it was, ns.
type heldOpen struct {
	by      reassembly.Side
	closing capture.Frame
	idle    int64
}

func startIdleConnectionHeld(p *analysis.Pass) analysis.Run {
	pairs := analysis.PerPair[heldIdle](p)
	limit, least := int64(p.Param("min_idle")*1e6), p.CountParam("min_connections")
	shorter, beside := int64(p.Param("min_idle_beside")*1e6), p.CountParam("min_beside")
	return analysis.Run{
		Close: func(c *timeline.Connection) {
			if c.Announced.By != timeline.NotRefused || c.Traits.Is(beyondHTTP1|timeline.NotHTTP) {
				return
			}
			atLeast := limit
			if c.Beside >= beside {
				atLeast = min(limit, shorter)
			}
			if side, f, idle, ok := c.IdleClose(); ok && c.LastComplete && idle >= atLeast {
				pairs.Pair(c.Pair).add(c, heldOpen{side, f, idle}, atLeast, least)
			}
		},
		Pair: func(pair *timeline.Pair) {
			h := pairs.Peek(pair.Slot())
			if h == nil {
				return
			}
			if !p.Interim() || h.group.n >= least {
				h.flush(least)
			}
			if h.all.n > 0 {
				f := h.all.finding(limit)
				perAddress(f, pair, 0.7)
				p.Report(f)
			}
		},
	}
}

// add takes a connection that was idle before it was closed. It joins the
// group if both were idle together for as long as counts.
func (h *heldIdle) add(c *timeline.Connection, o heldOpen, limit int64, least int) {
	g, closing := &h.group, o.closing
	if g.n > 0 && min(closing.Time, g.to)-max(c.LastEnd.Time, g.from) < limit {
		h.flush(least)
	}
	if g.n == 0 {
		g.from, g.to = c.LastEnd.Time, closing.Time
	}
	g.from, g.to = min(g.from, c.LastEnd.Time), max(g.to, closing.Time)
	if g.n == 0 || c.Beside < g.beside {
		g.beside = c.Beside
	}
	g.take(c)
	g.idle.add(o.idle)
	g.by[o.by]++
	g.evidence.Cite(c.LastEnd, "end of the last response")
	g.evidence.Cite(closing, "close")
}

// flush counts the group if it is large enough, and begins another.
func (h *heldIdle) flush(least int) {
	if h.group.n >= least {
		h.all.merge(&h.group.gathered)
		h.all.idle.add(h.group.idle.least)
		h.all.idle.add(h.group.idle.most)
		h.all.beside = max(h.all.beside, h.group.beside)
		for side, n := range h.group.by {
			h.all.by[side] += n
		}
	}
	h.group = idleGroup{}
}

func (g *idleGroup) finding(limit int64) *analysis.Finding {
	until := "client or server"
	for side, n := range g.by {
		if n == g.n {
			until = "the " + reassembly.Side(side).String()
		}
	}
	f := &analysis.Finding{
		Subject:  g.subject,
		Culprit:  analysis.Client,
		Count:    g.n,
		Evidence: g.evidence,
		Message: fmt.Sprintf("%s stood open and idle side by side for %s after the last response, until %s closed them, and were not used again",
			count(g.n, "connection"), g.idle.String(), until),
		Measures: []analysis.Measure{
			{Name: "idle", Value: float64(g.idle.most) / 1e6, Threshold: float64(limit) / 1e6, Unit: "ms"},
			{Name: "exchanges_beside", Value: float64(g.beside), Unit: "count"},
		},
	}
	switch {
	case g.beside > 1 && g.n > 1:
		f.Message += fmt.Sprintf("; other connections carried up to %s meanwhile", count(g.beside, "exchange"))
	case g.beside > 0:
		f.Message += fmt.Sprintf("; other connections carried %s meanwhile", count(g.beside, "exchange"))
	}
	return f
}
