package output

import (
	"fmt"

	"connlint/analysis"
)

// maxPairs is how many pairs a summary record lists.
const maxPairs = 20

// pairTable lists the pairs that opened most connections.
func (e *encoder) pairTable(sources []string, rows []*analysis.PairRow) {
	e.array("pair_table")
	for _, r := range rows {
		e.object("")
		e.text("source", sourceName(sources, r.Source))
		e.endpoint("client", r.Client)
		e.endpoint("server", r.Server)
		e.uint("connections", r.Connections)
		e.uint("transactions", r.Transactions)
		e.float("reuse", r.Reuse())
		e.int("peak_parallel", r.PeakBusy)
		e.int("peak_opens_per_second", r.PeakOpens)
		e.int("peak_time_wait", r.PeakTimeWait)
		e.ms("time_ms", r.Time)
		e.idleCloses(&r.IdleCloses)
		e.close('}')
	}
	e.close(']')
}

// idleCloses lists who closed idle connections of a pair, and after how long.
func (e *encoder) idleCloses(closes *analysis.IdleCloses) {
	e.array("idle_closes")
	for _, c := range closes.All() {
		e.object("")
		e.slug("by", c.By.String())
		e.int("after_s", c.After)
		e.uint("count", uint64(c.Count))
		e.close('}')
	}
	e.close(']')
}

// budget is what packets and payload bytes were spent on.
func (e *encoder) budget(b *analysis.Budget) {
	p, a, y := &b.Packets, &b.ACKs, &b.Bytes
	e.object("budget")
	e.object("packets")
	e.uint("handshake", p.Handshake)
	e.uint("teardown", p.Teardown)
	e.uint("pure_ack", p.PureACK)
	e.uint("retransmission", p.Retransmission)
	e.uint("data", p.Data)
	e.close('}')
	e.object("acks")
	e.uint("all", a.All)
	e.uint("without_data", a.Bare)
	e.uint("by_timer", a.Timed)
	e.close('}')
	e.object("bytes")
	e.uint("header", y.Header)
	e.uint("body", y.Body)
	e.uint("other", y.Other())
	e.uint("retransmission", y.Retransmission)
	e.uint("unseen", y.Unseen)
	e.close('}')
	e.close('}')
}

// A pair is shown if it opened so many connections, and used few of them again.
const (
	manyConnections = 10
	littleReuse     = 0.5
	maxPairsShown   = 5
)

// pairs is a table of the pairs that open connection after connection, and
// what the packets were for.
func (t *textWriter) pairs(a *analysis.Summary) {
	var rows []*analysis.PairRow
	for _, r := range a.TopPairs(maxPairs) {
		if r.Connections >= manyConnections && r.Reuse() < littleReuse && len(rows) < maxPairsShown {
			rows = append(rows, r)
		}
	}
	if len(rows) == 0 {
		return
	}
	t.head("Pairs that open most connections (TIME_WAIT: sockets of the client)")
	t.printf("  %11s %8s %6s %9s %9s %9s  %s\n", "connections", "requests", "reuse", "parallel", "opens/s", "TIME_WAIT", "client > server")
	for _, r := range rows {
		t.pair(r)
	}
	t.printf("  %s\n", budgetLines(&a.Budget))
}

// pair is a row; who speaks with whom goes below it where there is no room.
func (t *textWriter) pair(r *analysis.PairRow) {
	who := endpointText(r.Client) + " > " + endpointText(r.Server)
	if len(t.run.Sources) > 1 {
		who += " in " + printable(sourceName(t.run.Sources, r.Source))
	}
	line := fmt.Sprintf("  %11s %8s %4.0f %% %9s %9s %9s", thousands(r.Connections), thousands(r.Transactions), 100*r.Reuse(),
		thousands(uint64(r.PeakBusy)), thousands(uint64(r.PeakOpens)), thousands(uint64(r.PeakTimeWait)))
	if columns(line)+2+columns(who) <= width {
		t.printf("%s  %s\n", line, who)
	} else {
		t.printf("%s\n", line)
		t.block(14, who)
	}
	if closed := idleClosesLine(&r.IdleCloses); closed != "" {
		t.block(14, closed)
	}
}

// idleClosesLine says who closed connections that had nothing more to do;
// closes behind the last response are no news.
func idleClosesLine(closes *analysis.IdleCloses) string {
	line := ""
	for _, c := range closes.All() {
		if c.After > 0 {
			line += fmt.Sprintf(", by the %s after %d s: %s", c.By, c.After, thousands(uint64(c.Count)))
		}
	}
	if line == "" {
		return ""
	}
	return "closed while idle" + line
}

// budgetLines is the budget in two lines.
func budgetLines(b *analysis.Budget) string {
	p, y := &b.Packets, &b.Bytes
	packets, bytes := max(1, p.Total()), max(1, y.Sent+y.Retransmission)
	part := func(n, whole uint64) string { return fmt.Sprintf("%.0f %%", 100*float64(n)/float64(whole)) }
	line := "Packets: handshake " + part(p.Handshake, packets) + ", teardown " + part(p.Teardown, packets) +
		", pure ACK " + part(p.PureACK, packets) + ", data " + part(p.Data, packets)
	if p.Retransmission > 0 {
		line += ", repeated " + part(p.Retransmission, packets)
	}
	line += "\n  "
	if b.ACKs.All > 0 {
		line += "ACKs: without data " + part(b.ACKs.Bare, b.ACKs.All) + ", by timer " + part(b.ACKs.Timed, b.ACKs.All) + "; "
	}
	return line + "bytes: header " + part(y.Header, bytes) + ", body " + part(y.Body, bytes)
}
