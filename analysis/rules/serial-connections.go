package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
)

// serialConnections finds runs of exchanges that a client made one after
// another, each on a connection opened when the one before was done.
func serialConnections() *analysis.Rule {
	return &analysis.Rule{
		Name:     "concurrency/serial-connections",
		Severity: analysis.Warning,
		Needs:    analysis.Handshake | analysis.BothDirections | analysis.NoGapBefore,
		Params: []analysis.Param{
			{Name: "min_connections", Unit: "count", Default: 3,
				Source: "a page with two objects; one connection behind another may be chance"},
			{Name: "max_pause", Unit: "ms", Default: 1000,
				Source: "after a second without an answer people's flow of thought breaks (Miller 1968): what follows sooner is one errand of a program"},
		},
		Start: startSerialConnections,
	}
}

// serial is what the rule gathers of a pair. Most pairs never have a run: what
// belongs to one is made with the first.
type serial struct {
	run, all  *stretch // the run under way; what the finished ones come to
	lastEnd   int64    // of the latest exchange of the pair, ns
	lastConn  uint64   // which carried it
	lastIndex int
	head      member // of what may become a run
}

// stretch is a number of connections one after another.
type stretch struct {
	subject  analysis.Subject
	evidence analysis.Evidence
	n        int
	lost     analysis.Cost
	from, to int64 // of a run; of all, those of the longest
	runs     int
	longest  int   // connections of the longest
	setup    int64 // what opening these took, ns
	refusals blame
	opaque   int
}

// member is a connection that may be the first of a run.
type member struct {
	id       uint64
	opened   capture.Frame
	from, to int64
}

func startSerialConnections(p *analysis.Pass) analysis.Run {
	pairs := analysis.PerPair[serial](p)
	least, pause := int(p.Param("min_connections")), int64(p.Param("max_pause")*1e6)
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			if c.Pair.Connections > 1 || x.Index == 1 {
				pairs.Pair(c.Pair).add(c, x, pause, least)
			}
		},
		Close: func(c *timeline.Connection) {
			if s := pairs.Peek(c.Pair.Slot()); s != nil && s.all != nil && c.Transactions == 1 && c.Complete == 1 {
				s.all.refusals[c.Refusal]++
				if c.Encrypted {
					s.all.opaque++
				}
			}
		},
		Pair: func(pair *timeline.Pair) {
			if s := pairs.Peek(pair.Slot()); s != nil {
				s.finish(least)
				if s.all != nil && s.all.runs > 0 {
					p.Report(s.all.finding(least))
				}
			}
		},
	}
}

// add takes an exchange of the pair, in the order in which they ended.
func (s *serial) add(c *timeline.Connection, x *timeline.Transaction, pause int64, least int) {
	opened := opening(c)
	follows := x.Index == 1 && x.Complete && x.Start == c.Handshake.SYN && !c.Traits.Is(timeline.ParallelConnections) &&
		s.lastConn != 0 && s.lastIndex == 1 && opened.Time >= s.lastEnd && opened.Time-s.lastEnd <= pause
	if !follows {
		s.finish(least)
		s.head = member{c.ID(), opened, x.Start.Time, x.End.Time}
	} else {
		s.follow(c, x, opened)
	}
	s.lastEnd, s.lastConn, s.lastIndex = max(s.lastEnd, x.End.Time), c.ID(), x.Index
}

// follow adds a connection to the run.
func (s *serial) follow(c *timeline.Connection, x *timeline.Transaction, opened capture.Frame) {
	if s.run == nil {
		s.run, s.all = new(stretch), new(stretch)
	}
	r := s.run
	if r.n == 0 {
		r.n, r.from = 1, s.head.from
		r.subject = analysis.Pair(c.Pair)
		r.subject.Connections = append(r.subject.Connections, s.head.id)
		r.subject.From, r.subject.To = s.head.from, s.head.to
		r.evidence.Cite(s.head.opened, "first connection of a run")
	}
	r.n++
	r.to = max(r.to, x.End.Time)
	r.subject.Gather(c)
	r.evidence.Cite(opened, "opened when the one before was done")
	r.lost.Add(analysis.Cost{Time: x.Time[timeline.Connect] + x.Time[timeline.TLS], RoundTrips: 1, Connections: 1})
}

// finish ends the run: it counts if it was long enough.
func (s *serial) finish(least int) {
	if s.run == nil || s.run.n == 0 {
		return
	}
	if s.run.n >= least {
		s.all.join(s.run)
	}
	*s.run = stretch{}
}

// join adds a run.
func (a *stretch) join(r *stretch) {
	if a.runs++; a.runs == 1 {
		a.subject, a.evidence = r.subject, r.evidence
	} else {
		a.cite(r)
	}
	a.n += r.n
	a.lost.Add(r.lost)
	if r.n > a.longest {
		a.longest, a.setup, a.from, a.to = r.n, r.lost.Time, r.from, r.to
	}
}

// cite names the connections and packets of a further run.
func (a *stretch) cite(r *stretch) {
	room := min(analysis.MaxSubjects-len(a.subject.Connections), len(r.subject.Connections))
	a.subject.Connections = append(a.subject.Connections, r.subject.Connections[:room]...)
	a.subject.Omitted += r.subject.Omitted + len(r.subject.Connections) - room
	a.subject.To = max(a.subject.To, r.subject.To)
	for _, c := range r.evidence.Frames {
		a.evidence.Cite(c.Frame, c.Role)
	}
	a.evidence.Omitted += r.evidence.Omitted
}

// finding is what a pair comes to. What reuse would save is told by
// keepalive/connection-per-request, or by new-connection-while-idle-warm.
func (a *stretch) finding(least int) *analysis.Finding {
	why := a.refusals.most()
	f := &analysis.Finding{
		Subject:  a.subject,
		Culprit:  culprit(why),
		Count:    a.n,
		Evidence: a.evidence,
		Lost:     a.lost,
		Message: fmt.Sprintf("%s, one after another, carried one exchange each; of the %s that %d of them took, %s went into opening all but the first",
			count(a.n, "connection"), ms(a.to-a.from), a.longest, ms(a.setup)),
		Measures: []analysis.Measure{
			{Name: "connections", Value: float64(a.n), Threshold: float64(least), Unit: "count"},
			{Name: "runs", Value: float64(a.runs), Unit: "count"},
			{Name: "longest_run", Value: float64(a.to-a.from) / 1e6, Unit: "ms"},
		},
	}
	if a.setup*10 < a.to-a.from {
		f.Severity = analysis.Note // a habit to know of, which costs little here
	}
	switch {
	case a.opaque > 0:
		blameOpaque(f)
	case why == timeline.NotRefused:
		// Nothing kept it from using the one it had.
		f.Culprit = analysis.Client
	case why == timeline.ClientCloses:
		f.Confidence = 0.9
		f.Reasons = append(f.Reasons, "different users behind one address look the same")
	}
	return f
}
