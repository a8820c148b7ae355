package rules

import (
	"strings"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// saying is what a rule gathers of the heads of one pair, by who sent them.
type saying [2]struct {
	subject  analysis.Subject
	evidence analysis.Evidence
	n        int
	names    []string // at most maxFields
	last     uint64   // the connection named last
}

// add takes a head that says what the rule looks for, with the field or the
// option that does.
func (s *saying) add(c *timeline.Connection, x *timeline.Transaction, m *http1.Message, name []byte) {
	w := &s[m.Dir]
	if w.n++; w.n == 1 {
		w.subject = analysis.Pair(c.Pair)
		w.subject.From = x.Start.Time
	}
	if w.last != c.ID() {
		w.last = c.ID()
		w.subject.Gather(c)
	}
	w.subject.To = max(w.subject.To, x.End.Time)
	if v := quoted(name); len(w.names) < maxFields && !containsFold(w.names, v) {
		w.names = append(w.names, v)
	}
	w.evidence.Cite(m.Head, "head of the "+m.Dir.String())
}

// report makes a finding for each side that said it; what is told the number of
// heads as a noun ("2 requests") and the names.
func (s *saying) report(p *analysis.Pass, what func(f *analysis.Finding, heads, names string)) {
	for side := range s {
		w := &s[side]
		if w.n == 0 {
			continue
		}
		f := &analysis.Finding{Subject: w.subject, Evidence: w.evidence, Count: w.n, Culprit: role(reassembly.Side(side))}
		what(f, count(w.n, http1.Direction(side).String()), strings.Join(w.names, ", "))
		p.Report(f)
	}
}

// heads calls do with the messages of a transaction whose heads are whole.
func heads(x *timeline.Transaction, do func(m *http1.Message)) {
	for _, m := range [...]*http1.Message{x.HTTP.Request, x.HTTP.Response} {
		if m != nil && !m.Head.IsZero() {
			do(m)
		}
	}
}

// eachHead is a rule that looks at one head at a time and tells of each pair.
func eachHead(p *analysis.Pass, find func(x *timeline.Transaction, m *http1.Message) (name []byte),
	what func(f *analysis.Finding, heads, names string)) analysis.Run {
	pairs := analysis.PerPair[saying](p)
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			heads(x, func(m *http1.Message) {
				if name := find(x, m); name != nil {
					pairs.Pair(c.Pair).add(c, x, m, name)
				}
			})
		},
		Pair: func(pair *timeline.Pair) {
			if s := pairs.Peek(pair.Slot()); s != nil {
				s.report(p, what)
			}
		},
	}
}
