package analysis_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"connlint/analysis"
	"connlint/analysis/rules"
)

// TestIntervalsAddUp holds a run with report intervals against one without:
// transactions and connections are the same, and so is what the findings of
// each rule come to, but for those that look for runs: an interval ends a run.
func TestIntervalsAddUp(t *testing.T) {
	runs := map[string]bool{"concurrency/serial-connections": true}
	for _, path := range captures(t) {
		t.Run(filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path), func(t *testing.T) {
			whole := run(t, path, analysis.Limits{}, nil)
			for _, every := range []int64{200e6, 5e9} {
				parts := run(t, path, analysis.Limits{Interval: every}, nil)
				if err := parts.Verify(); err != nil {
					t.Error(err)
				}
				a, b := *whole, *parts
				a.Findings, b.Findings = nil, nil
				alike(t, kept(a.Records()), kept(b.Records()), "intervals")
				x, y := sums(whole.Findings), sums(parts.Findings)
				for _, r := range rules.All() {
					if x[r.Name] != y[r.Name] && !runs[r.Name] {
						t.Errorf("%s comes to %+v, in intervals of %d ms to %+v", r.Name, x[r.Name], every/1e6, y[r.Name])
					}
				}
			}
		})
	}
}

// handed are what Nagle's algorithm held outside of transactions: an interval
// hands them over to the rules for good, and their sums are compared.
var handed = regexp.MustCompile(` Stalls:\[.*?\] KeptBack:`)

// kept is records without what intervals hand over.
func kept(records []string) []string {
	for i, r := range records {
		if strings.HasPrefix(r, "connection ") {
			records[i] = handed.ReplaceAllString(r, " KeptBack:")
		}
	}
	return records
}

// sum is what the findings of a rule come to.
type sum struct {
	count       int
	lost, saved analysis.Cost
}

func sums(all []*analysis.Finding) map[string]sum {
	of := map[string]sum{}
	for _, f := range all {
		s := of[f.Rule.Name]
		s.count += f.Count
		s.lost.Add(f.Lost)
		s.saved.Add(f.Saved)
		of[f.Rule.Name] = s
	}
	return of
}
