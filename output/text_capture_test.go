package output

import (
	"strings"
	"testing"

	"connlint/analysis"
	"connlint/reassembly"
)

// Every fault of a capture has words, and a remedy is said only where
// something could not be judged for it.
func TestFaultsOfTheCapture(t *testing.T) {
	for bit, name := range reassembly.CaveatNames() {
		a := &analysis.Summary{Caveats: map[string]uint64{name: 3}}
		a.Budget.Bytes.Sent, a.Budget.Bytes.Unseen = 900, 100
		if caveatWords(name) == "" {
			t.Errorf("%s has no words", name)
		}
		w := newText(&strings.Builder{})
		quiet := w.faults(a)
		if len(quiet) != 1 || !strings.HasPrefix(quiet[0], name+": 3 connections: ") {
			t.Errorf("%s did not matter: %q", name, quiet)
		}
		if drops := name == "capture-drops"; strings.Contains(quiet[0], "10.0 % of the bytes that arrived") != drops {
			t.Errorf("%s: the share of bytes: %q", name, quiet[0])
		}
		r := remedyOf(name)
		if r.text == "" {
			if name != "limit-reached" {
				t.Errorf("%s has no remedy", name)
			}
			continue
		}
		for _, gate := range r.gates {
			if _, ok := analysis.GateByName(gate); !ok {
				t.Errorf("%s: no gate %s", name, gate)
			}
			a.Skipped = map[string]map[string]uint64{"tcp/rto-stall": {gate: 2}}
			if loud := w.faults(a); len(loud) < 2 {
				t.Errorf("%s mattered to %s: %q", name, gate, loud)
			}
		}
		a.Skipped = nil
		w.doubts = 1 << bit
		if loud := w.faults(a); len(loud) > 1 != r.doubt {
			t.Errorf("%s in a finding: %q", name, loud)
		}
	}
	a := &analysis.Summary{Skipped: map[string]map[string]uint64{"tcp/rto-stall": {"ConnectionEnd": 2}}}
	if lines := newText(&strings.Builder{}).faults(a); len(lines) != 2 || lines[0] != "2 connections not seen to end" {
		t.Errorf("the capture ends too early: %q", lines)
	}
}
