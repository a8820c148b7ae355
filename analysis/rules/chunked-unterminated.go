package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// chunkedUnterminated finds chunked bodies whose sender closed the connection
// before it had sent the last chunk.
func chunkedUnterminated() *analysis.Rule {
	return &analysis.Rule{
		Name:     "framing/chunked-unterminated",
		Severity: analysis.Error,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.NotCut,
		Start: func(p *analysis.Pass) analysis.Run {
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				for _, m := range [...]*http1.Message{x.HTTP.Request, x.HTTP.Response} {
					if m != nil && unterminated(c, m) && !perhapsHEAD(x.HTTP, m) {
						p.Report(noLastChunk(c, x, m))
					}
				}
			}}
		},
	}
}

// brokenChunks are the flaws behind which nobody knows where a chunked body
// ends.
const brokenChunks = http1.ChunkSizeMalformed | http1.ChunkSizeOverflow | http1.ChunkSizeWrong | http1.ChunkLineTooLong

// unterminated reports whether the sender of m closed first, and in the midst
// of chunked coding that was right until then.
func unterminated(c *timeline.Connection, m *http1.Message) bool {
	if m.Framing != http1.Chunked || m.End != http1.CutByClose || m.Flaws&brokenChunks != 0 {
		return false
	}
	side, _, ok := ender(c, m)
	return ok && side == reassembly.Side(m.Dir)
}

// noLastChunk makes the finding. Behind the last chunk only an empty line was
// missing: the body is whole. An event stream is broken off rather than ended,
// and its client connects again.
func noLastChunk(c *timeline.Connection, x *timeline.Transaction, m *http1.Message) *analysis.Finding {
	f := &analysis.Finding{
		Subject:  analysis.Transaction(c, x),
		Culprit:  role(reassembly.Side(m.Dir)),
		Lost:     analysis.Cost{Connections: 1, Bytes: m.Due, Time: x.Exchange()},
		Measures: []analysis.Measure{{Name: "body", Value: float64(m.Body.Least()), Unit: "bytes"}, {Name: "missing", Value: float64(m.Due), Unit: "bytes"}},
	}
	came := fmt.Sprintf("%s bytes in %s", grouped(m.Body.Least()), count(int(m.Chunks), "chunk"))
	switch {
	case m.LastSeen:
		f.Severity, f.Lost = analysis.Warning, analysis.Cost{}
		f.Message = fmt.Sprintf("%s of the %s, then the last chunk, but not the empty line behind it: the %s closed before", came, m.Dir, reassembly.Side(m.Dir))
	case m.Due > 0:
		f.Message = fmt.Sprintf("the %s closed within a chunk of the %s: %s, %s missing, and no last chunk", reassembly.Side(m.Dir), m.Dir, came, grouped(m.Due))
	default:
		f.Message = fmt.Sprintf("the %s closed behind a whole chunk of the %s: %s, and no last chunk", reassembly.Side(m.Dir), m.Dir, came)
	}
	if m.Dir == http1.Response && eventStream(m) {
		f.Severity, f.Lost = analysis.Note, analysis.Cost{Connections: 1}
		f.Message += " (an event stream)"
	}
	f.Evidence.Cite(m.Ended, "close before the last chunk")
	f.Evidence.Cite(m.Last, "last byte of the body")
	f.Evidence.Cite(m.Head, "Transfer-Encoding")
	return f
}
