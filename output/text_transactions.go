package output

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"connlint/analysis/timeline"
)

// DefaultTransactions is how many of the slowest transactions a text report
// draws where their number is not said.
const DefaultTransactions = 25

// letters stand for causes in bars: each its own, so that a bar can be read
// without colour.
var letters = [timeline.NumCauses]byte{
	timeline.Unknown: '?', timeline.DNS: 'd', timeline.Connect: 'c', timeline.ConnectRetry: 'C', timeline.TLS: 't',
	timeline.ClientIdle: 'i', timeline.Request: '>', timeline.Response: '<', timeline.Network: '.',
	timeline.ServerWait: 'w', timeline.NoResponse: 'X', timeline.ContinueWait: 'e', timeline.Queue: 'q',
	timeline.NagleDelayedAck: 'N', timeline.NagleWait: 'n', timeline.SlowStart: 's', timeline.CongestionWindow: 'g',
	timeline.PathRate: 'p', timeline.ReceiveWindow: 'r', timeline.ZeroWindow: 'Z', timeline.Retransmit: 'L',
	timeline.SenderIdle: 'a', timeline.Paced: 'b',
}

// transactions draws the slowest, one line each: its time runs from left to
// right, and the longest has the whole width.
func (t *textWriter) transactions(totals *Totals) {
	all := t.slowest.kept
	if len(all) == 0 {
		return
	}
	longest := all[0].took
	title := fmt.Sprintf("Transactions: %s, slowest first", thousands(uint64(len(all))))
	if n := t.slowest.all; n > uint64(len(all)) {
		title = fmt.Sprintf("Transactions: the %s slowest of %s, slowest first", thousands(uint64(len(all))), thousands(n))
	}
	t.head(title)
	rows := make([][5]string, 0, len(all)+1)
	rows = append(rows, [5]string{"packet", "exchange", "at, s", "took  ", "code"})
	if t.where.files() > 1 {
		rows[0][0] = "file:packet"
	}
	cut := false
	for _, d := range all {
		rows = append(rows, [5]string{t.place(d), fmt.Sprintf("%d/%d", d.conn, d.index), t.offset(d, totals), strings.TrimLeft(aligned(d.took), " "), d.code()})
		cut = cut || d.cut()
	}
	var wide [5]int
	for _, r := range rows {
		for i, cell := range r {
			wide[i] = max(wide[i], columns(cell))
		}
	}
	room := max(leastRequest, width-7*2-wide[0]-wide[1]-wide[2]-wide[3]-wide[4]-barColumns)
	var used [timeline.NumCauses]bool
	for i, r := range rows {
		name, bar := pad("request", room), "a whole bar: "+span(longest)
		if i > 0 {
			name, bar = all[i-1].name(room), all[i-1].draw(longest, &used)
		}
		t.printf("  %*s  %*s  %*s  %*s  %-*s  %s  %s\n", wide[0], r[0], wide[1], r[1], wide[2], r[2], wide[3], r[3], wide[4], r[4], name, bar)
	}
	t.legend(&used, cut)
	t.fileNumbers(all)
}

// fileNumbers name the files that stand as a number in the list and that the
// head of the report does not show.
func (t *textWriter) fileNumbers(all []*drawn) {
	if t.where.files() <= maxSourcesShown {
		return
	}
	var files []int
	for _, d := range all {
		if at := t.where.of(d.packet); at.file >= maxSourcesShown && !slices.Contains(files, at.file) {
			files = append(files, at.file)
		}
	}
	slices.Sort(files)
	for _, file := range files {
		t.block(2, fmt.Sprintf("file %d is %s", file+1, printable(t.where.name(file))))
	}
}

// leastRequest is how many columns a request has where the others are wide.
const leastRequest = 12

// place is the packet that the exchange begins with.
func (t *textWriter) place(d *drawn) string {
	at := t.where.of(d.packet)
	if t.where.files() > 1 {
		return fmt.Sprintf("%d:%d", at.file+1, at.number)
	}
	return fmt.Sprint(at.number)
}

// legend says what the signs mean that were used.
func (t *textWriter) legend(used *[timeline.NumCauses]bool, cut bool) {
	var legend []string
	for cause := range timeline.NumCauses {
		if used[cause] {
			legend = append(legend, fmt.Sprintf("%c%s%s", letters[cause], glue, row{cause: cause}.name()))
		}
	}
	if cut {
		legend = append(legend, "!"+glue+"cut"+glue+"short")
	}
	t.block(2, strings.Join(legend, ", "))
}

// name is what was asked, without its midst if it is long. What is not ASCII,
// which no target may hold (RFC 3986 §2), is escaped: such letters take none
// or two columns, and the bars would not begin below each other.
func (d *drawn) name(room int) string {
	text := ascii(printable(d.request))
	if d.request == "" {
		text = "(not seen)"
		if d.opaque {
			text = "(encrypted)"
		}
	}
	if r := []rune(text); len(r) > room {
		tail := room / 3
		text = string(r[:room-tail-1]) + "…" + string(r[len(r)-tail:])
	}
	return pad(text, room)
}

// ascii escapes what printable leaves of other letters.
func ascii(text string) string {
	b := []byte(nil)
	for _, r := range text {
		switch {
		case r < utf8.RuneSelf || r == '…':
			b = utf8.AppendRune(b, r)
		case r <= 0xffff:
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = fmt.Appendf(b, `\U%08x`, r)
		}
	}
	return string(b)
}

// cut reports whether there was an answer, and not a whole one.
func (d *drawn) cut() bool { return d.status != 0 && !d.complete && !d.opaque }

// code is the status: "none" without an answer, nothing where it cannot be
// read.
func (d *drawn) code() string {
	switch {
	case d.opaque:
		return ""
	case d.status == 0:
		return "none"
	case d.cut():
		return fmt.Sprintf("%d!", d.status)
	}
	return fmt.Sprint(d.status)
}

// offset is when it began, from the first packet of its source.
func (t *textWriter) offset(d *drawn, totals *Totals) string {
	if int(d.source) >= len(totals.Sources) {
		return "?"
	}
	at := float64(d.start-totals.Sources[d.source].Stats.First) / 1e9
	if at >= 1e6 {
		return fmt.Sprintf("%.0f", at) // a joined capture, or a broken clock
	}
	return fmt.Sprintf("%.3f", at)
}

// draw is the bar: as long as the transaction took, and never nothing.
func (d *drawn) draw(longest int64, used *[timeline.NumCauses]bool) string {
	n := 1
	if longest > 0 {
		n = max(n, int(float64(d.took)/float64(longest)*barColumns+0.5))
	}
	b := make([]byte, n)
	for i := range b {
		cause := d.bar[(2*i+1)*barColumns/(2*n)]
		b[i], used[cause] = letters[cause], true
	}
	return string(b)
}
