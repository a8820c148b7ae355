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
		PartOf:   []string{"close/reset-mid-response", "close/client-abort", "close/reset-destroys-response"},
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.NotCut,
		Params: []analysis.Param{
			{Name: "patience", Unit: "ms", Default: 1000,
				Source: "the shortest time limits that HTTP clients are given are of about a second"},
		},
		Start: func(p *analysis.Pass) analysis.Run {
			patience := int64(p.Param("patience") * 1e6)
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				if m := x.HTTP.Response; m != nil && truncated(m) && !otherwise(c, x.HTTP, m) {
					p.Report(cutOff(c, x, m, patience))
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

// otherwise reports whether the response was not cut, or is spoken of by
// another rule: those of a length which its sender did not keep, of a last
// chunk which it did not send, and of lengths that say nothing.
func otherwise(c *timeline.Connection, x *http1.Transaction, m *http1.Message) bool {
	return perhapsHEAD(x, m) || leftStream(c, m) || promisedMore(c, m) || countsUnpacked(m) || unterminated(c, m) || m.Flaws&brokenChunks != 0 ||
		m.End == http1.CutByClose && m.Flaws.Has(http1.ConflictingLength)
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

// cutOff makes the finding. A client that leaves after the response had stood
// still, though its window was open, may have given up waiting: then nobody
// can tell from here why nothing came.
func cutOff(c *timeline.Connection, x *timeline.Transaction, m *http1.Message, patience int64) *analysis.Finding {
	side, closing, _ := ender(c, m)
	f := &analysis.Finding{
		Subject: analysis.Transaction(c, x),
		Culprit: role(side),
		Message: fmt.Sprintf("the %s %s in the middle of the response: %s", side, how(c, closing), progress(m)),
		Lost:    analysis.Cost{Connections: 1, Time: x.Exchange()},
		Measures: []analysis.Measure{
			{Name: "body", Value: float64(m.Body.Least()), Unit: "bytes"},
		},
	}
	if still := closing.Sub(m.Last); side == reassembly.Client && still >= patience && c.Flow[reassembly.Client].Window > 0 {
		f.Culprit, f.Confidence = analysis.Nobody, 0.8
		f.Message += fmt.Sprintf("; nothing had come for %s", ms(still))
		f.Reasons = append(f.Reasons, "the client may have given up waiting: why nothing came cannot be seen")
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
		return fmt.Sprintf("%s bytes of chunked body, no last chunk", grouped(m.Body.Least()))
	case known && m.Framing == http1.Length:
		return fmt.Sprintf("%s of %s bytes of body", grouped(m.Body.Least()), grouped(declared))
	}
	return fmt.Sprintf("%s bytes of a body without a length", grouped(m.Body.Least()))
}
