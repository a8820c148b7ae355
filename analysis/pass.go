package analysis

import (
	"fmt"
	"math"

	"connlint/analysis/timeline"
)

// Pass is what the engine gives a rule: its parameters and a voice.
type Pass struct {
	rule   *Rule
	engine *Engine
	values map[string]float64
	needs  Gates // what is left of the rule's gates after relaxation
	remedy *Remedy
	// What is being judged if it is no connection: one of them is set while
	// the rule runs.
	pair  *timeline.Pair
	host  *timeline.Host
	route *timeline.Route

	part   []func(slot int) // frees the pair slots that do not outlast a report interval
	routes []func(slot int) // frees the route slots at one
	// gathered adds the slots of pairs, or of routes, of which something is kept.
	gathered []func(slots []int) []int
	told     bool          // something was reported since this was last unset
	toldAt   map[int]int64 // when something of a pair, by slot, was told before it was over
	since    int64         // the same of the pair that is being judged; 0: never
}

// Param is the value of one of the rule's parameters. To ask for one that the
// rule does not declare is a mistake in the rule and panics at Start.
func (p *Pass) Param(name string) float64 {
	v, ok := p.values[name]
	if !ok {
		panic(fmt.Sprintf("rule %s does not declare parameter %q", p.rule.Name, name))
	}
	return v
}

// CountParam is a parameter that counts something; what is beyond an int is as
// good as its largest value.
func (p *Pass) CountParam(name string) int { return int(min(p.Param(name), math.MaxInt32)) }

// Report makes a finding. The engine fills in rule, and severity and fix if they
// are not set, withholds it until the gates that only the end of the connection
// can judge are open, and refuses one without evidence: a finding that cites
// nothing proves nothing. That is a mistake in the rule, which the tests look
// for in the summary.
func (p *Pass) Report(f *Finding) {
	f.Rule = p.rule
	if f.Severity == 0 {
		f.Severity = p.rule.Severity
	}
	if f.Confidence == 0 {
		f.Confidence = 1
	}
	if f.Count == 0 {
		f.Count = 1
	}
	if len(f.Evidence.Frames) == 0 {
		p.engine.summary.FindingsRefused++
		return
	}
	if f.Fix == "" {
		f.Fix = p.remedy.For(f.Culprit, p.seen(f.Culprit)...)
	}
	p.told = true
	if p.engine.conn != nil {
		f.Caveats |= p.engine.conn.Caveats
	}
	if p.since <= f.Subject.To { // what came late may be of before
		f.Subject.From = max(f.Subject.From, p.since)
	}
	if p.engine.conn != nil && p.needs&ConnectionEnd != 0 && !p.engine.closing {
		p.engine.withhold(p, f)
		return
	}
	p.engine.emit(f)
}
