package rules

import (
	"bytes"
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly/http1"
)

// lengthMissing finds responses that say the connection is kept and do not say
// where they end.
func lengthMissing() *analysis.Rule {
	return &analysis.Rule{
		Name:     "keepalive/length-missing",
		Severity: analysis.Error,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.NotCut,
		Params: []analysis.Param{
			{Name: "min_hang", Unit: "ms", Default: 1000,
				Source: "a server that closes behind such a response wastes a connection only; one that keeps its word leaves the client waiting"},
		},
		Start: func(p *analysis.Pass) analysis.Run {
			hang := int64(p.Param("min_hang") * 1e6)
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				if m := x.HTTP.Response; m != nil && endless(x.HTTP) {
					if wait := x.End.Sub(m.Last); wait >= hang {
						p.Report(hangs(c, x, m, wait, hang))
					}
				}
			}}
		},
	}
}

// endless reports whether a response says keep-alive and has neither length nor
// chunked coding. A stream that is meant to go on has no end to wait for.
func endless(x *http1.Transaction) bool {
	m := x.Response
	return x.Request != nil && m.Framing == http1.UntilClose && keepsAlive(m) &&
		!m.Header.HasToken("connection", "close") && !stream(m)
}

// stream reports whether a response is of a kind that is sent for as long as
// the client listens: events, or pictures one after another.
func stream(m *http1.Message) bool {
	kind := m.Header.Get("content-type")
	return eventStream(m) || len(kind) >= 10 && bytes.EqualFold(kind[:10], []byte("multipart/")) ||
		len(kind) >= 6 && (bytes.EqualFold(kind[:6], []byte("audio/")) || bytes.EqualFold(kind[:6], []byte("video/")))
}

func hangs(c *timeline.Connection, x *timeline.Transaction, m *http1.Message, wait, hang int64) *analysis.Finding {
	f := &analysis.Finding{
		Subject: analysis.Transaction(c, x),
		Culprit: analysis.Server,
		Message: fmt.Sprintf("a response of %s bytes says keep-alive and has no length: the client waited %s for an end that did not come",
			grouped(m.Body.Least()), ms(wait)),
		Lost:     analysis.Cost{Time: wait}, // the connection is counted by close-delimited-body
		Saved:    analysis.Cost{Time: wait},
		Measures: []analysis.Measure{{Name: "hang", Value: float64(wait) / 1e6, Threshold: float64(hang) / 1e6, Unit: "ms"}},
	}
	f.Evidence.Cite(m.Head, "keep-alive without a length")
	f.Evidence.Cite(m.Last, "last byte")
	if _, closing, ok := c.Teardown.First(); ok {
		f.Evidence.Cite(closing, "close")
	}
	return f
}
