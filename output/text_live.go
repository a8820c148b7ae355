package output

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
)

// liveText is the running report of a live capture: at each report interval
// that has something new a short block, and in the end the report that files
// get. What it keeps between two blocks is bounded.
type liveText struct {
	*textWriter
	to   io.Writer // takes each block with one call
	page bytes.Buffer

	fresh        map[freshKey]*fresh // since the last block
	more         uint64              // findings of groups beyond maxFresh
	connections  uint64              // since the last block, as are the others
	transactions uint64
	active       uint64 // connections that were open at its end and had packets in it
	packets      uint64 // until the last block
}

// freshKey is what the findings of a block are put together by.
type freshKey struct {
	rule   *analysis.Rule
	server capture.Endpoint
}

// fresh is the findings of one rule at one server since the last block.
type fresh struct {
	freshKey
	severity analysis.Severity
	findings uint64
	lost     int64  // ns
	message  string // of the first
	frame    uint64 // the first packet that it cites
}

// maxFresh is how many groups of findings one block tells apart.
const maxFresh = 32

// NewLiveText makes the Writer of a running text report, see [NewLive].
func NewLiveText(w io.Writer, o TextOptions) Writer {
	l := &liveText{to: w, fresh: map[freshKey]*fresh{}}
	l.textWriter = newText(&l.page)
	l.options, l.slowest.most = o, o.Transactions
	return l
}

// Connection is part of analysis.Sink.
func (l *liveText) Connection(c *timeline.Connection) {
	l.connections++
	l.textWriter.Connection(c)
}

// Transaction is part of analysis.Sink.
func (l *liveText) Transaction(c *timeline.Connection, x *timeline.Transaction) {
	l.transactions++
	l.textWriter.Transaction(c, x)
}

// Finding is part of analysis.Sink.
func (l *liveText) Finding(f *analysis.Finding) {
	l.textWriter.Finding(f)
	key := freshKey{f.Rule, f.Subject.Server}
	x := l.fresh[key]
	if x == nil {
		if len(l.fresh) >= maxFresh {
			l.more++
			return
		}
		x = &fresh{freshKey: key, message: f.Message, frame: f.Evidence.Frames[0].Frame.Number()}
		l.fresh[key] = x
	}
	x.severity = max(x.severity, f.Severity)
	x.findings++
	x.lost += f.Lost.Time
}

// Open is part of analysis.IntervalSink.
func (l *liveText) Open(*timeline.Connection) { l.active++ }

// Interval is part of analysis.IntervalSink: it writes the block of an interval
// in which anything came.
func (l *liveText) Interval(now int64, soFar capture.Stats) {
	packets := soFar.Packets - l.packets
	if packets > 0 || l.connections > 0 || len(l.fresh) > 0 {
		l.printf("%s  %s, %s, %s closed, %d active\n", time.Unix(0, now).UTC().Format(time.RFC3339), number(packets, "packet"),
			number(l.transactions, "transaction"), number(l.connections, "connection"), l.active)
		for _, x := range l.sorted() {
			l.block(x)
		}
		if l.more > 0 {
			l.printf("  … and %s of other rules and servers\n", number(l.more, "finding"))
		}
		l.send()
	}
	clear(l.fresh)
	l.packets, l.more, l.connections, l.transactions, l.active = soFar.Packets, 0, 0, 0, 0
}

// block is the lines of one group of findings.
func (l *liveText) block(x *fresh) {
	at := ""
	if !x.server.IsZero() {
		at = "  " + endpointText(x.server)
	}
	l.printf("  %-8s %s%s  packet %d\n", x.severity, x.rule.Name, at, x.frame)
	text := x.message
	if x.findings > 1 {
		text += fmt.Sprintf("; and %s like it", number(x.findings-1, "finding"))
	}
	if x.lost > 0 {
		text += "; cost " + span(x.lost)
		if x.findings > 1 {
			text += " in all"
		}
	}
	for _, line := range wrap(printable(text), width-11) {
		l.printf("           %s\n", line)
	}
}

// sorted are the groups, the worst first and of these the dearest.
func (l *liveText) sorted() []*fresh {
	all := make([]*fresh, 0, len(l.fresh))
	for _, x := range l.fresh {
		all = append(all, x)
	}
	slices.SortFunc(all, func(a, b *fresh) int {
		return cmp.Or(cmp.Compare(b.severity, a.severity), cmp.Compare(b.lost, a.lost), cmp.Compare(b.findings, a.findings),
			cmp.Compare(a.rule.Name, b.rule.Name), a.server.Compare(b.server))
	})
	return all
}

// send hands on what was printed, whole.
func (l *liveText) send() {
	if err := l.out.Flush(); l.err == nil {
		l.err = err
	}
	if l.err == nil && l.page.Len() > 0 {
		_, l.err = l.to.Write(l.page.Bytes())
	}
	l.page.Reset()
}

// End writes the report of the whole run.
func (l *liveText) End(totals *Totals) error {
	if l.packets > 0 {
		l.printf("\n")
	}
	_ = l.textWriter.End(totals) // its error is in err
	l.send()
	return l.err
}
