package main

import (
	"testing"

	"connlint/analysis"
	"connlint/analysis/rules"
)

// Values may be written in any unit of the parameter's family.
func TestUnits(t *testing.T) {
	for _, x := range []struct {
		text, unit string
		want       float64
	}{
		{"30", "ms", 30}, {"30ms", "ms", 30}, {"30 ms", "ms", 30}, {"0.03s", "ms", 30}, {"1500us", "ms", 1.5}, {"1500µs", "ms", 1.5},
		{"2m", "ms", 120000}, {"2min", "s", 120}, {"1h", "s", 3600}, {"500ms", "s", 0.5}, {"1e2", "ms", 100}, {"1e2ms", "ms", 100},
		{"1460", "bytes", 1460}, {"2kB", "bytes", 2000}, {"2KiB", "bytes", 2048}, {"1MB", "bytes", 1e6}, {"7B", "bytes", 7},
		{"5%", "ratio", 0.05}, {"0.4", "ratio", 0.4}, {"3", "count", 3}, {"3 count", "count", 3}, {"50/s", "1/s", 50}, {"50 1/s", "1/s", 50}, {"50", "1/s", 50},
		{"-1ms", "ms", -1},
	} {
		if got, err := inUnit(x.text, x.unit); err != nil || got != x.want {
			t.Errorf("%q in %s: got %v, %v; want %v", x.text, x.unit, got, err, x.want)
		}
	}
	for _, x := range [][2]string{
		{"", "ms"}, {"ms", "ms"}, {"much", "ms"}, {"NaN", "ms"}, {"Inf", "ms"}, {"-Inf", "ms"}, {"1e999", "ms"}, {"5%", "ms"},
		{"3B", "ms"}, {"3ms", "bytes"}, {"3ms", "count"}, {"3s", "1/s"}, {"1,5", "ms"}, {"1 2", "ms"},
	} {
		if got, err := inUnit(x[0], x[1]); err == nil {
			t.Errorf("%q in %s is taken for %v", x[0], x[1], got)
		}
	}
}

// Every unit that a rule uses belongs to a family.
func TestUnitsOfRulesAreKnown(t *testing.T) {
	for _, r := range rules.All() {
		for i := range r.Params {
			if p := &r.Params[i]; sizeOf(familyOf(p.Unit), p.Unit) == 0 || len(familyOf(p.Unit)) == 1 && p.Unit != "count" {
				t.Errorf("%s.%s: no family has the unit %s", r.Name, p.Name, p.Unit)
			}
		}
	}
}

// A setting with a glob reaches the rules that have the parameter, each in
// its own unit; the later setting wins.
func TestSettingByGlob(t *testing.T) {
	all := []*analysis.Rule{
		{Name: "tcp/a", Params: []analysis.Param{{Name: "wait", Unit: "ms", Default: 1}}},
		{Name: "tcp/b", Params: []analysis.Param{{Name: "wait", Unit: "s", Default: 1}}},
		{Name: "tcp/c"},
		{Name: "ports/d", Params: []analysis.Param{{Name: "wait", Unit: "s", Default: 1}}},
	}
	params := map[string]map[string]float64{}
	for _, s := range []string{"tcp/*.wait=2s", "b.wait=3"} {
		if err := set(s, all, params); err != nil {
			t.Fatal(err)
		}
	}
	if len(params) != 2 || params["tcp/a"]["wait"] != 2000 || params["tcp/b"]["wait"] != 3 {
		t.Errorf("got %v", params)
	}
}
