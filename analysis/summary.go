package analysis

import (
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// Summary is what a whole run amounts to. Every part of it is a sum, so that
// the summaries of workers merge by addition.
type Summary struct {
	Connections, Transactions, Pairs uint64
	Opaque                           uint64 // of the transactions, turns of encrypted connections
	Incomplete                       uint64 // transactions without a whole request and a whole response

	// Spent is where the time of all transactions went, Charged, by rule,
	// what of it findings explain.
	Spent   Spent
	Charged map[string]*Charged

	Findings map[string]uint64            // by rule
	Events   map[string]uint64            // their counts, by rule
	Lost     map[string]*Cost             // by rule
	Saved    map[string]*Cost             // by rule
	Skipped  map[string]map[string]uint64 // connections, by rule and by the gate that was shut
	Traits   map[string]uint64            // connections, by trait
	Caveats  map[string]uint64            // connections, by caveat

	SlotsRefused    uint64 // times a rule could remember nothing more
	FindingsDropped uint64 // findings given up because too many waited
	FindingsRefused uint64 // findings without evidence: a mistake in a rule

	Budget Budget
	table  pairTable

	bySeverity [Error + 1]uint64
	servers    servers
}

func newSummary() Summary {
	return Summary{Charged: map[string]*Charged{}, servers: servers{of: map[serverKey]*SpentAt{}}, Findings: map[string]uint64{}, Events: map[string]uint64{}, Lost: map[string]*Cost{},
		Saved: map[string]*Cost{}, Skipped: map[string]map[string]uint64{},
		Traits: map[string]uint64{}, Caveats: map[string]uint64{}}
}

// AtLeast is how many findings were of the severity or worse.
func (s *Summary) AtLeast(sev Severity) uint64 {
	var n uint64
	for i := sev; i <= Error; i++ {
		n += s.bySeverity[i]
	}
	return n
}

func (s *Summary) transaction(c *timeline.Connection, x *timeline.Transaction) {
	s.Transactions++
	s.Spent.add(x)
	s.servers.add(c, x)
	s.Budget.transaction(x)
	s.table.spend(c.Pair, x.Duration())
	if x.Opaque() {
		s.Opaque++
	}
	if !x.Complete {
		s.Incomplete++
	}
}

func (s *Summary) pair(p *timeline.Pair) {
	s.Pairs++
	s.table.pair(p)
}

func (s *Summary) host(h *timeline.Host) { s.table.host(h) }

func (s *Summary) connection(c *timeline.Connection) {
	s.Connections++
	s.Budget.Bytes.connection(c)
	s.table.connection(c)
	countNames(s.Traits, uint64(c.Traits), timeline.TraitName)
	countNames(s.Caveats, uint64(c.Caveats), reassembly.CaveatName)
}

// countNames counts each bit of a set under its name.
func countNames(into map[string]uint64, set uint64, name func(bit int) string) {
	for bit := 0; set != 0; bit++ {
		if set&1 != 0 {
			into[name(bit)]++
		}
		set >>= 1
	}
}

func (s *Summary) finding(f *Finding) {
	name := f.Rule.Name
	s.bySeverity[f.Severity]++
	s.Findings[name]++
	s.Events[name] += uint64(f.Count)
	s.charge(f)
	add(s.Lost, name, f.Lost)
	add(s.Saved, name, f.Saved)
}

func add(m map[string]*Cost, name string, c Cost) {
	if m[name] == nil {
		m[name] = &Cost{}
	}
	m[name].Add(c)
}

func (s *Summary) skip(rule, gate string) {
	if s.Skipped[rule] == nil {
		s.Skipped[rule] = map[string]uint64{}
	}
	s.Skipped[rule][gate]++
}
