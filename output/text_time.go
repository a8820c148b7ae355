package output

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"connlint/analysis"
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
func (t *textWriter) time(spent *analysis.Spent) {
	total := spent.Time.Total()
	if total == 0 {
		return
	}
	t.head(fmt.Sprintf("Where the time went (%s of transaction time; parallel transactions count each)", span(total)))
	rows := dearest(&spent.Time)
	large := slices.IndexFunc(rows, func(r row) bool { return share(r.ns, total) < 0.1 })
	if large < 0 || large == len(rows)-1 {
		large = len(rows) // one small cause has a name of its own
	}
	for _, r := range rows[:large] {
		t.row(r.name(), r.ns, total, &spent.Causes[r.cause])
	}
	if small := rows[large:]; len(small) > 0 {
		var rest int64
		for _, r := range small {
			rest += r.ns
		}
		t.row(fmt.Sprintf("%d others", len(small)), rest, total, nil)
	}
}

// row is a line of the table; its time has so many digits that a thousandth
// of the whole is not nothing.
func (t *textWriter) row(name string, ns, total int64, in *analysis.Durations) {
	percent := fmt.Sprintf("%.1f", share(ns, total))
	if percent == "0.0" {
		percent = "<0.1"
	}
	digits := 1
	for unit := int64(100e6); total < unit && digits < 3; unit /= 10 {
		digits++
	}
	t.printf("  %-18s %14s  %5s %%", name, aligned(ns, digits), percent)
	if in != nil {
		t.printf("  in %s: %s", number(in.N, "transaction"), spread(in))
	}
	t.printf("\n")
}

// spread is the middle and the upper end of many durations; of a few, the
// longest says it all.
func spread(d *analysis.Durations) string {
	if d.N < 5 {
		return "up to " + span(d.Max)
	}
	return fmt.Sprintf("median %s, p95 %s", span(d.Percentile(50)), span(d.Percentile(95)))
}

// shownServers is how many servers the report lists: the rest is one line.
const shownServers = 5

// servers is the time by server, where there are several.
func (t *textWriter) servers(a *analysis.Summary) {
	top, rest := a.Servers(shownServers)
	if len(top) < 2 {
		return
	}
	t.head("By server")
	for _, s := range top {
		name := s.Server.String()
		if len(t.run.Sources) > 1 && int(s.Source) < len(t.run.Sources) {
			name += " in " + printable(t.run.Sources[s.Source])
		}
		t.server(name, s)
	}
	if rest != nil {
		t.server("all others", rest)
	}
}

// server is one line, and another for what took most of its time.
func (t *textWriter) server(name string, s *analysis.SpentAt) {
	t.printf("  %-28s %12s  in %s: %s\n", name, aligned(s.Total(), 1),
		number(s.Transactions.N, "transaction"), spread(&s.Transactions))
	var parts []string
	for i, r := range dearest(&s.Time) {
		if i == 3 || i > 0 && share(r.ns, s.Total()) < 5 {
			break
		}
		parts = append(parts, fmt.Sprintf("%s %.0f %%", r.name(), share(r.ns, s.Total())))
	}
	t.printf("    %s\n", strings.Join(parts, ", "))
}

// aligned is a time in milliseconds, for a column.
func aligned(ns int64, digits int) string {
	text := strconv.FormatFloat(float64(ns)/1e6, 'f', digits, 64)
	if ns > 0 && strings.Trim(text, "0.") == "" {
		return "<" + text[:len(text)-1] + "1 ms"
	}
	whole, part, _ := strings.Cut(text, ".")
	n, _ := strconv.ParseUint(whole, 10, 64)
	return thousands(n) + "." + part + " ms"
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
