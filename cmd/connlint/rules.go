package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rs/zerolog"

	"connlint/analysis"
	"connlint/analysis/rules"
)

// listRules prints the list of rules, or the page of one.
func listRules(args []string, log zerolog.Logger, stdout io.Writer) int {
	all := rules.All()
	switch len(args) {
	case 0:
		return printed(log, stdout, ruleTable(all))
	case 1:
		if r := ruleOf(args[0], all); r != nil {
			return printed(log, stdout, strings.TrimRight(r.Doc, "\n")+"\n")
		}
		log.Error().Msg(noRule(args[0], all).Error())
		return exitFailed
	}
	log.Error().Msgf("connlint rules takes one name, not %d", len(args))
	return exitFailed
}

func ruleTable(all []*analysis.Rule) string {
	width := 0
	for _, r := range all {
		width = max(width, len(r.Name))
	}
	var b strings.Builder
	for _, r := range all {
		fmt.Fprintf(&b, "%-*s  %-7s  %s\n", width, r.Name, r.Severity, r.Title())
	}
	return b.String()
}

// maxNear is how many names a hint offers.
const maxNear = 3

// nearest are the names most like one that is wrong: those that hold it, or
// that few changes lead to.
func nearest(name string, all []*analysis.Rule) []string {
	type candidate struct {
		name     string
		distance int
	}
	var near []candidate
	for _, r := range all {
		d := min(distance(name, r.Name), distance(name, r.ID()))
		if len(name) >= 3 && strings.Contains(r.Name, strings.Trim(name, "*")) {
			d = 0
		}
		if d <= 1+len(name)/4 {
			near = append(near, candidate{r.Name, d})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	var names []string
	for _, c := range near[:min(len(near), maxNear)] {
		names = append(names, c.name)
	}
	return names
}

// distance is how many bytes have to be put in, taken out or replaced to make
// b of a (Levenshtein 1966). A name far too long is not compared.
func distance(a, b string) int {
	const tooLong = 100
	if len(a) > tooLong {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
