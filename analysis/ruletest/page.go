package ruletest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"connlint/analysis"
)

// sections of a page, in their order.
var sections = [...]string{"What it finds", "Why it costs", "Example", "How to fix", "When it is wrong", "Parameters", "References"}

// Page is what a rule's page says, as far as a test can hold it to account.
type Page struct {
	Rule     *analysis.Rule
	sections []section
}

type section struct {
	title string
	lines []string // prose
	fence []fence
}

// fence is a fenced block.
type fence struct {
	language string
	line     int // of its first line in the page, counted from 1
	text     string
}

// ParsePage reads the page of a rule.
func ParsePage(r *analysis.Rule) *Page {
	p := &Page{Rule: r, sections: []section{{}}}
	var open *fence
	for i, line := range strings.Split(r.Doc, "\n") {
		s := &p.sections[len(p.sections)-1]
		title, heading := strings.CutPrefix(line, "## ")
		language, fenced := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case fenced && open == nil:
			s.fence = append(s.fence, fence{language: language, line: i + 2})
			open = &s.fence[len(s.fence)-1]
		case fenced:
			open = nil
		case open != nil:
			open.text += line + "\n"
		case heading:
			p.sections = append(p.sections, section{title: strings.TrimSpace(title)})
		case strings.TrimSpace(line) != "":
			s.lines = append(s.lines, line)
		}
	}
	return p
}

// Check reports missing, empty, foreign and misplaced sections, and parameters
// that the page does not describe as the code has them.
func (p *Page) Check() error {
	var errs []error
	var titles []string
	for _, s := range p.sections[1:] {
		titles = append(titles, s.title)
		if len(s.lines)+len(s.fence) == 0 {
			errs = append(errs, fmt.Errorf("%s: the section %q is empty", p.file(), s.title))
		}
	}
	if !slices.Equal(titles, sections[:]) {
		errs = append(errs, fmt.Errorf("%s: the sections are %q, not %q", p.file(), titles, sections))
	}
	return errors.Join(append(errs, p.parameters(), p.remedy(), p.gates())...)
}

// gates demands that the page says which gates the rule has, in the words
// that all pages share.
func (p *Page) gates() error {
	const first = "Not judged without "
	text := strings.Join(p.section("When it is wrong").lines, " ")
	said := ""
	if i := strings.Index(text, first); i >= 0 {
		said, _, _ = strings.Cut(text[i:], ".")
		said += "."
	}
	if want := p.Rule.Needs.Words(); said != want {
		return fmt.Errorf("%s: When it is wrong ends with %q, it should be: %q", p.file(), said, want)
	}
	return nil
}

// remedy demands that "How to fix" can be read by [analysis.ParseRemedy].
func (p *Page) remedy() error {
	_, err := analysis.ParseRemedy(p.Rule.Doc)
	if err != nil {
		return fmt.Errorf("%s: How to fix: %w", p.file(), err)
	}
	return nil
}

func (p *Page) file() string { return p.Rule.ID() + ".md" }

func (p *Page) section(title string) section {
	for _, s := range p.sections {
		if s.title == title {
			return s
		}
	}
	return section{}
}

// parameters holds the section of that name against the code.
func (p *Page) parameters() error {
	var errs []error
	written := map[string]bool{}
	for _, line := range p.section("Parameters").lines {
		item := parameterItem.FindStringSubmatch(line)
		if item == nil {
			continue
		}
		name, unit, value := item[1], item[2], item[3]
		written[name] = true
		i := slices.IndexFunc(p.Rule.Params, func(x analysis.Param) bool { return x.Name == name })
		if i < 0 {
			errs = append(errs, fmt.Errorf("%s: the rule has no parameter %q", p.file(), name))
			continue
		}
		x := p.Rule.Params[i]
		if number, err := strconv.ParseFloat(value, 64); err != nil || number != x.Default || unit != x.Unit {
			errs = append(errs, fmt.Errorf("%s: %s is said to be %s %s; it is %v %s", p.file(), name, value, unit, x.Default, x.Unit))
		}
	}
	for _, x := range p.Rule.Params {
		if !written[x.Name] {
			errs = append(errs, fmt.Errorf("%s: parameter %s is not described; write: - `%s` (%s, default %v): why", p.file(), x.Name, x.Name, x.Unit, x.Default))
		}
	}
	return errors.Join(errs...)
}

// parameterItem is "- `name` (unit, default value): why".
var parameterItem = regexp.MustCompile("^[-*] `([a-z0-9_]+)` \\(([^,()]+), default ([^ ,()]+)\\): .")

// Examples are the traces of the Example section, of which one at least must
// want the rule. Line numbers in errors are those of the page.
func (p *Page) Examples(rules []*analysis.Rule) ([]*Case, error) {
	var cases []*Case
	for _, f := range p.section("Example").fence {
		if f.language != "trace" {
			continue
		}
		text := strings.Repeat("\n", f.line-1) + f.text
		c, err := NewCase(p.file(), []byte(text), rules)
		if err != nil {
			return nil, err
		}
		cases = append(cases, c)
	}
	if !slices.ContainsFunc(cases, func(c *Case) bool { return c.Wants(p.Rule.Name) }) {
		return nil, fmt.Errorf("%s: no trace in the Example wants %s", p.file(), p.Rule.Name)
	}
	return cases, nil
}

// Traces reads the cases under dir: DIR/ID/*.trace. A folder that is no rule's
// and a file that is no trace are errors.
func Traces(dir string, rules []*analysis.Rule) ([]*Case, error) {
	folders, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var cases []*Case
	var errs []error
	for _, folder := range folders {
		if !slices.ContainsFunc(rules, func(r *analysis.Rule) bool { return r.ID() == folder.Name() }) {
			errs = append(errs, fmt.Errorf("%s: no rule has this id", filepath.Join(dir, folder.Name())))
			continue
		}
		more, err := tracesOf(filepath.Join(dir, folder.Name()), rules)
		cases, errs = append(cases, more...), append(errs, err)
	}
	return cases, errors.Join(errs...)
}

func tracesOf(dir string, rules []*analysis.Rule) ([]*Case, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var cases []*Case
	var errs []error
	for _, file := range files {
		name := filepath.Base(dir) + "/" + file.Name()
		if filepath.Ext(name) != ".trace" {
			errs = append(errs, fmt.Errorf("%s: no .trace", name))
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, file.Name()))
		if err != nil {
			return nil, err
		}
		c, err := NewCase(name, text, rules)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		cases = append(cases, c)
	}
	return cases, errors.Join(errs...)
}
