package ruletest

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"connlint/analysis"
	"connlint/capture/trace"
)

// want is a finding that a trace must bring.
type want struct {
	line  int
	frame uint64 // its primary evidence
	rule  *analysis.Rule
	text  string
}

// near is a finding that a trace must not bring unless all of relax is done.
type near struct {
	line  int
	frame uint64 // the primary evidence once it is relaxed; 0: any
	rule  *analysis.Rule
	relax []relaxation
}

// relaxation changes one parameter, or opens one gate.
type relaxation struct {
	word  string // as written
	param string // empty: gate counts
	value float64
	gate  analysis.Gates
}

// skip is a rule that must have been passed over because of a gate.
type skip struct {
	line int
	rule *analysis.Rule
	gate analysis.Gates
}

// fix is a text that the fix of a wanted finding of the rule must contain.
type fix struct {
	line int
	rule *analysis.Rule
	text string
}

// marks are all that a trace expects.
type marks struct {
	wants []want
	nears []near
	skips []skip
	fixes []fix
}

// parse adds the clauses of one comment. A comment that starts with another
// word than want, near, skip or fix is prose.
func (m *marks) parse(mark trace.Mark, rules []*analysis.Rule) error {
	clauses, err := clausesOf(mark.Text)
	if err != nil {
		return err
	}
	for _, words := range clauses {
		if len(words) < 2 {
			return fmt.Errorf("%q is no mark: a rule must follow", words[0])
		}
		rule := ruleNamed(words[1], rules)
		if rule == nil {
			return fmt.Errorf("no rule %q", words[1])
		}
		if err := m.clause(mark, words[0], rule, words[2:]); err != nil {
			return fmt.Errorf("%s %s: %w", words[0], rule.Name, err)
		}
	}
	return nil
}

func isVerb(word string) bool {
	return word == "want" || word == "near" || word == "skip" || word == "fix"
}

func ruleNamed(name string, rules []*analysis.Rule) *analysis.Rule {
	for _, r := range rules {
		if r.Name == name {
			return r
		}
	}
	return nil
}

func (m *marks) clause(mark trace.Mark, verb string, rule *analysis.Rule, rest []string) error {
	switch verb {
	case "want":
		if mark.Frame == 0 {
			return fmt.Errorf("it stands on the line of a captured packet, the primary evidence")
		}
		w := want{line: mark.Line, frame: mark.Frame, rule: rule}
		if len(rest) > 1 || len(rest) == 1 && rest[0][0] != '`' {
			return fmt.Errorf("only a text in backquotes may follow")
		}
		if len(rest) == 1 {
			w.text = strings.Trim(rest[0], "`")
		}
		m.wants = append(m.wants, w)
	case "near":
		relax, err := relaxations(rule, rest)
		if err != nil {
			return err
		}
		m.nears = append(m.nears, near{mark.Line, mark.Frame, rule, relax})
	case "skip":
		if len(rest) != 1 {
			return fmt.Errorf("one gate must follow")
		}
		gate, err := gateOf(rule, rest[0])
		if err != nil {
			return err
		}
		m.skips = append(m.skips, skip{mark.Line, rule, gate})
	case "fix":
		if len(rest) != 1 || rest[0][0] != '`' {
			return fmt.Errorf("one text in backquotes must follow, without backquotes in it")
		}
		m.fixes = append(m.fixes, fix{mark.Line, rule, strings.Trim(rest[0], "`")})
	}
	return nil
}

// relaxations reads "param=value" and "gate=Name".
func relaxations(rule *analysis.Rule, words []string) ([]relaxation, error) {
	if len(words) == 0 {
		return nil, fmt.Errorf("it must say what withholds the finding: param=value or gate=Name")
	}
	var all []relaxation
	for _, word := range words {
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			return nil, fmt.Errorf("%q is neither param=value nor gate=Name", word)
		}
		x := relaxation{word: word}
		var err error
		if name == "gate" {
			x.gate, err = gateOf(rule, value)
		} else {
			x.param = name
			x.value, err = valueOf(rule, name, value)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	return all, nil
}

func gateOf(rule *analysis.Rule, name string) (analysis.Gates, error) {
	gate, ok := analysis.GateByName(name)
	switch {
	case !ok:
		return 0, fmt.Errorf("no gate %q", name)
	case rule.Needs&gate == 0:
		return 0, fmt.Errorf("the rule does not need %s", name)
	}
	return gate, nil
}

func valueOf(rule *analysis.Rule, param, word string) (float64, error) {
	value, err := strconv.ParseFloat(word, 64)
	if err != nil || math.IsNaN(value) {
		return 0, fmt.Errorf("%s=%s is no number", param, word)
	}
	for _, p := range rule.Params {
		if p.Name != param {
			continue
		}
		if p.Default == value {
			return 0, fmt.Errorf("%s is %s already", param, word)
		}
		return value, nil
	}
	return 0, fmt.Errorf("the rule has no parameter %q", param)
}

// clausesOf cuts a comment into words and starts a clause at each verb; the
// semicolons between clauses are for the eye. A text in backquotes is one
// word, its quotes kept. Prose has no clauses.
func clausesOf(text string) ([][]string, error) {
	var clauses [][]string
	for {
		text = strings.TrimLeft(text, " \t;")
		if text == "" {
			return clauses, nil
		}
		end := strings.IndexAny(text, " \t;")
		if end < 0 {
			end = len(text)
		}
		if text[0] == '`' && len(clauses) > 0 {
			if end = strings.IndexByte(text[1:], '`') + 2; end == 1 {
				return nil, fmt.Errorf("a text in backquotes does not end")
			}
		}
		word := text[:end]
		text = text[end:]
		if isVerb(word) {
			clauses = append(clauses, nil)
		} else if len(clauses) == 0 {
			return nil, nil
		}
		last := len(clauses) - 1
		clauses[last] = append(clauses[last], word)
	}
}
