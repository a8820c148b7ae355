package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// chunkSizeWrong finds chunked coding that contradicts itself.
func chunkSizeWrong() *analysis.Rule {
	return &analysis.Rule{
		Name:     "framing/chunk-size-wrong",
		Severity: analysis.Error,
		Needs:    analysis.Plaintext | analysis.NoGapBefore | analysis.NotCut | analysis.BothDirections,
		Start: func(p *analysis.Pass) analysis.Run {
			return analysis.Run{
				Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
					for _, m := range [...]*http1.Message{x.HTTP.Request, x.HTTP.Response} {
						if m != nil && m.Flaws&(brokenChunks&^http1.ChunkLineTooLong) != 0 {
							p.Report(wrongChunk(c, x, m))
						}
					}
				},
				Close: func(c *timeline.Connection) {
					for i := range c.Surplus {
						if s := &c.Surplus[i]; s.Framing == http1.Chunked && s.Flaws&brokenChunks == 0 && !c.Traits.Is(beyondHTTP1) {
							p.Report(behindLastChunk(c, s))
						}
					}
				},
			}
		},
	}
}

func wrongChunk(c *timeline.Connection, x *timeline.Transaction, m *http1.Message) *analysis.Finding {
	f := &analysis.Finding{
		Subject:  analysis.Transaction(c, x),
		Culprit:  role(reassembly.Side(m.Dir)),
		Message:  fmt.Sprintf("%s of the %s", brokenChunk(m), m.Dir),
		Lost:     analysis.Cost{Connections: 1, Time: x.Exchange()},
		Measures: []analysis.Measure{{Name: "chunk_size", Value: float64(m.Chunk), Unit: "bytes"}, {Name: "chunks", Value: float64(m.Chunks), Unit: "count"}},
	}
	f.Evidence.Cite(m.Broken, "chunk that does not fit")
	f.Evidence.Cite(m.Head, "Transfer-Encoding")
	return f
}

// brokenChunk says what does not fit. Of a size that is too large the receiver
// learns when the last chunk has gone into the data: 7 bytes with the line end
// before it.
func brokenChunk(m *http1.Message) string {
	const lastChunk = 7
	switch {
	case m.Flaws.Has(http1.ChunkSizeOverflow):
		return fmt.Sprintf("chunk %d gives itself more bytes than 63 bits can count, in the body", m.Chunks+1)
	case m.Flaws.Has(http1.ChunkSizeMalformed) && m.Chunks == 0:
		return "Transfer-Encoding says chunked, but no chunk size begins the body"
	case m.Flaws.Has(http1.ChunkSizeMalformed):
		return fmt.Sprintf("no chunk size stands behind chunk %d of %s bytes, in the body", m.Chunks, grouped(m.Chunk))
	case m.Due > 0:
		return fmt.Sprintf("chunk %d gives itself %s bytes, but the last chunk stands behind %s of them, in the body",
			m.Chunks, grouped(m.Chunk), grouped(m.Chunk-min(m.Chunk, m.Due+lastChunk)))
	}
	return fmt.Sprintf("chunk %d gives itself %s bytes, and no line end follows them: more were sent, in the body", m.Chunks, grouped(m.Chunk))
}

func behindLastChunk(c *timeline.Connection, s *timeline.Surplus) *analysis.Finding {
	f := surplusFinding(c, s)
	f.Message = fmt.Sprintf("%s bytes follow the last chunk of the %s of exchange %d, and begin no message", grouped(s.Bytes), http1.Direction(s.Side), s.Index)
	f.Evidence.Cite(s.First, "bytes behind the last chunk")
	f.Evidence.Cite(s.End, "last chunk")
	return f
}

// surplusFinding is what all findings about surplus have in common: all but
// the message and the evidence.
func surplusFinding(c *timeline.Connection, s *timeline.Surplus) *analysis.Finding {
	f := &analysis.Finding{
		Subject:  analysis.Connection(c),
		Culprit:  role(s.Side),
		Lost:     analysis.Cost{Bytes: s.Bytes},
		Measures: []analysis.Measure{{Name: "surplus", Value: float64(s.Bytes), Unit: "bytes"}},
	}
	f.Subject.Kind, f.Subject.Transaction = analysis.OfTransaction, s.Index
	f.Subject.From, f.Subject.To = s.First.Time, s.First.Time
	if !s.End.IsZero() {
		// A repaired hole may put the end of the body behind the surplus.
		f.Subject.From, f.Subject.To = min(s.End.Time, s.First.Time), max(s.End.Time, s.First.Time)
	}
	return f
}
