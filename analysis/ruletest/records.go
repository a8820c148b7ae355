package ruletest

import (
	"fmt"
	"slices"

	"connlint/analysis"
)

// Records is everything that was reported, one line each, sorted: two runs
// that report the same, in whatever order, have equal lists.
func (r *Result) Records() []string {
	var all []string
	for i := range r.Connections {
		c := &r.Connections[i]
		all = append(all, fmt.Sprintf("connection %d/%d: %s", c.First.Source(), c.First.Number(), c.Text))
	}
	for i := range r.Transactions {
		x := &r.Transactions[i]
		all = append(all, fmt.Sprintf("transaction %d/%d/%d: %s", x.Source, x.Connection, x.Index, x.Text))
	}
	for _, f := range r.Findings {
		plain := *f
		plain.Rule = nil // its page and its functions are no result
		all = append(all, fmt.Sprintf("finding %s: %s", f.Rule.Name, text(&plain)))
	}
	slices.Sort(all)
	return all
}

// Worst is the highest severity among the findings, 0 if there are none.
func (r *Result) Worst() analysis.Severity {
	var worst analysis.Severity
	for _, f := range r.Findings {
		worst = max(worst, f.Severity)
	}
	return worst
}
