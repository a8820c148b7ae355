package output

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"connlint/analysis/timeline"
)

// row is a cause with the time it took.
type row struct {
	cause timeline.Cause
	ns    int64
}

// dearest are the causes that took any time, the dearest first.
func dearest(a *timeline.Account) []row {
	var rows []row
	for cause := range timeline.NumCauses {
		if a[cause] > 0 {
			rows = append(rows, row{cause, a[cause]})
		}
	}
	slices.SortStableFunc(rows, func(x, y row) int { return cmp.Compare(y.ns, x.ns) })
	return rows
}

func (r row) name() string { return strings.ReplaceAll(r.cause.String(), "_", "-") }

func share(part, whole int64) float64 { return 100 * float64(part) / float64(whole) }

// time is the account of all transactions as a table. Causes below a
// thousandth of the whole are one row.
func (t *textWriter) time(a *timeline.Account) {
	total := a.Total()
	if total == 0 {
		return
	}
	t.head(fmt.Sprintf("Where the time went (%s of transaction time; parallel transactions count each)", span(total)))
	var small, rest int64
	for _, r := range dearest(a) {
		if share(r.ns, total) < 0.1 {
			small++
			rest += r.ns
			continue
		}
		t.printf("  %-20s %14s  %5.1f %%\n", r.name(), aligned(r.ns), share(r.ns, total))
	}
	if small > 0 {
		t.printf("  %-20s %14s  %5.1f %%\n", fmt.Sprintf("%d others", small), aligned(rest), share(rest, total))
	}
}

// aligned is a time in milliseconds, for a column.
func aligned(ns int64) string {
	tenths := (ns + 5e4) / 1e5
	return fmt.Sprintf("%s.%d ms", thousands(uint64(tenths/10)), tenths%10)
}

// briefTime is the account in one line.
func (t *textWriter) briefTime(a *timeline.Account) {
	total := a.Total()
	if total == 0 {
		return
	}
	rows := dearest(a)
	var parts []string
	for i, r := range rows {
		if i == 4 || i > 0 && share(r.ns, total) < 1 {
			break
		}
		parts = append(parts, fmt.Sprintf("%s %.0f %%", r.name(), share(r.ns, total)))
	}
	t.printf("Time: %s of transactions: %s\n", span(total), strings.Join(parts, ", "))
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
