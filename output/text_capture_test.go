package output

import (
	"strings"
	"testing"

	"connlint/analysis"
	"connlint/capture"
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
		if r.text == "" && name != "limit-reached" {
			t.Errorf("%s has no remedy", name)
		}
		for _, gate := range r.gates {
			if _, ok := analysis.GateByName(gate); !ok {
				t.Errorf("%s: no gate %s", name, gate)
			}
			a.Skipped = map[string]map[string]uint64{"tcp/rto-stall": {gate: 2}}
			if loud := blindness(a); !strings.Contains(loud, "2 connections: ") || !strings.Contains(loud, r.text) {
				t.Errorf("%s mattered to %s: %q", name, gate, loud)
			}
			if other := (&analysis.Summary{Skipped: a.Skipped}); r.text != "" && strings.Contains(blindness(other), r.text) {
				t.Errorf("%s: its remedy is said where it is not at fault: %q", name, blindness(other))
			}
		}
		a.Skipped = nil
		w.doubts = 1 << bit
		if loud := w.faults(a); strings.Contains(loud[0], r.text) != r.doubt && r.text != "" {
			t.Errorf("%s in a finding: %q", name, loud)
		}
	}
	a := &analysis.Summary{Skipped: map[string]map[string]uint64{"tcp/rto-stall": {"ConnectionEnd": 2}}}
	a.Caveats = map[string]uint64{"snaplen-truncated": 1}
	a.Skipped["tcp/x"] = map[string]uint64{"NoGapBefore": 1}
	w := newText(&strings.Builder{})
	w.skipped(a)
	if again := w.faults(a); len(again) != 0 {
		t.Errorf("said twice: %q", again)
	}
	delete(a.Skipped, "tcp/x")
	if got := blindness(a); got != "Not judged, or not all of it 2 connections: not seen to end 1 rule: tcp/rto-stall. Capture until the connections have closed." {
		t.Errorf("the capture ends too early: %q", got)
	}
}

// Where the filter took one direction, the capture is not to blame.
func TestFilterOfOneDirection(t *testing.T) {
	a := &analysis.Summary{Caveats: map[string]uint64{"one-direction-captured": 3},
		Skipped: map[string]map[string]uint64{"tcp/x": {"BothDirections": 3}}}
	for filter, itself := range map[string]bool{"": false, "host 10.0.0.1 and port 80": false, "src host 10.0.0.1": true,
		"port 80 and not(dst net 10.0.0.0/8)": true} {
		var b strings.Builder
		w := newText(&b)
		w.run.Filter = filter
		w.skipped(a)
		w.out.Flush()
		if strings.Contains(b.String(), "Leave src and dst out of -f") != itself || strings.Contains(b.String(), "Capture where") == itself {
			t.Errorf("-f %q: %s", filter, b.String())
		}
	}
}

// Several files may be parts of one capture; of one that is in parts, one may
// not be there.
func TestPartsOfACapture(t *testing.T) {
	a := &analysis.Summary{Caveats: map[string]uint64{"capture-starts-mid-connection": 3, "capture-drops": 3},
		Skipped: map[string]map[string]uint64{"tcp/x": {"Handshake": 3, "NoGapBefore": 3}}}
	for _, tt := range []struct {
		sources  int
		rotation *capture.Rotation
	}{{1, nil}, {2, nil}, {1, &capture.Rotation{}}} {
		var b strings.Builder
		w := newText(&b)
		w.run.Sources, w.run.Rotation = make([]string, tt.sources), tt.rotation
		w.skipped(a)
		w.out.Flush()
		said := strings.Join(strings.Fields(b.String()), " ")
		if strings.Contains(said, "read them with --rotated.") != (tt.sources > 1) || strings.Contains(said, "A part of the rotated capture") != (tt.rotation != nil) {
			t.Errorf("%+v: %s", tt, said)
		}
	}
}

// blindness is what a report says of rules that could not judge, on one line.
func blindness(a *analysis.Summary) string {
	var b strings.Builder
	w := newText(&b)
	w.skipped(a)
	w.out.Flush()
	return strings.Join(strings.Fields(b.String()), " ")
}

// Answers that stand before their requests shut three gates: none of them
// because a clock was set or bytes are missing.
func TestOutOfOrderIsNoHole(t *testing.T) {
	a := &analysis.Summary{Caveats: map[string]uint64{"packets-out-of-order": 1}}
	a.Skipped = map[string]map[string]uint64{"tcp/rto-stall": {"Clock": 1}, "framing/head-cut": {"NoGapBefore": 1}, "close/client-abort": {"ConnectionEnd": 1}}
	got := blindness(a)
	for _, wrong := range []string{"clock was set", "bytes are missing"} {
		if strings.Contains(got, wrong) {
			t.Errorf("%q says %q", got, wrong)
		}
	}
	if n := strings.Count(got, "1 connection: answers stand before what they answer 2 rules"); n != 1 {
		t.Errorf("%q", got)
	}
	if !strings.Contains(got, "1 connection: not seen to end, or answers stand before what they answer") {
		t.Errorf("%q", got)
	}
}
