package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// messageStalled finds messages that stop before their end, with neither data
// nor a close to follow: the receiver waits.
func messageStalled() *analysis.Rule {
	return &analysis.Rule{
		Name:     "framing/message-stalled",
		Severity: analysis.Warning,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.NotCut | analysis.Clock,
		Params: []analysis.Param{
			{Name: "limit", Unit: "ms", Default: 30000,
				Source: "half of the 60 s that nginx and HAProxy examples allow between two reads: a sender that goes on does so sooner"},
		},
		Start: func(p *analysis.Pass) analysis.Run {
			limit := int64(p.Param("limit") * 1e6)
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				m := x.HTTP.Response
				if m == nil {
					m = x.HTTP.Request
				}
				if m == nil || !unfinished(c, m) || m.Dir == http1.Response && countsUnpacked(m) {
					return
				}
				if silence := waitedFor(c, m); silence >= limit && silence < joined {
					p.Report(stalled(c, x, m, silence, limit))
				}
			}}
		},
	}
}

// unfinished reports whether the sender of m owes bytes of a length that it
// has said itself, all it sent has arrived, its stack had nothing more to send,
// and the receiver has room: nothing but the application holds the rest. Between two chunks a sender owes nothing; one
// that waits for 100 Continue was told to.
func unfinished(c *timeline.Connection, m *http1.Message) bool {
	sender := reassembly.Side(m.Dir)
	from, to := &c.Flow[sender], &c.Flow[sender.Peer()]
	switch {
	case m.Due == 0 || from.InFlight() > 0 || to.Window == 0 || !from.Pushed():
		return false
	case m.Dir == http1.Request && m.Body.Least() == 0 && m.Header.HasToken("expect", "100-continue"):
		return false
	case m.End == http1.StillOpen:
		return true
	}
	// A server that closes behind half a request had waited for the rest; of a
	// client that leaves half a response truncated-response tells.
	side, _, ok := ender(c, m)
	return m.Dir == http1.Request && m.End == http1.CutByClose && ok && side == reassembly.Server
}

// waitedFor is how long nothing had come when the message ended, or the
// capture, ns.
func waitedFor(c *timeline.Connection, m *http1.Message) int64 {
	if m.End == http1.StillOpen {
		return max(c.End, c.ClosedAt()) - m.Last.Time
	}
	return m.Ended.Sub(m.Last)
}

// joined is a silence, ns, that no capture has watched: files with days between
// them were put into one.
const joined = int64(24 * 3600e9)

func stalled(c *timeline.Connection, x *timeline.Transaction, m *http1.Message, silence, limit int64) *analysis.Finding {
	f := &analysis.Finding{
		Subject:    analysis.Transaction(c, x),
		Culprit:    role(reassembly.Side(m.Dir)),
		Confidence: 0.8,
		Reasons:    []string{"what the sender waits for cannot be seen: it may be somebody behind it"},
		Message: fmt.Sprintf("the %s stopped with %s bytes to come, and neither data nor a close followed for %s",
			m.Dir, grouped(m.Due), ms(silence)),
		Lost: analysis.Cost{Time: silence},
		Measures: []analysis.Measure{
			{Name: "silence", Value: float64(silence) / 1e6, Threshold: float64(limit) / 1e6, Unit: "ms"},
			{Name: "missing", Value: float64(m.Due), Unit: "bytes"},
		},
	}
	f.Evidence.Cite(m.Last, "last byte that came")
	f.Evidence.Cite(m.Head, "announced length")
	return f
}
