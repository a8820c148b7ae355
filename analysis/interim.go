package analysis

import (
	"slices"

	"connlint/analysis/timeline"
	"connlint/capture"
)

// IntervalSink is a [Sink] that also wants to know of report intervals.
type IntervalSink interface {
	Sink
	// Open is called at each interval for each connection that is open and had
	// packets in it; its Connection comes at its end.
	Open(*timeline.Connection)
	// Interval ends one at now, ns since the epoch: all that can be said by
	// then was said. soFar is what the source has read since the run began.
	Interval(now int64, soFar capture.Stats)
}

// Interim reports whether what is being judged goes on: the call is one of a
// report interval.
func (p *Pass) Interim() bool { return p.engine.interim != 0 }

// beginInterim begins the calls of a report interval that ends at now, ns.
func (e *Engine) beginInterim(now int64) {
	e.interim = now
	e.pairs = e.pairs[:0]
}

// SoFar is part of timeline.InterimHandler. A rule whose gates are shut is not
// asked; that is counted when the connection ends.
func (e *Engine) SoFar(c *timeline.Connection) {
	shut := shutAtEnd(c)
	for i := range e.runs {
		r := &e.runs[i]
		if r.run.SoFar != nil && r.pass.needs&shut == 0 {
			e.conn = c
			r.run.SoFar(c)
			e.conn = nil
		}
	}
	if sink, ok := e.sink.(IntervalSink); ok {
		sink.Open(c)
	}
}

// PairSoFar is part of timeline.InterimHandler.
func (e *Engine) PairSoFar(p *timeline.Pair) {
	for p.Slot() >= len(e.pairs) {
		e.pairs = append(e.pairs, nil)
	}
	e.pairs[p.Slot()] = p
}

// endInterim asks each rule for the pairs of which it has gathered something,
// and ends the interval. Most rules have nothing of most pairs: a run of tens
// of thousands must not ask each of them.
func (e *Engine) endInterim(soFar capture.Stats) {
	var slots []int
	for i := range e.runs {
		r := &e.runs[i]
		if r.run.Pair == nil {
			continue
		}
		slots = slots[:0]
		for _, gathered := range r.pass.gathered {
			slots = gathered(slots)
		}
		slices.Sort(slots)
		for _, slot := range slices.Compact(slots) {
			if slot < len(e.pairs) && e.pairs[slot] != nil {
				e.pairSoFar(r, e.pairs[slot])
			}
		}
	}
	clear(e.pairs) // pairs come and go until the next interval
	if sink, ok := e.sink.(IntervalSink); ok {
		sink.Interval(e.interim, soFar)
	}
	e.interim = 0
}

// pairSoFar asks a rule about a pair that goes on, and lets it begin anew if it
// has told something.
func (e *Engine) pairSoFar(r *running, p *timeline.Pair) {
	if !r.pass.askPair(r.run.Pair, p) {
		return
	}
	for _, free := range r.pass.part {
		free(p.Slot())
	}
	if r.pass.toldAt == nil {
		r.pass.toldAt = map[int]int64{}
	}
	r.pass.toldAt[p.Slot()] = e.interim
}

// askPair reports whether the rule had something to tell. What it tells begins
// where it last told something of the pair.
func (p *Pass) askPair(ask func(*timeline.Pair), pair *timeline.Pair) bool {
	p.told, p.since, p.pair = false, p.toldAt[pair.Slot()], pair
	ask(pair)
	p.since, p.pair = 0, nil
	return p.told
}

// HostSoFar is part of timeline.InterimHandler.
func (e *Engine) HostSoFar(h *timeline.Host) bool {
	told := false
	for i := range e.runs {
		if r := &e.runs[i]; r.run.Host != nil {
			r.pass.told, r.pass.host = false, h
			r.run.Host(h)
			r.pass.host = nil
			told = told || r.pass.told
		}
	}
	return told
}

// HostRestarts is part of timeline.InterimHandler.
func (e *Engine) HostRestarts(h *timeline.Host) { e.summary.host(h) }

// RouteSoFar is part of timeline.InterimHandler.
func (e *Engine) RouteSoFar(route *timeline.Route) {
	for i := range e.runs {
		r := &e.runs[i]
		if r.run.Route == nil {
			continue
		}
		r.pass.told, r.pass.route = false, route
		r.run.Route(route)
		if r.pass.route = nil; r.pass.told {
			for _, free := range r.pass.routes {
				free(route.Slot())
			}
		}
	}
}
