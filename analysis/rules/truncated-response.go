package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// truncatedResponse finds responses that ended before their promised end,
// whoever ended them.
func truncatedResponse() *analysis.Rule {
	return &analysis.Rule{
		Name:     "framing/truncated-response",
		Severity: analysis.Error,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.NotCut,
		Start: func(p *analysis.Pass) analysis.Run {
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				if m := x.HTTP.Response; m != nil && truncated(m) && !perhapsHEAD(x.HTTP, m) && !leftStream(c, m) {
					p.Report(cutOff(c, x, m))
				}
			}}
		},
	}
}

// truncated reports whether the connection ended before the message did. A
// body without a length ends with a FIN in order; an RST cuts it all the same
// (RFC 9112 §8).
func truncated(m *http1.Message) bool {
	if m.End == http1.CutByReset {
		return m.Framing != http1.None && m.Framing != http1.Invalid
	}
	return m.End == http1.CutByClose && (m.Framing == http1.Length || m.Framing == http1.Chunked || m.Framing == http1.Undecided)
}

// perhapsHEAD reports whether a message may be the answer to a HEAD that is not
// in the capture: its length is then that of a body which nobody sends (RFC
// 9110 §9.3.2).
func perhapsHEAD(x *http1.Transaction, m *http1.Message) bool {
	return x.Request == nil && m.Framing != http1.Undecided && m.Body.Least() == 0
}

// leftStream reports whether a client left an event stream, which has no other
// end.
func leftStream(c *timeline.Connection, m *http1.Message) bool {
	first, _, ok := c.Teardown.First()
	return ok && first == reassembly.Client && eventStream(m)
}

func cutOff(c *timeline.Connection, x *timeline.Transaction, m *http1.Message) *analysis.Finding {
	side, closing, _ := ender(c, m)
	f := &analysis.Finding{
		Subject: analysis.Transaction(c, x),
		Culprit: role(side),
		Message: fmt.Sprintf("the %s %s in the middle of the response: %s", side, how(c, closing), progress(m)),
		Lost:    analysis.Cost{Connections: 1, Time: x.Duration()},
		Measures: []analysis.Measure{
			{Name: "body", Value: float64(m.Body.Least()), Unit: "bytes"},
		},
	}
	if declared, ok := m.Declared.Exact(); ok {
		f.Measures[0].Threshold = float64(declared)
	}
	f.Evidence.Cite(closing, "close")
	f.Evidence.Cite(m.Last, "last byte of the response")
	f.Evidence.Cite(m.First, "start of the response")
	return f
}

// how says in which way the connection was closed first.
func how(c *timeline.Connection, closing capture.Frame) string {
	if closing == c.Teardown.RST {
		return "reset the connection"
	}
	return "closed the connection"
}

// progress says how far the response had come.
func progress(m *http1.Message) string {
	declared, known := m.Declared.Exact()
	switch {
	case m.Framing == http1.Undecided:
		return "its head is not whole"
	case m.Framing == http1.Chunked:
		return fmt.Sprintf("%d bytes of chunked body, no last chunk", m.Body.Least())
	case known && m.Framing == http1.Length:
		return fmt.Sprintf("%d of %d bytes of body", m.Body.Least(), declared)
	}
	return fmt.Sprintf("%d bytes of a body without a length", m.Body.Least())
}
