package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rs/zerolog"

	"connlint/analysis"
	"connlint/analysis/rules"
	"connlint/output"
)

// listRules prints what is known of the rules that the arguments name: the
// list where there is no argument, or a glob or an area among them, else the
// page of each. In json and jsonl it is one record a rule.
func listRules(o *options, args []string, log zerolog.Logger, stdout io.Writer) int {
	all := rules.All()
	chosen, pages, err := named(args, all)
	if err != nil {
		return failed(log, err)
	}
	switch {
	case o.format != "text":
		return printed(log, stdout, ruleRecords(chosen, o.format == "json"))
	case pages:
		return printed(log, stdout, rulePages(chosen))
	}
	return printed(log, stdout, ruleTable(chosen))
}

// named are the rules of the names, in the order of the list; pages says that
// each was named by itself.
func named(args []string, all []*analysis.Rule) (chosen []*analysis.Rule, pages bool, err error) {
	if len(args) == 0 {
		return all, false, nil
	}
	pages = true
	for _, arg := range args {
		if !matches([]string{arg}, all...) {
			return nil, false, noRule(arg, all)
		}
		pages = pages && slices.ContainsFunc(all, func(r *analysis.Rule) bool { return arg == r.Name || arg == r.ID() })
	}
	for _, r := range all {
		if matches(args, r) {
			chosen = append(chosen, r)
		}
	}
	return chosen, pages, nil
}

// ruleTable lists rules by area; a title that is too long goes on below.
func ruleTable(all []*analysis.Rule) string {
	width := 0
	for _, r := range all {
		width = max(width, len(r.Name))
	}
	left := width + len("  warning  ")
	var b strings.Builder
	area := ""
	for _, r := range all {
		if a := areaOf(r); a != area {
			if area != "" {
				b.WriteByte('\n')
			}
			area = a
		}
		title := strings.Join(output.Wrap(r.Title(), columns-left), "\n"+strings.Repeat(" ", left))
		fmt.Fprintf(&b, "%-*s  %-7s  %s\n", width, r.Name, r.Severity, title)
	}
	return b.String()
}

// rulePages are the pages one after the other, in lines that fit a terminal.
func rulePages(all []*analysis.Rule) string {
	var pages []string
	for _, r := range all {
		pages = append(pages, page(r.Doc))
	}
	return strings.Join(pages, "\n\n")
}

// ruleRecord is a rule for machines: the record "rule" of the schema.
type ruleRecord struct {
	Type       string        `json:"type"`
	Name       string        `json:"name"`
	Title      string        `json:"title"`
	Severity   string        `json:"severity"`
	Needs      []string      `json:"needs"`
	PartOf     []string      `json:"part_of"`
	Parameters []paramRecord `json:"parameters"`
}

type paramRecord struct {
	Name    string  `json:"name"`
	Unit    string  `json:"unit"`
	Default float64 `json:"default"`
	Min     float64 `json:"min"`
	Max     float64 `json:"max"`
	Source  string  `json:"source"`
}

// ruleRecords are rules as lines, or as the lines of one array.
func ruleRecords(all []*analysis.Rule, array bool) string {
	var lines []string
	for _, r := range all {
		record := ruleRecord{Type: "rule", Name: r.Name, Title: r.Title(), Severity: r.Severity.String(),
			Needs: []string{}, PartOf: append([]string{}, r.PartOf...), Parameters: []paramRecord{}}
		if r.Needs != 0 {
			record.Needs = strings.Split(r.Needs.String(), ",")
		}
		for i := range r.Params {
			p := &r.Params[i]
			low, high := p.Range()
			record.Parameters = append(record.Parameters, paramRecord{p.Name, p.Unit, p.Default, low, high, p.Source})
		}
		line, _ := json.Marshal(record) // numbers and strings: nothing to go wrong
		lines = append(lines, string(line))
	}
	if array {
		return "[\n" + strings.Join(lines, ",\n") + "\n]\n"
	}
	return strings.Join(lines, "\n") + "\n"
}
