package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// contentLengthTooLong finds messages that promised more than was sent before
// their sender closed the connection.
func contentLengthTooLong() *analysis.Rule {
	return &analysis.Rule{
		Name:     "framing/content-length-too-long",
		Severity: analysis.Error,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.NotCut,
		Start: func(p *analysis.Pass) analysis.Run {
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				for _, m := range [...]*http1.Message{x.HTTP.Request, x.HTTP.Response} {
					if m != nil && promisedMore(c, m) && !excused(x.HTTP, m) && !perhapsHEAD(x.HTTP, m) && !countsUnpacked(m) {
						p.Report(tooLong(c, x, m))
					}
				}
			}}
		},
	}
}

// promisedMore reports whether the sender of m closed before it had sent what
// its Content-Length promised. If the other side closed first, the sender was
// stopped; after an RST nobody knows what it meant to send.
func promisedMore(c *timeline.Connection, m *http1.Message) bool {
	if m.Framing != http1.Length || m.End != http1.CutByClose || m.Flaws.Has(http1.ConflictingLength) {
		return false
	}
	side, _, ok := ender(c, m)
	return ok && side == reassembly.Side(m.Dir)
}

// excused reports whether m is a request whose rest was not wanted: the final
// response had begun before its sender closed (RFC 9110 §10.1.1, RFC 9112 §9.5).
func excused(x *http1.Transaction, m *http1.Message) bool {
	return m == x.Request && x.Response != nil && x.Response.First.Time <= m.Ended.Time
}

func tooLong(c *timeline.Connection, x *timeline.Transaction, m *http1.Message) *analysis.Finding {
	declared, _ := m.Declared.Exact()
	seen := m.Body.Least()
	f := &analysis.Finding{
		Subject: analysis.Transaction(c, x),
		Culprit: role(reassembly.Side(m.Dir)),
		Message: fmt.Sprintf("Content-Length of the %s promised %s bytes, %s came before the close: %s are missing",
			m.Dir, grouped(declared), grouped(seen), grouped(declared-seen)),
		Lost: analysis.Cost{Connections: 1, Bytes: declared - seen, Time: x.Exchange()},
		Measures: []analysis.Measure{
			{Name: "body", Value: float64(seen), Threshold: float64(declared), Unit: "bytes"},
		},
	}
	f.Evidence.Cite(m.Ended, "close before the end of the body")
	f.Evidence.Cite(m.Head, "Content-Length")
	f.Evidence.Cite(m.Last, "last byte of the body")
	return f
}
