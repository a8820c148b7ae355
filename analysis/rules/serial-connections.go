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
		PartOf:   []string{"keepalive/connection-per-request", "concurrency/new-connection-while-idle-warm"},
		Needs:    analysis.Handshake | analysis.BothDirections | analysis.NoGapBefore | analysis.Clock,
		Params: []analysis.Param{
			{Name: "min_connections", Unit: "count", Default: 3,
				Source: "a page with two objects; one connection behind another may be chance"},
			{Name: "max_pause", Unit: "ms", Default: 1000,
				Source: "after a second without an answer people's flow of thought breaks (Miller 1968): what follows sooner is one errand of a program"},
		},
		Start: startSerialConnections,
	}
}

// serial is what the rule gathers of a pair. Connections that a message forbade
// to use again are a sequence of their own: what is under way on others beside
// them could not have been shared. The rest must have been alone.
type serial struct {
	alone, refused sequence
	// seen are the exchanges of the pair that the rule was told of: what a gate
	// kept from it may have come in between.
	seen, unseen int
	all          *serialRun // what the finished runs come to; made with the first
}

// sequence is where the next connection is joined on.
type sequence struct {
	run       *serialRun    // under way; made with the first
	lastEnd   capture.Frame // of the latest exchange
	lastConn  uint64        // which carried it
	lastIndex int
	head      member // of what may become a run
}

// serialRun is a number of connections one after another.
type serialRun struct {
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
	least, pause := p.CountParam("min_connections"), int64(p.Param("max_pause")*1e6)
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
				for _, q := range [...]*sequence{&s.alone, &s.refused} {
					if !p.Interim() || q.run != nil && q.run.n >= least {
						s.end(q, least)
					}
				}
				if s.all != nil && s.all.runs > 0 {
					f := s.all.finding(least)
					perAddress(f, pair, 0.7)
					p.Report(f)
				}
			}
		},
	}
}

// add takes an exchange of the pair, in the order in which they ended.
func (s *serial) add(c *timeline.Connection, x *timeline.Transaction, pause int64, least int) {
	if s.seen++; c.Pair.Transactions-s.seen != s.unseen {
		s.unseen = c.Pair.Transactions - s.seen
		s.end(&s.alone, least)
		s.end(&s.refused, least)
		s.alone.lastConn, s.refused.lastConn = 0, 0
	}
	q := &s.alone
	if c.Refusal != timeline.NotRefused {
		s.end(q, least)
		q.lastConn = 0
		q = &s.refused
	}
	opened := opening(c)
	switch {
	case !q.follows(c, x, opened, pause) || q == &s.alone && c.Traits.Is(timeline.ParallelConnections):
		s.end(q, least)
		q.head = member{c.ID(), opened, x.Start.Time, x.End.Time}
	default:
		if s.all == nil {
			s.all = new(serialRun)
		}
		q.follow(c, x, opened)
	}
	if !after(q.lastEnd, x.End) {
		q.lastEnd = x.End
	}
	q.lastConn, q.lastIndex = c.ID(), x.Index
}

// follows reports whether a connection was opened for an exchange when the one
// before, the first on its own, was done.
func (q *sequence) follows(c *timeline.Connection, x *timeline.Transaction, opened capture.Frame, pause int64) bool {
	return x.Index == 1 && x.Complete && x.Start == c.Handshake.SYN &&
		q.lastConn != 0 && q.lastIndex == 1 && after(opened, q.lastEnd) && opened.Time-q.lastEnd.Time+c.Tick <= pause
}

// after reports whether f came after g: where the clock ticks too coarsely to
// tell, by their order in the capture.
func after(f, g capture.Frame) bool {
	return f.Time > g.Time || f.Time == g.Time && f.Number() > g.Number()
}

// follow adds a connection to the run.
func (q *sequence) follow(c *timeline.Connection, x *timeline.Transaction, opened capture.Frame) {
	if q.run == nil {
		q.run = new(serialRun)
	}
	r := q.run
	if r.n == 0 {
		r.n, r.from = 1, q.head.from
		r.subject = analysis.Pair(c.Pair)
		r.subject.Connections = append(r.subject.Connections, q.head.id)
		r.subject.From, r.subject.To = q.head.from, q.head.to
		r.evidence.Cite(q.head.opened, "first connection of a run")
	}
	r.n++
	r.to = max(r.to, x.End.Time)
	r.subject.Gather(c)
	r.evidence.Cite(opened, "opened when the one before was done")
	r.lost.Add(analysis.Cost{Time: x.Time[timeline.Connect] + x.Time[timeline.TLS], RoundTrips: 1, Connections: 1})
}

// end ends the run of a sequence: it counts if it was long enough.
func (s *serial) end(q *sequence, least int) {
	if q.run == nil || q.run.n == 0 {
		return
	}
	if q.run.n >= least {
		s.all.join(q.run)
	}
	*q.run = serialRun{}
}

// join adds a run.
func (a *serialRun) join(r *serialRun) {
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
func (a *serialRun) cite(r *serialRun) {
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
func (a *serialRun) finding(least int) *analysis.Finding {
	why, took := a.refusals.most(), "they took"
	if a.longest < a.n {
		took = "the longest run, of " + grouped(uint64(a.longest)) + ", took"
	}
	f := &analysis.Finding{
		Subject:  a.subject,
		Culprit:  culprit(why),
		Count:    a.n,
		Evidence: a.evidence,
		Lost:     a.lost,
		Message: fmt.Sprintf("%s, one after another, carried one exchange each; of the %s that %s, %s went into opening all but the first",
			count(a.n, "connection"), ms(a.to-a.from), took, ms(a.setup)),
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
	case why == timeline.ClientCloses || why == timeline.ClientIdles:
		f.Confidence = 0.9
		f.Reasons = append(f.Reasons, "different users behind one address look the same")
	}
	return f
}
