package analysis

import (
	"fmt"
	"sort"

	"connlint/analysis/timeline"
)

// Sink receives what a run finds. Arguments are borrowed for the call, but a
// Finding may be kept.
type Sink interface {
	Connection(*timeline.Connection)
	Transaction(*timeline.Connection, *timeline.Transaction)
	Finding(*Finding)
}

// Config says how rules run.
type Config struct {
	// Params overrides defaults: rule name, then parameter name.
	Params map[string]map[string]float64
	// Relax opens gates of a rule by name. Tests use it to prove that a gate,
	// and nothing else, withholds a finding.
	Relax map[string]Gates
}

// Engine runs rules over the facts of one run. It is the [timeline.Handler]
// of a run.
type Engine struct {
	sink    Sink
	runs    []running
	summary Summary
	// withheld are findings that wait for the end of their connection, by
	// connection slot.
	withheld map[int][]pending
	waiting  int             // findings in withheld
	skipped  map[int][]Gates // by connection slot: what was counted, by rule
	spare    [][]Gates       // to use again, all zero
	slots    int             // that all rules hold
	closing  bool
	interim  int64            // the end of the report interval that is being told, ns; 0: none is
	pairs    []*timeline.Pair // those of that time, by slot

	conn *timeline.Connection // what is being judged, if it is a connection
	// Those of runs that ask for transactions, and for closes: most rules ask
	// for one thing only, and these two are asked for most often.
	transactions, closes []asked
	// What rules remember of what is still followed.
	ofConnections, ofPairs, ofRoutes owners
}

type running struct {
	pass *Pass
	run  Run
}

// asked is one call of a rule, with all that is needed to make it.
type asked struct {
	rule  int // in runs
	needs Gates
	// One of them, or none where a rule asks for closes only to have it
	// counted what it could not judge.
	transaction func(*timeline.Connection, *timeline.Transaction)
	close       func(*timeline.Connection)
}

type pending struct {
	pass *Pass
	f    *Finding
}

// New checks the rules and starts them.
func New(cfg Config, rules []*Rule, sink Sink) (*Engine, error) {
	if err := Validate(rules); err != nil {
		return nil, err
	}
	e := &Engine{sink: sink, withheld: map[int][]pending{}, skipped: map[int][]Gates{}, summary: newSummary()}
	if err := cfg.check(rules); err != nil {
		return nil, err
	}
	for _, r := range rules {
		p := &Pass{rule: r, engine: e, values: map[string]float64{}, needs: r.Needs &^ cfg.Relax[r.Name]}
		p.remedy, _ = ParseRemedy(r.Doc) // the tests refuse a page that cannot be read
		for _, param := range r.Params {
			p.values[param.Name] = param.Default
			if v, ok := cfg.Params[r.Name][param.Name]; ok {
				p.values[param.Name] = v
			}
		}
		e.start(p)
	}
	return e, nil
}

// start starts a rule and notes what it asks for.
func (e *Engine) start(p *Pass) {
	run, i := p.rule.Start(p), len(e.runs)
	e.runs = append(e.runs, running{p, run})
	if run.Transaction != nil {
		e.transactions = append(e.transactions, asked{rule: i, needs: p.needs, transaction: run.Transaction})
	}
	if run.Close != nil || run.Host != nil || run.Path != nil {
		e.closes = append(e.closes, asked{rule: i, needs: p.needs, close: run.Close})
	}
}

// check refuses parameters that no rule has, and values out of their range.
func (cfg Config) check(rules []*Rule) error {
	known := map[string]*Rule{}
	for _, r := range rules {
		known[r.Name] = r
	}
	for name, params := range cfg.Params {
		r := known[name]
		if r == nil {
			return fmt.Errorf("no rule %q; \"connlint rules\" lists them", name)
		}
		for name, v := range params {
			p := r.Param(name)
			if p == nil {
				return fmt.Errorf("rule %s has no parameter %q; \"connlint rules %s\" lists them", r.Name, name, r.Name)
			}
			if err := p.Check(v); err != nil {
				return fmt.Errorf("rule %s: %w", r.Name, err)
			}
		}
	}
	return nil
}

// Parameters are the values in force: rule name, then parameter name.
func (e *Engine) Parameters() map[string]map[string]float64 {
	all := map[string]map[string]float64{}
	for _, r := range e.runs {
		if len(r.pass.values) > 0 {
			all[r.pass.rule.Name] = r.pass.values
		}
	}
	return all
}

// Transaction is part of timeline.Handler.
func (e *Engine) Transaction(c *timeline.Connection, x *timeline.Transaction) {
	e.summary.transaction(c, x)
	e.sink.Transaction(c, x)
	shut := shutFor(c, x)
	e.conn = c
	for i := range e.transactions {
		a := &e.transactions[i]
		if s := a.needs & shut; s != 0 {
			e.skip(c, a.rule, s)
			continue
		}
		a.transaction(c, x)
	}
	e.conn = nil
}

// Close is part of timeline.Handler.
func (e *Engine) Close(c *timeline.Connection) {
	e.summary.connection(c)
	e.closing = true
	shut := shutAtEnd(c)
	e.settle(c, shut)
	e.conn = c
	for i := range e.closes {
		a := &e.closes[i]
		if s := a.needs & shut; s != 0 {
			e.skip(c, a.rule, s)
		} else if a.close != nil {
			a.close(c)
		}
	}
	e.conn = nil
	e.ofConnections.end(c.Slot())
	e.closing = false
	e.sink.Connection(c)
	if counted := e.skipped[c.Slot()]; counted != nil {
		delete(e.skipped, c.Slot())
		if clear(counted); len(e.spare) < 1024 {
			e.spare = append(e.spare, counted)
		}
	}
}

// settle lets go of the findings that waited for the connection's end.
func (e *Engine) settle(c *timeline.Connection, shut Gates) {
	for _, w := range e.withheld[c.Slot()] {
		if s := w.pass.needs & shut & ConnectionEnd; s != 0 {
			e.skip(c, e.index(w.pass), s)
			continue
		}
		w.f.Caveats |= c.Caveats
		e.emit(w.f)
	}
	e.waiting -= len(e.withheld[c.Slot()])
	delete(e.withheld, c.Slot())
}

func (e *Engine) index(p *Pass) int {
	for i := range e.runs {
		if e.runs[i].pass == p {
			return i
		}
	}
	return 0
}

// Pair is part of timeline.Handler.
func (e *Engine) Pair(p *timeline.Pair) {
	e.summary.pair(p)
	for i := range e.runs {
		r := &e.runs[i]
		if r.run.Pair != nil {
			r.pass.askPair(r.run.Pair, p)
			delete(r.pass.toldAt, p.Slot())
		}
	}
	e.ofPairs.end(p.Slot())
}

// Host is part of timeline.HostHandler. No gate is asked here: what a host is
// made of was seen from end to end, and the connections of which it was not
// were counted as skipped when they closed.
func (e *Engine) Host(h *timeline.Host) {
	e.summary.host(h)
	for i := range e.runs {
		if r := &e.runs[i]; r.run.Host != nil {
			r.pass.host = h
			r.run.Host(h)
			r.pass.host = nil
		}
	}
}

// maxWithheld bounds the findings of one connection that wait for its end,
// maxAllWithheld those of all connections.
const (
	maxWithheld    = 256
	maxAllWithheld = 1 << 16
)

func (e *Engine) withhold(p *Pass, f *Finding) {
	slot := e.conn.Slot()
	if len(e.withheld[slot]) >= maxWithheld || e.waiting >= maxAllWithheld {
		e.summary.FindingsDropped++
		return
	}
	e.withheld[slot] = append(e.withheld[slot], pending{p, f})
	e.waiting++
}

func (e *Engine) emit(f *Finding) {
	e.summary.finding(f)
	e.sink.Finding(f)
}

// skip counts, once for each connection, that a rule could not judge.
func (e *Engine) skip(c *timeline.Connection, rule int, shut Gates) {
	slot := c.Slot()
	counted := e.skipped[slot]
	if counted == nil {
		if n := len(e.spare); n > 0 {
			counted, e.spare = e.spare[n-1], e.spare[:n-1]
		} else {
			counted = make([]Gates, len(e.runs))
		}
		e.skipped[slot] = counted
	}
	if counted[rule] == 0 {
		counted[rule] = shut
		e.summary.skip(e.runs[rule].pass.rule.Name, shut.first())
	}
}

// Summary is what the run amounts to. It is whole after the last Pair.
func (e *Engine) Summary() *Summary { return &e.summary }

// Rules are the rules of the run, sorted by name.
func (e *Engine) Rules() []*Rule {
	var rules []*Rule
	for _, r := range e.runs {
		rules = append(rules, r.pass.rule)
	}
	sort.Slice(rules, func(i, j int) bool { return rules[i].Name < rules[j].Name })
	return rules
}
