package main

import (
	"strings"
	"testing"

	"connlint/analysis/rules"
)

// A page is printed with the words that it has, in lines that fit; blocks of
// code are left alone.
func TestPagesFit(t *testing.T) {
	for _, r := range rules.All() {
		shown := page(r.Doc)
		if got, want := strings.Fields(shown), strings.Fields(r.Doc); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: printed, the page has other words", r.ID())
		}
		code := false
		for line := range strings.Lines(shown) {
			if strings.HasPrefix(line, "```") {
				code = !code
			}
			if code && !strings.Contains(r.Doc, line) {
				t.Errorf("%s: a line of code is changed: %s", r.ID(), line)
			}
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > columns && !code && strings.Contains(strings.TrimSpace(line), " ") && line[0] != '#' {
				t.Errorf("%s: %d columns: %s", r.ID(), n, line)
			}
		}
	}
}

func TestPageIsFilled(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat("word ", 30))
	got := page("# T\n\na\nb\n\n- one\n  two\n- " + long + "\n\n```trace\n" + long + "\n\n- x\n```\n| a | b |\n| c | d |")
	want := "# T\n\na b\n\n- one two\n- " + long[:19*5+4-5] + "\n  " + long[19*5:] + "\n\n```trace\n" + long + "\n\n- x\n```\n| a | b |\n| c | d |\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
