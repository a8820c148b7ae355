package metrics

import (
	"slices"
	"sync/atomic"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/output"
)

// Meter counts what a run finds. It is an [analysis.Sink]. All methods but
// those of a prometheus.Collector belong to the goroutine that analyses.
type Meter struct {
	rules     []*analysis.Rule
	index     map[string]int // by name
	static    []static       // what does not change over the run
	found     snapshot       // counted so far
	published atomic.Pointer[snapshot]
	families  families
}

// snapshot is a state of all metrics. Once published it is never written to.
type snapshot struct {
	counts    analysis.Counts
	givenUp   output.GivenUp
	unwritten uint64
	refused   uint64 // slots
	dropped   uint64 // findings

	transactions, incomplete uint64
	time                     timeline.Account
	durations                histogram
	rules                    []ruleCounts // in the order of Meter.rules
	skipped                  []skipped
}

// ruleCounts are the findings of one rule.
type ruleCounts struct {
	findings    [analysis.Error + 1]uint64 // by severity
	events      uint64
	lost, saved int64 // ns
}

// skipped are the connections that a rule could not judge for want of
// something.
type skipped struct {
	rule, gate  string
	connections uint64
}

// State is what a run knows beside what it tells its sink.
type State struct {
	Counts analysis.Counts // of the source
	// Summary is borrowed for the call.
	Summary *analysis.Summary
	// Unwritten are the records that the report did not take in time.
	Unwritten uint64
}

// New makes a Meter of a run with these rules and limits. program is the
// version that a user would name.
func New(program string, rules []*analysis.Rule, limits analysis.Limits) *Meter {
	m := &Meter{rules: slices.Clone(rules), index: map[string]int{}}
	for i, r := range m.rules {
		m.index[r.Name] = i
	}
	m.static = append(stated(limits.WithDefaults()), build(program))
	m.families = newFamilies()
	m.found.rules = make([]ruleCounts, len(m.rules))
	m.published.Store(m.found.clone())
	return m
}

// Connection is part of [analysis.Sink]. Connections are counted by what
// tracks them: that knows also those that are open.
func (m *Meter) Connection(*timeline.Connection) {}

// Transaction is part of [analysis.Sink].
func (m *Meter) Transaction(_ *timeline.Connection, x *timeline.Transaction) {
	m.found.transactions++
	if !x.Complete {
		m.found.incomplete++
	}
	m.found.time.Add(&x.Time)
	m.found.durations.add(x.Duration())
}

// Finding is part of [analysis.Sink].
func (m *Meter) Finding(f *analysis.Finding) {
	i, ok := m.index[f.Rule.Name]
	if !ok {
		return
	}
	r := &m.found.rules[i]
	r.findings[f.Severity]++
	r.events += uint64(f.Count)
	r.lost += f.Lost.Time
	r.saved += f.Saved.Time
}

// Publish makes what was counted so far, and s, what the next scrape reads.
func (m *Meter) Publish(s State) {
	next := m.found.clone()
	next.counts = s.Counts
	next.givenUp.Add(s.Counts)
	next.unwritten = s.Unwritten
	if s.Summary != nil {
		next.refused, next.dropped = s.Summary.SlotsRefused, s.Summary.FindingsDropped
		for rule, gates := range s.Summary.Skipped {
			for gate, n := range gates {
				next.skipped = append(next.skipped, skipped{rule, gate, n})
			}
		}
	}
	m.published.Store(next)
}

func (s *snapshot) clone() *snapshot {
	c := *s
	c.rules = slices.Clone(s.rules)
	return &c
}
