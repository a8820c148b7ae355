package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// clientAbort finds clients that leave while their response runs, or before it
// has begun.
func clientAbort() *analysis.Rule {
	return &analysis.Rule{
		Name:     "close/client-abort",
		Severity: analysis.Note,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.NotCut,
		Params: []analysis.Param{
			{Name: "patience", Unit: "ms", Default: 1000,
				Source: "the shortest time limits that HTTP clients are given are of about a second"},
		},
		Start: func(p *analysis.Pass) analysis.Run {
			patience := int64(p.Param("patience") * 1e6)
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				if leave, ok := leaves(c, x); ok {
					p.Report(aborted(c, x, leave, patience))
				} else if leave, ok := givesUp(c, x, patience); ok {
					p.Report(gaveUp(c, x, leave, patience))
				}
			}}
		},
	}
}

// unclearEnd are flaws behind which client and server may differ on where the
// response ends: a client that then closes may have what it takes for all.
const unclearEnd = http1.ConflictingLength | http1.MalformedLength | http1.ChunkedNotLast |
	http1.ChunkSizeMalformed | http1.ChunkSizeOverflow | http1.ChunkSizeWrong | http1.Headless

// leaves finds the packet with which the client left a response that had begun.
func leaves(c *timeline.Connection, x *timeline.Transaction) (f capture.Frame, ok bool) {
	m := x.HTTP.Response
	if m == nil || !truncated(m) || m.Flaws&unclearEnd != 0 || perhapsHEAD(x.HTTP, m) || leftStream(c, m) {
		return f, false
	}
	side, f, ok := ender(c, m)
	return f, ok && side == reassembly.Client
}

// givesUp finds the packet with which the client closed before anything was
// answered. A FIN may also be half a close by a client that waits on (RFC 9112
// §9.6): that one comes right behind the request, and its client takes what is
// answered instead of resetting it.
func givesUp(c *timeline.Connection, x *timeline.Transaction, patience int64) (f capture.Frame, ok bool) {
	q, t := x.HTTP.Request, &c.Teardown
	if q == nil || q.End != http1.Complete {
		return f, false
	}
	side, f, ok := t.First()
	if !ok || side != reassembly.Client || f.Sub(x.RequestEnd) < patience {
		return f, false
	}
	if m := x.HTTP.Response; m != nil {
		return f, f.Time < m.First.Time && !t.RST.IsZero() && t.RSTBy == reassembly.Client && t.RST.Time >= m.First.Time
	}
	return f, x.HTTP.End == http1.CutByClose || x.HTTP.End == http1.CutByReset
}

// aborted is the finding about a response that had begun; its price is that of
// framing/truncated-response.
func aborted(c *timeline.Connection, x *timeline.Transaction, leave capture.Frame, patience int64) *analysis.Finding {
	m := x.HTTP.Response
	f := &analysis.Finding{
		Subject: analysis.Transaction(c, x),
		Culprit: analysis.Client,
		Message: fmt.Sprintf("the client %s %s after it began to ask: %s", how(c, leave), ms(leave.Sub(x.Request)), progress(m)),
		Measures: []analysis.Measure{
			{Name: "after", Value: float64(leave.Sub(x.Request)) / 1e6, Unit: "ms"},
			{Name: "body", Value: float64(m.Body.Least()), Unit: "bytes"},
		},
	}
	if x.Request.IsZero() {
		f.Message = fmt.Sprintf("the client %s: %s", how(c, leave), progress(m))
		f.Measures = f.Measures[1:]
	}
	if still := leave.Sub(m.Last); still >= patience && c.Flow[reassembly.Client].Window > 0 {
		f.Culprit, f.Confidence = analysis.Nobody, 0.8
		f.Message += fmt.Sprintf("; nothing had come for %s", ms(still))
		f.Reasons = append(f.Reasons, "the client may have given up waiting: why nothing came cannot be seen")
	} else if c.Teardown.RST.IsZero() && c.Behind.IsZero() {
		f.Confidence = 0.7
		f.Reasons = append(f.Reasons, "the server sent nothing behind the client's FIN: it may have had no more to send")
	}
	f.Evidence.Cite(leave, "the client leaves")
	f.Evidence.Cite(m.Last, "last byte of the response")
	f.Evidence.Cite(x.Request, "request")
	return f
}

// gaveUp is the finding about a client that left before any answer.
func gaveUp(c *timeline.Connection, x *timeline.Transaction, leave capture.Frame, patience int64) *analysis.Finding {
	waited := leave.Sub(x.RequestEnd)
	f := &analysis.Finding{
		Subject: analysis.Transaction(c, x),
		Culprit: analysis.Nobody, Confidence: 0.8,
		Reasons: []string{"why no answer came cannot be seen"},
		Message: fmt.Sprintf("the client %s after %s without an answer", how(c, leave), ms(waited)),
		Lost:    analysis.Cost{Connections: 1, Time: leave.Sub(x.Request)},
		Measures: []analysis.Measure{
			{Name: "waited", Value: float64(waited) / 1e6, Threshold: float64(patience) / 1e6, Unit: "ms"},
		},
	}
	if m := x.HTTP.Response; m != nil {
		f.Message += fmt.Sprintf("; it came %s too late", ms(m.First.Sub(leave)))
	}
	f.Evidence.Cite(leave, "the client leaves")
	f.Evidence.Cite(x.RequestEnd, "end of the request")
	f.Evidence.Cite(x.Response, "late answer")
	return f
}
