package rules

import (
	"bytes"
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly/http1"
)

// closeDelimitedBody finds responses whose body has no length and ends with
// the connection.
func closeDelimitedBody() *analysis.Rule {
	return &analysis.Rule{
		Name:     "framing/close-delimited-body",
		Severity: analysis.Warning,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore,
		Start: func(p *analysis.Pass) analysis.Run {
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				if closeDelimited(x.HTTP) && !leftStream(c, x.HTTP.Response) {
					p.Report(delimited(c, x, x.HTTP.Response))
				}
			}}
		},
	}
}

// closeDelimited reports whether only the close told the end. Without the
// request a response to HEAD looks the same; HTTP/0.9 knows no other way; a
// Transfer-Encoding that does not end in chunked is another fault; an event
// stream is meant to last.
func closeDelimited(x *http1.Transaction) bool {
	m := x.Response
	if m == nil || x.Request == nil || m.Framing != http1.UntilClose || m.Start.Major == 0 || m.Flaws&(http1.Headless|http1.ChunkedNotLast) != 0 {
		return false
	}
	if m.End != http1.Complete && m.End != http1.CutByReset {
		return false
	}
	return m.End == http1.CutByReset || !eventStream(m)
}

// eventStream reports whether a response is one that is meant to last (WHATWG
// HTML §9.2, server-sent events).
func eventStream(m *http1.Message) bool {
	mediaType, _, _ := bytes.Cut(m.Header.Get("content-type"), []byte{';'})
	return bytes.EqualFold(bytes.TrimSpace(mediaType), []byte("text/event-stream"))
}

func delimited(c *timeline.Connection, x *timeline.Transaction, m *http1.Message) *analysis.Finding {
	f := &analysis.Finding{
		Subject: analysis.Transaction(c, x),
		Culprit: analysis.Server,
		Message: fmt.Sprintf("a body of %s bytes has neither Content-Length nor chunked coding: the client cannot tell it from a cut one, and the connection is spent",
			grouped(m.Body.Least())),
		Lost:     analysis.Cost{Connections: 1},
		Measures: []analysis.Measure{{Name: "body", Value: float64(m.Body.Least()), Unit: "bytes"}},
	}
	if before11(m) || before11(x.HTTP.Request) || m.Body.Least() == 0 {
		// RFC 1945 §7.2.2: the usual way of HTTP/1.0, which knows no chunks.
		// Of an empty body little can be cut.
		f.Severity = analysis.Note
	}
	f.Evidence.Cite(m.Head, "head without a length")
	f.Evidence.Cite(m.Ended, "end of the connection")
	return f
}

func before11(m *http1.Message) bool { return m.Start.Major == 1 && m.Start.Minor == 0 }
