package rules

import (
	"testing"

	"connlint/analysis"
	"connlint/analysis/ruletest"
)

// Whatever a user sets a threshold to within its range, a rule neither panics
// nor reports what cannot be: all traces are run with all parameters at the
// lower end of their ranges, and at the upper end.
func TestParametersAtTheirEnds(t *testing.T) {
	low, high := map[string]map[string]float64{}, map[string]map[string]float64{}
	for _, r := range All() {
		low[r.Name], high[r.Name] = map[string]float64{}, map[string]float64{}
		for i := range r.Params {
			p := &r.Params[i]
			low[r.Name][p.Name], high[r.Name][p.Name] = p.Range()
		}
	}
	for _, c := range cases(t) {
		for _, params := range []map[string]map[string]float64{low, high} {
			src, err := ruletest.Open(c.Name, c.Capture())
			if err != nil {
				t.Fatal(err)
			}
			res, err := ruletest.Run(ruletest.Options{Rules: All(), Config: analysis.Config{Params: params}}, src)
			if err != nil {
				t.Fatalf("%s: %v", c.Name, err)
			}
			if err := res.Verify(); err != nil {
				t.Errorf("%s, tiny-objects %v: %v", c.Name, params["concurrency/tiny-objects"], err)
			}
			if n := res.Summary.FindingsRefused; n > 0 {
				t.Errorf("%s: %d findings without evidence", c.Name, n)
			}
			src.Close()
		}
	}
}
