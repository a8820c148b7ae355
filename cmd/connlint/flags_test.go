package main

import (
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"connlint/analysis/rules"
	"connlint/capture"
)

// allFlags are those of the table.
func allFlags() []*pflag.Flag {
	var all []*pflag.Flag
	for _, g := range new(options).groups() {
		g.flags.VisitAll(func(f *pflag.Flag) { all = append(all, f) })
	}
	return all
}

// Help has every flag, none twice, and no text that the table lacks.
func TestHelpHasAllFlags(t *testing.T) {
	text := help()
	shown := map[string]int{}
	for _, m := range regexp.MustCompile(`(?m)^  (?:-., |    )--([a-z-]+)(?: |\[|$)`).FindAllStringSubmatch(text, -1) {
		shown[m[1]]++
	}
	for _, f := range allFlags() {
		if shown[f.Name] != 1 {
			t.Errorf("--%s: %d lines in the help", f.Name, shown[f.Name])
		}
		if value, usage := described(f); usage == "" || value == "" && f.Value.Type() != "bool" {
			t.Errorf("--%s: the table says neither what its value is nor what it does: %q", f.Name, f.Usage)
		}
		delete(shown, f.Name)
	}
	for name := range shown {
		t.Errorf("--%s is in the help and no flag", name)
	}
}

// Some script or test uses each flag.
func TestEveryFlagIsTried(t *testing.T) {
	all := tests(t, func(line string) bool { return strings.Contains(line, "connlint ") && !strings.HasPrefix(line, "std") })
	for _, f := range allFlags() {
		name := `--` + f.Name
		if f.Shorthand != "" {
			name += `|-` + f.Shorthand
		}
		if !regexp.MustCompile(`(?m)[\s"](` + name + `)([\s='"]|$)`).MatchString(all) {
			t.Errorf("no script under testdata/cli uses --%s", f.Name)
		}
	}
}

// What the program says of itself fits a terminal.
func TestHelpAndRulesFit(t *testing.T) {
	for what, text := range map[string]string{"help": help(), "rules": ruleTable(rules.All())} {
		for line := range strings.Lines(text) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > columns {
				t.Errorf("%s: %d columns: %s", what, n, line)
			}
			if strings.TrimRight(line, " \n") != strings.TrimRight(line, "\n") {
				t.Errorf("%s: blanks at the end of %q", what, line)
			}
		}
	}
}

// Sizes reach as far as what they are for: a ring as far as the capture takes
// one, a file as far as disks do.
func TestByteSize(t *testing.T) {
	for text, want := range map[string]int64{"1": 1, "64M": 64 << 20, "64MiB": 64 << 20, "64kb": 64e3, "64mib": 64 << 20, "2g": 2 << 30, "4G": 4 << 30, "9000000000": 9e9, "100MB": 1e8, "1.5K": 1536,
		"0": 0, "-1": 0, "1T": 0, "8589934592G": 0, "99999999999999999999": 0} {
		var n int64
		if err := (&byteSize{&n, math.MaxInt64}).Set(text); n != want || (err == nil) != (want > 0) {
			t.Errorf("%s: %d, %v", text, n, err)
		}
	}
	var l liveOptions
	if err := l.flags().Parse([]string{"--ring", "2G", "--rotate-size", "100G"}); err != nil || l.ring != capture.RingMost || l.rotateSize != 100<<30 {
		t.Errorf("%v, %+v", err, l)
	}
}
