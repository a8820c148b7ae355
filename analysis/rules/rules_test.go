package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connlint/analysis"
	"connlint/analysis/ruletest"
)

// traces is where more cases lie than the pages have.
const traces = "../../testdata/rules"

func TestRulesAreValid(t *testing.T) {
	if err := analysis.Validate(All()); err != nil {
		t.Error(err)
	}
}

// TestPages holds each page against the code of its rule.
func TestPages(t *testing.T) {
	for _, r := range All() {
		t.Run(r.ID(), func(t *testing.T) {
			if err := ruletest.ParsePage(r).Check(); err != nil {
				t.Error(err)
			}
			if text, err := os.ReadFile(r.ID() + ".md"); err != nil {
				t.Error(err)
			} else if want := strings.ReplaceAll(string(text), "\r\n", "\n"); r.Doc != want {
				t.Errorf("its page is not %s.md", r.ID())
			}
			if _, err := os.Stat(r.ID() + ".go"); err != nil {
				t.Errorf("the rule's file has another name than its id: %v", err)
			}
		})
	}
}

// TestEveryPageHasARule finds pages that no rule in the list speaks for.
func TestEveryPageHasARule(t *testing.T) {
	ids := map[string]bool{}
	for _, r := range All() {
		ids[r.ID()] = true
	}
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		if !ids[strings.TrimSuffix(page, ".md")] {
			t.Errorf("%s: no rule in the list has this id", page)
		}
	}
}

// TestExamples runs the traces of the pages, and the files under testdata.
func TestExamples(t *testing.T) {
	for _, c := range cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			if err := c.Check(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestEveryRuleIsProven demands that some trace wants each rule, and that some
// near miss withholds it.
func TestEveryRuleIsProven(t *testing.T) {
	all := cases(t)
	for _, name := range names(All()) {
		wanted, withheld := false, false
		for _, c := range all {
			wanted = wanted || c.Wants(name)
			withheld = withheld || c.Withholds(name)
		}
		if !wanted {
			t.Errorf("%s: no trace wants it", name)
		}
		if !withheld {
			t.Errorf("%s: no near miss withholds it; write one under testdata/rules", name)
		}
	}
}

func names(rules []*analysis.Rule) []string {
	var all []string
	for _, r := range rules {
		all = append(all, r.Name)
	}
	return all
}

// cases are the traces of all pages and of testdata.
func cases(t *testing.T) []*ruletest.Case {
	t.Helper()
	rules := All()
	var all []*ruletest.Case
	for _, r := range rules {
		examples, err := ruletest.ParsePage(r).Examples(rules)
		if err != nil {
			t.Error(err)
		}
		all = append(all, examples...)
	}
	more, err := ruletest.Traces(traces, rules)
	if err != nil {
		t.Error(err)
	}
	return append(all, more...)
}
