package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
)

// closeWaitLeak finds connections that one side has closed and the other keeps:
// CLOSE_WAIT there, FIN_WAIT_2 here.
func closeWaitLeak() *analysis.Rule {
	return &analysis.Rule{
		Name:     "close/close-wait-leak",
		Severity: analysis.Warning,
		Needs:    analysis.BothDirections | analysis.NoGapBefore | analysis.Clock,
		Params: []analysis.Param{
			{Name: "limit", Unit: "ms", Default: 60000, Min: 1,
				Source: "net.ipv4.tcp_fin_timeout of Linux: after 60 s the side that closed has forgotten the connection"},
		},
		Start: func(p *analysis.Pass) analysis.Run {
			pairs := analysis.PerPair[[2]leaks](p)
			limit := int64(p.Param("limit") * 1e6)
			return analysis.Run{
				Close: func(c *timeline.Connection) {
					if side, held := halfClosed(c); held >= limit {
						pairs.Pair(c.Pair)[side].add(c, side, held)
					}
				},
				Pair: func(pair *timeline.Pair) {
					slots := pairs.Peek(pair.Slot())
					for side := 0; slots != nil && side < len(slots); side++ {
						if l := &slots[side]; l.n > 0 {
							p.Report(l.finding(reassembly.Side(side), limit))
						}
					}
				},
			}
		},
	}
}

// halfClosed is the side that did not close behind the other's FIN, and for how
// long it sent nothing, ns. A server that still owes an answer is at work, not
// asleep; what is tunnelled may rest for as long as it likes.
func halfClosed(c *timeline.Connection) (silent reassembly.Side, held int64) {
	t := &c.Teardown
	closer, fin, ok := t.First()
	if !ok || fin == t.RST || !c.FINAcked(closer) || c.Traits.Is(timeline.ConnectTunnel|timeline.ProtocolUpgrade|timeline.NotHTTP) {
		return 0, 0
	}
	silent = closer.Peer()
	if !c.Handshake.Done() && c.Flow[silent].Bytes == 0 {
		return silent, 0 // its FIN may have passed before the capture began
	}
	if silent == reassembly.Server && c.Complete < c.Transactions {
		return silent, 0
	}
	since := max(fin.Time, c.Behind.Time)
	end := lastWord(c, silent)
	switch {
	case !end.IsZero():
		return silent, end.Time - since
	case c.Why == reassembly.Idle:
		// The two must be heard of later: what looks silent for hours may be
		// captures of different days in one file.
		return silent, max(c.Last.Time, c.Pair.LastEnd().Time) - since
	case c.Open():
		return silent, c.End - since
	}
	return silent, 0
}

// lastWord is what ended a half-closed connection: the silent side's FIN, else
// an RST; zero if neither came.
func lastWord(c *timeline.Connection, silent reassembly.Side) capture.Frame {
	if f := c.Teardown.FIN[silent]; !f.IsZero() {
		return f
	}
	return c.Teardown.RST
}

// leaks is what the rule gathers of a pair, by the side that did not close.
type leaks struct {
	subject  analysis.Subject
	evidence analysis.Evidence
	n        int
	longest  int64 // ns
	open     int   // not closed when the capture ended
}

func (l *leaks) add(c *timeline.Connection, silent reassembly.Side, held int64) {
	if l.n == 0 {
		l.subject = analysis.Pair(c.Pair)
	}
	l.n++
	l.subject.Gather(c)
	l.longest = max(l.longest, held)
	l.evidence.Cite(c.Teardown.FIN[silent.Peer()], "FIN that was not returned")
	end := lastWord(c, silent)
	if end.IsZero() {
		l.open++
	}
	l.evidence.Cite(end, "the connection's end at last")
}

func (l *leaks) finding(silent reassembly.Side, limit int64) *analysis.Finding {
	f := &analysis.Finding{
		Subject: l.subject, Culprit: role(silent), Count: l.n, Evidence: l.evidence,
		Lost: analysis.Cost{Connections: l.n},
		Message: fmt.Sprintf("the %s kept %s open for up to %s after the %s had closed",
			silent, count(l.n, "connection"), ms(l.longest), silent.Peer()),
		Measures: []analysis.Measure{
			{Name: "longest", Value: float64(l.longest) / 1e6, Threshold: float64(limit) / 1e6, Unit: "ms"},
			{Name: "never_closed", Value: float64(l.open), Unit: "count"},
		},
	}
	if l.open > 0 {
		f.Confidence = 0.8
		f.Reasons = append(f.Reasons, "the close may have come after the capture stopped following the two hosts")
		f.Message += fmt.Sprintf("; %d of them had not been closed when last heard of", l.open)
	}
	return f
}
