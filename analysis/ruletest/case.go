package ruletest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"connlint/analysis"
	"connlint/capture/trace"
)

// Case is a trace with what it expects of a list of rules.
type Case struct {
	Name  string
	rules []*analysis.Rule
	marks marks
	file  []byte // the capture
}

// NewCase reads a trace and its marks and makes a capture file of it. Errors
// read "name:line: what is wrong".
func NewCase(name string, text []byte, rules []*analysis.Rule) (*Case, error) {
	t, err := trace.Parse(name, text)
	if err != nil {
		return nil, err
	}
	c := &Case{Name: name, rules: rules}
	for _, mark := range t.Marks {
		if err := c.marks.parse(mark, rules); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, mark.Line, err)
		}
	}
	for _, n := range c.marks.nears {
		if c.Wants(n.rule.Name) {
			return nil, fmt.Errorf("%s:%d: %s is wanted in the same trace", name, n.line, n.rule.Name)
		}
	}
	var file bytes.Buffer
	if err := t.Encode(&file); err != nil {
		return nil, err
	}
	c.file = file.Bytes()
	return c, nil
}

// Wants reports whether the case expects a finding of the rule of that name.
func (c *Case) Wants(rule string) bool {
	return slices.ContainsFunc(c.marks.wants, func(w want) bool { return w.rule.Name == rule })
}

// Withholds reports whether the case is a near miss of the rule of that name.
func (c *Case) Withholds(rule string) bool {
	return slices.ContainsFunc(c.marks.nears, func(n near) bool { return n.rule.Name == rule })
}

// Capture is the trace as the bytes of a pcap file. It is not to be written to.
func (c *Case) Capture() []byte { return c.file }

// Check runs the case and reports everything that is not as its marks say,
// one error a line.
func (c *Case) Check() error {
	res, err := c.run(analysis.Config{})
	if err != nil {
		return err
	}
	var errs []error
	if err := res.Verify(); err != nil {
		errs = append(errs, fmt.Errorf("%s: %w", c.Name, err))
	}
	errs = append(errs, c.compare(res), c.skipped(res), c.fixed(res))
	for _, n := range c.marks.nears {
		errs = append(errs, c.narrow(n, res))
	}
	return errors.Join(errs...)
}

// run puts the capture through the whole program.
func (c *Case) run(cfg analysis.Config) (*Result, error) {
	src, err := Open(c.Name, c.file)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	return Run(Options{Rules: c.rules, Config: cfg}, src)
}

// compare matches findings and wants one to one.
func (c *Case) compare(res *Result) error {
	var errs []error
	left := slices.Clone(res.Findings)
	for _, w := range c.marks.wants {
		i := slices.IndexFunc(left, w.meets)
		if i < 0 {
			errs = append(errs, fmt.Errorf("%s:%d: no finding of %s at packet %d%s", c.Name, w.line, w.rule.Name, w.frame, containing(w.text)))
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, f := range left {
		errs = append(errs, fmt.Errorf("%s: packet %d: %s reports %q, and no mark wants it", c.Name, primary(f), f.Rule.Name, f.Message))
	}
	return errors.Join(errs...)
}

func (w *want) meets(f *analysis.Finding) bool {
	return f.Rule == w.rule && primary(f) == w.frame && strings.Contains(f.Message, w.text)
}

func containing(text string) string {
	if text == "" {
		return ""
	}
	return fmt.Sprintf(" whose message contains %q", text)
}

func primary(f *analysis.Finding) uint64 { return f.Evidence.Frames[0].Frame.Number() }

// skipped looks for the gates that must have been shut.
func (c *Case) skipped(res *Result) error {
	var errs []error
	for _, s := range c.marks.skips {
		if counted := res.Summary.Skipped[s.rule.Name]; counted[s.gate.String()] == 0 {
			errs = append(errs, fmt.Errorf("%s:%d: %s was not skipped for %s (skipped: %v)", c.Name, s.line, s.rule.Name, s.gate, counted))
		}
	}
	return errors.Join(errs...)
}

// fixed looks for the fixes that findings must have. Backquotes, which a mark
// cannot hold, do not count.
func (c *Case) fixed(res *Result) error {
	var errs []error
	for _, x := range c.marks.fixes {
		if !slices.ContainsFunc(res.Findings, func(f *analysis.Finding) bool {
			return f.Rule == x.rule && strings.Contains(strings.ReplaceAll(f.Fix, "`", ""), x.text)
		}) {
			errs = append(errs, fmt.Errorf("%s:%d: no finding of %s has a fix that contains %q", c.Name, x.line, x.rule.Name, x.text))
		}
	}
	return errors.Join(errs...)
}

// narrow proves a near miss: silent as the trace is (res), silent with all
// relaxations but any one, and a finding with all of them.
func (c *Case) narrow(n near, res *Result) error {
	if f := n.found(res); f != nil {
		return fmt.Errorf("%s:%d: no near miss, %s reports %q", c.Name, n.line, n.rule.Name, f.Message)
	}
	for i := range n.relax {
		if len(n.relax) == 1 {
			break
		}
		without := slices.Delete(slices.Clone(n.relax), i, i+1)
		res, err := c.run(n.config(without))
		if err != nil {
			return err
		}
		if n.found(res) != nil {
			return fmt.Errorf("%s:%d: %s is not what withholds %s: it reports without that too", c.Name, n.line, n.relax[i].word, n.rule.Name)
		}
	}
	return c.relaxed(n)
}

// relaxed asks for the finding that was withheld.
func (c *Case) relaxed(n near) error {
	res, err := c.run(n.config(n.relax))
	if err != nil {
		return err
	}
	var words []string
	for _, x := range n.relax {
		words = append(words, x.word)
	}
	f := n.found(res)
	switch {
	case f == nil:
		return fmt.Errorf("%s:%d: %s stays silent with %s too: something else withholds it", c.Name, n.line, n.rule.Name, strings.Join(words, " "))
	case n.frame != 0 && !slices.ContainsFunc(res.Findings, (&want{frame: n.frame, rule: n.rule}).meets):
		return fmt.Errorf("%s:%d: with %s %s reports at packet %d, not at %d", c.Name, n.line, strings.Join(words, " "), n.rule.Name, primary(f), n.frame)
	}
	if err := res.Verify(); err != nil {
		return fmt.Errorf("%s:%d: relaxed: %w", c.Name, n.line, err)
	}
	return nil
}

// found is the rule's first finding.
func (n *near) found(res *Result) *analysis.Finding {
	for _, f := range res.Findings {
		if f.Rule == n.rule {
			return f
		}
	}
	return nil
}

func (n *near) config(relax []relaxation) analysis.Config {
	params, gates := map[string]float64{}, analysis.Gates(0)
	for _, x := range relax {
		if x.param != "" {
			params[x.param] = x.value
		}
		gates |= x.gate
	}
	return analysis.Config{
		Params: map[string]map[string]float64{n.rule.Name: params},
		Relax:  map[string]analysis.Gates{n.rule.Name: gates},
	}
}
