package analysis

import (
	"slices"

	"connlint/analysis/timeline"
)

// Path is part of timeline.PathHandler. A rule whose gates are shut for one of
// the legs is not asked, and counted as skipped once for the path.
func (e *Engine) Path(p *timeline.Path) {
	shut := shutForPath(p)
	for i := range e.runs {
		r := &e.runs[i]
		if r.run.Path == nil {
			continue
		}
		if s := r.pass.needs & shut; s != 0 {
			e.summary.skip(r.pass.rule.Name, s.first())
			continue
		}
		r.pass.route = p.Route
		r.run.Path(p)
		r.pass.route = nil
	}
}

// Route is part of timeline.PathHandler.
func (e *Engine) Route(route *timeline.Route) {
	for i := range e.runs {
		r := &e.runs[i]
		if r.run.Route != nil {
			r.pass.route = route
			r.run.Route(route)
			r.pass.route = nil
		}
	}
	e.ofRoutes.end(route.Slot())
}

// shutForPath are the gates that are shut for a path: those of either leg,
// and of the attempt before.
func shutForPath(p *timeline.Path) Gates {
	var shut Gates
	for _, l := range [...]*timeline.Leg{p.Down, p.Up, p.Before} {
		switch {
		case l == nil:
			continue
		case l.OneDirection:
			shut |= BothDirections
		case l.Blind:
			shut |= NoGapBefore
		}
		if l.Open {
			shut |= ConnectionEnd
		}
	}
	if p.Up == nil && p.Kept.Holes {
		shut |= NoGapBefore
	}
	return shut
}

// PerRoute makes slots that live as long as a route. Call it in Start.
func PerRoute[T any](p *Pass) *Slots[T] {
	s := newSlots[T](p, &p.engine.ofRoutes)
	p.routes = append(p.routes, s.drop)
	return s
}

// Route is the slot of a route.
func (s *Slots[T]) Route(r *timeline.Route) *T { return s.at(r.Slot()) }

// Through is the subject that a route through a proxy is: its client is the
// proxy, its server the one behind it. The rule gathers the connections.
func Through(r *timeline.Route) Subject {
	return Subject{Kind: OfPath, Source: r.Source, Client: r.Client, Server: r.Server}
}

// GatherPath adds the connections of both legs to those that the subject
// names, each once, and their time.
func (s *Subject) GatherPath(p *timeline.Path) {
	for _, l := range [...]*timeline.Leg{p.Down, p.Up} {
		if l == nil {
			continue
		}
		if s.From == 0 || l.Request.Time < s.From {
			s.From = l.Request.Time
		}
		s.To = max(s.To, l.End.Time)
		s.name(l)
	}
}

// name adds the connection of a leg if it is not named yet. Beyond the limit
// each is counted with its first transaction.
func (s *Subject) name(l *timeline.Leg) {
	switch {
	case slices.Contains(s.Connections, l.Connection):
	case len(s.Connections) < MaxSubjects:
		s.Connections = append(s.Connections, l.Connection)
	case l.Index == 1:
		s.Omitted++
	}
}
