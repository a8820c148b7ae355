package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly/http1"
)

// chunkedToHTTP10 finds chunked responses to clients that cannot know what
// that is.
func chunkedToHTTP10() *analysis.Rule {
	return &analysis.Rule{
		Name:     "keepalive/chunked-to-http10",
		Severity: analysis.Error,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore,
		Start:    startChunkedToHTTP10,
	}
}

// unreadable counts the chunked responses on one connection.
type unreadable struct {
	n             int
	request, head capture.Frame // of the first
}

// unreadables is what the rule gathers of a pair.
type unreadables struct {
	gathered
	responses int
}

func startChunkedToHTTP10(p *analysis.Pass) analysis.Run {
	conns, pairs := analysis.PerConnection[unreadable](p), analysis.PerPair[unreadables](p)
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			q, a := x.HTTP.Request, x.HTTP.Response
			if a == nil || !beforeHTTP11(q) || beforeHTTP11(a) || a.Framing != http1.Chunked {
				return
			}
			u := conns.Connection(c)
			if u.n == 0 {
				u.request, u.head = q.First, a.Head
			}
			u.n++
		},
		Close: func(c *timeline.Connection) {
			if u := conns.Peek(c.Slot()); u != nil {
				g := pairs.Pair(c.Pair)
				g.take(c)
				g.responses += u.n
				g.evidence.Cite(u.head, "chunked response")
				g.evidence.Cite(u.request, "HTTP/1.0 request")
			}
		},
		Pair: func(pair *timeline.Pair) {
			if g := pairs.Peek(pair.Slot()); g != nil {
				p.Report(chunkedFinding(g))
			}
		},
	}
}

func chunkedFinding(g *unreadables) *analysis.Finding {
	return &analysis.Finding{
		Subject:  g.subject,
		Culprit:  analysis.Server,
		Count:    g.responses,
		Evidence: g.evidence,
		Message: fmt.Sprintf("%s to HTTP/1.0 requests came in chunked coding, which HTTP/1.0 does not know: the client may take chunk sizes for content",
			count(g.responses, "response")),
	}
}
