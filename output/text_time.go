package output

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
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
// thousandth of the whole are one row. elapsed is how long the captures are.
func (t *textWriter) time(spent *analysis.Spent, elapsed int64) {
	total := spent.Time.Total()
	if total == 0 {
		return
	}
	beside := ""
	if total > elapsed {
		beside = "; what ran side by side counts each"
	}
	t.head(fmt.Sprintf("Where the time went (%s of %s%s)", span(total), number(spent.Transactions.N, "transaction"), beside))
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
	if rows[0].cause != timeline.NoResponse { // of which findings speak
		t.hint(2, spent)
	}
	t.outside()
}

// unanswered is the rule about connections that never were: their time is in
// no transaction, and the table has that of transactions.
const unanswered = "connect/connection-unanswered"

// outside says how much time with a cost is not in the table.
func (t *textWriter) outside() {
	var ns int64
	var connections uint64
	for key, x := range t.groups.byKey {
		if key.rule == unanswered {
			ns += x.lost.Time
			connections += uint64(x.lost.Connections)
		}
	}
	if ns > 0 {
		t.block(2, fmt.Sprintf("Not in this table: %s of waiting on %s that nothing answered, so that there was no transaction.",
			span(ns), number(connections, "connection")))
	}
}

// A cause is the whole story from this share of the time on, in percent, if it
// is long enough for somebody to wait for it, ns.
const (
	mostTime = 50
	longTime = int64(200e6)
)

// hint says where to look if nearly all time has one cause.
func (t *textWriter) hint(indent int, spent *analysis.Spent) {
	first := dearest(&spent.Time)[0]
	text := causeHint(first.cause)
	if text != "" && share(first.ns, spent.Time.Total()) >= mostTime && spent.Causes[first.cause].Max >= longTime {
		t.block(indent, first.name()+" is "+text)
	}
}

// causeHint says where to look for a cause that no rule can speak of: what
// programs do between packets is not in the packets.
func causeHint(c timeline.Cause) string {
	switch c {
	case timeline.ServerWait:
		return "the server's own time, from the whole request to the first byte of the answer: look there, not at the connections."
	case timeline.NoResponse:
		return "time spent on requests that were never answered: see who they were sent on to, and capture there too."
	case timeline.Unknown:
		return "time of which the capture does not show enough: it ends before the answer does, sees one side only, or lacks packets."
	case timeline.SenderIdle:
		return "time in which the sending program had nothing to send in the middle of a message: look at that program."
	}
	return ""
}

// row is a line of the table.
func (t *textWriter) row(name string, ns, total int64, in *analysis.Durations) {
	percent := fmt.Sprintf("%.1f", share(ns, total))
	if percent == "0.0" {
		percent = "<0.1"
	}
	t.printf("  %-18s  %s  %5s %%", name, aligned(ns), percent)
	if in != nil {
		t.printf("  in %s%s", number(in.N, "transaction"), spread(in))
	}
	t.printf("\n")
}

// spread is the middle and the upper end of many durations; of a few, the
// longest says it all, and one is its own sum.
func spread(d *analysis.Durations) string {
	switch {
	case d.N == 1:
		return ""
	case d.N < 5:
		return ": up to " + span(d.Max)
	}
	return fmt.Sprintf(": median %s, p95 %s", span(d.Percentile(50)), span(d.Percentile(95)))
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
	names, longest := make([]string, len(top)), len("all others")
	for i, s := range top {
		names[i] = s.Server.String()
		if len(t.run.Sources) > 1 && int(s.Source) < len(t.run.Sources) {
			names[i] += " in " + printable(t.run.Sources[s.Source])
		}
		if n := columns(names[i]); n <= maxServerName {
			longest = max(longest, n)
		}
	}
	for i, s := range top {
		t.server(names[i], longest, s)
	}
	if rest != nil {
		t.server("all others", longest, rest)
	}
}

// maxServerName is how wide the column of server names is at most; a longer
// name has a line of its own. An IPv6 address with its port takes up to 47.
const maxServerName = 32

// server is one line, and another for what took most of its time.
func (t *textWriter) server(name string, columnsOfName int, s *analysis.SpentAt) {
	if columns(name) > columnsOfName {
		t.block(2, name)
		name = ""
	}
	t.printf("  %s  %s  in %s%s\n", pad(name, columnsOfName), aligned(s.Total()),
		number(s.Transactions.N, "transaction"), spread(&s.Transactions))
	t.printf("    %s\n", mostly(&s.Time, 3, 5))
}

// mostly is the dearest causes with their shares: at most that many, and none
// but the first below that share in percent.
func mostly(a *timeline.Account, most int, least float64) string {
	var parts []string
	for i, r := range dearest(a) {
		p := share(r.ns, a.Total())
		if i == most || i > 0 && p < least {
			break
		}
		parts = append(parts, fmt.Sprintf("%s %.0f %%", r.name(), p))
	}
	return strings.Join(parts, ", ")
}

// aligned is a time for a column: numbers end, and units begin, below each
// other.
func aligned(ns int64) string {
	text := span(ns)
	n, unit, _ := strings.Cut(text, " ")
	if strings.Contains(unit, " ") {
		return fmt.Sprintf("%11s", text) // 16 min 40 s
	}
	return fmt.Sprintf("%8s %-2s", n, unit)
}

// briefTime is the account in one line, and another if nearly all of it is
// one cause.
func (t *textWriter) briefTime(spent *analysis.Spent) {
	total := spent.Time.Total()
	if total == 0 {
		return
	}
	t.printf("Time: %s of transactions: %s\n", span(total), mostly(&spent.Time, 4, 1))
	t.hint(0, spent)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
