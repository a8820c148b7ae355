package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// ms writes a duration the way all reports do.
func ms(ns int64) string { return analysis.Span(ns) }

// count writes a number with its noun: "1 connection", "1,200 connections".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(uint64(n)) + " " + noun + "s"
}

// grouped writes a number in groups of three figures: 2,200,000.
func grouped(n uint64) string { return analysis.Thousands(n) }

// role is the culprit that a side is.
func role(s reassembly.Side) analysis.Role {
	if s == reassembly.Client {
		return analysis.Client
	}
	return analysis.Server
}

// ender is the side that ended the connection under a message, and the packet
// that did; ok is false if neither did in the capture. A FIN of the other side
// from before the message began did not: who has asked and waits may close
// that half (RFC 9112 §9.6).
func ender(c *timeline.Connection, m *http1.Message) (side reassembly.Side, f capture.Frame, ok bool) {
	sender, t := reassembly.Side(m.Dir), &c.Teardown
	side, f, ok = t.First()
	if !ok || side == sender || f == t.RST || f.Time >= m.First.Time {
		return side, f, ok
	}
	if !t.RST.IsZero() {
		return t.RSTBy, t.RST, true
	}
	return sender, t.FIN[sender], !t.FIN[sender].IsZero()
}

// blame counts who kept connections from being used again.
type blame [timeline.Refusals]int

// most is the most frequent refusal; a tie goes to the one named first.
func (b *blame) most() timeline.Refusal {
	var r timeline.Refusal
	for i, n := range b {
		if n > b[r] {
			r = timeline.Refusal(i)
		}
	}
	return r
}

// words says what refused most often, and on how many of n connections if it
// was not all.
func (b *blame) words(n int) string {
	why := b.most()
	if b[why] == n {
		return why.String()
	}
	return fmt.Sprintf("%s (%s of them)", why, grouped(uint64(b[why])))
}

// culprit is the side that refused, or nobody.
func culprit(r timeline.Refusal) analysis.Role {
	if side, ok := r.Side(); ok {
		return role(side)
	}
	return analysis.Nobody
}

// blameOpaque sets the culprit of connections whose messages cannot be read.
// Who closes first tells little: a server also closes because the client asked
// it to. A client that opens one connection after another is the likelier
// place to look.
func blameOpaque(f *analysis.Finding) {
	f.Culprit, f.Confidence = analysis.Client, 0.6
	f.Reasons = append(f.Reasons, "encrypted: either side may have asked for the close")
}

// doubt lowers the confidence of a finding to at most limit and says why.
func doubt(f *analysis.Finding, limit float64, reason string) {
	if f.Confidence == 0 {
		f.Confidence = 1
	}
	f.Confidence = min(f.Confidence, limit)
	f.Reasons = append(f.Reasons, reason)
}

// perAddress lowers the confidence of a finding about a pair to limit where the
// client's address seems to stand for several hosts: what is too much for one
// may be little for each.
func perAddress(f *analysis.Finding, p *timeline.Pair, limit float64) {
	if n := p.Caller.Kinds(); n > 1 {
		f.Caveats |= reassembly.NATSuspected
		doubt(f, limit, fmt.Sprintf("this is per address: the SYNs are of %d kinds, and several hosts may stand behind it", n))
	}
}

// perEvent is what n events took, of whole ns together: "40.3 ms each".
func perEvent(n int, whole int64) string {
	if n == 1 {
		return ms(whole)
	}
	return ms(whole/int64(n)) + " each"
}

// times writes how often: "once", "3 times".
func times(n int) string {
	if n == 1 {
		return "once"
	}
	return grouped(uint64(n)) + " times"
}
