package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// synackRetry finds connections whose opening waited for a SYN-ACK that was
// lost, and servers that repeat theirs because they cannot take the
// connection.
func synackRetry() *analysis.Rule {
	return &analysis.Rule{
		Name:     "connect/synack-retry",
		Severity: analysis.Warning,
		Needs:    analysis.Handshake | analysis.BothDirections | analysis.Clock,
		Params:   []analysis.Param{minRetry()},
		Causes:   []timeline.Cause{timeline.ConnectRetry},
		Start:    startSYNACKRetry,
	}
}

// synackRetries is what the rule gathers of a pair: two different faults.
type synackRetries struct{ lost, refused retries }

func startSYNACKRetry(p *analysis.Pass) analysis.Run {
	pairs := analysis.PerPair[synackRetries](p)
	least := int64(p.Param("min_wait") * 1e6)
	return analysis.Run{
		Close: func(c *timeline.Connection) {
			switch {
			case c.Repeated == nil:
			case !c.Repeated.Unheard.IsZero():
				pairs.Pair(c.Pair).refused.unheard(c)
			case waitedForSYNACK(c.Setback) && c.Handshake.Retry >= least:
				pairs.Pair(c.Pair).lost.lateSYNACK(c)
			}
		},
		Pair: func(pair *timeline.Pair) {
			if g := pairs.Peek(pair.Slot()); g != nil {
				if g.lost.n > 0 {
					p.Report(g.lost.lostSYNACKs(least))
				}
				if g.refused.n > 0 {
					p.Report(g.refused.overflow(least))
				}
			}
		},
	}
}

// waitedForSYNACK reports whether it was the SYN-ACK that the client lacked.
func waitedForSYNACK(s timeline.Setback) bool {
	return s == timeline.SYNACKLost || s == timeline.SYNACKOrACKLost || s == timeline.SYNACKIgnored
}

// lateSYNACK takes a connection of which a SYN-ACK was lost.
func (g *retries) lateSYNACK(c *timeline.Connection) {
	h, last := &c.Handshake, &c.Repeated.Last
	g.add(c, max(1, int(h.SYNACKs)-1, int(h.SYNs)-1))
	if again := last[reassembly.Server]; !again.IsZero() {
		g.evidence.Cite(again, "SYN-ACK sent again")
		g.evidence.Cite(h.SYNACK, "first SYN-ACK")
	} else {
		g.evidence.Cite(h.SYNACK, "SYN-ACK that came through")
	}
	g.evidence.Cite(last[reassembly.Client], "SYN sent again")
	g.evidence.Cite(h.SYN, "first SYN")
}

func (g *retries) lostSYNACKs(least int64) *analysis.Finding {
	switch g.most() {
	case timeline.SYNACKIgnored:
		f := g.finding("SYN-ACK", "the client, where this was captured, had left it without an answer", least)
		f.Culprit, f.Confidence = analysis.Client, 0.8
		f.Reasons = append(f.Reasons, "what made it unfit cannot be seen: a packet filter, a checksum, a route")
		return f
	case timeline.SYNACKOrACKLost:
		f := g.finding("SYN-ACK", "it was lost on the way to the client, or the client's ACK on the way back", least)
		f.Confidence = 0.6
		f.Reasons = append(f.Reasons, "had only the ACK been lost, the client would have waited for nothing")
		return f
	}
	return g.finding("SYN-ACK", "the server had the SYN, and its answer was lost on the way to the client", least)
}

// unheard takes a connection that its server did not take.
func (g *retries) unheard(c *timeline.Connection) {
	h, again := &c.Handshake, c.Repeated.Unheard
	g.add(c, int(h.SYNACKs)-1)
	g.wait += max(0, again.Sub(h.ACK)) - h.Retry // clocks step back
	g.evidence.Cite(again, "SYN-ACK sent again")
	g.evidence.Cite(h.ACK, "client's ACK")
	g.evidence.Cite(h.SYNACK, "first SYN-ACK")
}

// overflow is a finding about connections that the server did not take though
// the client had finished the handshake and sent data. Its time is that of the
// data, which other rules may save.
func (g *retries) overflow(least int64) *analysis.Finding {
	f := g.finding("SYN-ACK", "", least)
	f.Culprit, f.Confidence, f.Saved, f.Outside = analysis.Server, 0.9, analysis.Cost{}, f.Lost.Time
	f.Message = fmt.Sprintf("%s had finished the handshake and sent data, and the server repeated its SYN-ACK for %s: its accept queue is full",
		count(g.n, "connection"), ms(g.wait))
	f.Reasons = append(f.Reasons, "a path that loses each of the client's packets looks the same")
	return f
}
