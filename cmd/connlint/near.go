package main

import (
	"cmp"
	"slices"
	"strings"

	"connlint/analysis"
)

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

// didYouMean offers names.
func didYouMean(names []string) string {
	if last := len(names) - 1; last > 0 {
		return "did you mean " + strings.Join(names[:last], ", ") + " or " + names[last] + "?"
	}
	return "did you mean " + names[0] + "?"
}
