package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"connlint/analysis/rules"
)

// The table of rules in the README stands between two comments.
const (
	tableStart = "<!-- rules -->\n"
	tableEnd   = "<!-- /rules -->\n"
)

// withRules puts the table of rules into the README: a row an area, each rule
// a link to its page.
func withRules(t *testing.T, readme string) string {
	before, rest, ok := strings.Cut(readme, tableStart)
	_, after, ended := strings.Cut(rest, tableEnd)
	if !ok || !ended {
		t.Error("the README has no place for the table of rules")
		return readme
	}
	var areas []string
	links := map[string][]string{}
	for _, r := range rules.All() {
		area := areaOf(r)
		if links[area] == nil {
			areas = append(areas, area)
		}
		links[area] = append(links[area], fmt.Sprintf("[%s](analysis/rules/%[1]s.md)", r.ID()))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| area | rules (%d) |\n|---|---|\n", len(rules.All()))
	for _, area := range areas {
		fmt.Fprintf(&b, "| `%s/` | %s |\n", area, strings.Join(links[area], ", "))
	}
	return before + tableStart + b.String() + tableEnd + after
}

// The pages that the documents link to are there.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)\)`)
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(root, m[1])); err != nil {
				t.Errorf("%s links to %s: %v", name, m[1], err)
			}
		}
	}
}
