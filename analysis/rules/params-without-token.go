package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// paramsWithoutToken finds Keep-Alive fields in messages that do not say
// Connection: keep-alive.
func paramsWithoutToken() *analysis.Rule {
	return &analysis.Rule{
		Name:     "keepalive/params-without-token",
		Severity: analysis.Note,
		PartOf:   []string{"proxy/hop-by-hop-forwarded"},
		Needs:    analysis.Plaintext | analysis.NoGapBefore | analysis.BothDirections | analysis.FineClock, // a limit may have left Connection aside; what a proxy passed on is told by its other side and by time
		Start: func(p *analysis.Pass) analysis.Run {
			sides := [2]habits{newHabits(p), newHabits(p)}
			return analysis.Run{
				Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
					for side, m := range [2]*http1.Message{x.HTTP.Request, x.HTTP.Response} {
						passedOn := x.Relayed && m == x.HTTP.Request // hop-by-hop-forwarded speaks of it
						if lacksToken(m) && !passedOn {
							sides[side].add(c, x, analysis.Note, m.Head, "Keep-Alive without the token", func() string { return tokenless(m) })
						}
					}
				},
				Pair: func(pair *timeline.Pair) {
					for side := range sides {
						if h, f := sides[side].finding(pair); f != nil {
							f.Culprit = role(reassembly.Side(side))
							f.Message = fmt.Sprintf("%s of the %s: %s", count(h.n, "message"), f.Culprit, f.Message)
							p.Report(f)
						}
					}
				},
			}
		},
	}
}

// lacksToken reports whether a message with its whole head has a Keep-Alive
// field that it does not name in Connection. Clients of old ask proxies by
// another field (RFC 9112 §C.2.2).
func lacksToken(m *http1.Message) bool {
	return m != nil && !m.Head.IsZero() && m.Header.Get("keep-alive") != nil &&
		!keepsAlive(m) && !m.Header.HasToken("proxy-connection", "keep-alive")
}

// tokenless says what the message has instead.
func tokenless(m *http1.Message) string {
	switch {
	case m.Header.HasToken("connection", "close"):
		return "Keep-Alive beside Connection: close, which contradict each other"
	case m.Start.AtLeast(1, 1):
		return "Keep-Alive without Connection: keep-alive: it must be ignored, and a proxy that does not know it passes it on"
	}
	return "Keep-Alive in HTTP/1.0 without Connection: keep-alive: it must be ignored, and the connection is not kept"
}
