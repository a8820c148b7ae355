package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// wastefulChunks finds bodies sent in very small chunks, a packet each, one
// right behind the other.
func wastefulChunks() *analysis.Rule {
	return &analysis.Rule{
		Name:     "framing/wasteful-chunks",
		Severity: analysis.Note,
		Needs:    analysis.Plaintext | analysis.NoGapBefore | analysis.NotCut,
		Params: []analysis.Param{
			{Name: "max_average", Unit: "bytes", Default: 256,
				Source: "a packet's own headers take 66 to 78 bytes on Ethernet: below this a quarter of what is sent is packaging"},
			{Name: "min_chunks", Unit: "count", Default: 20,
				Source: "fewer packets than this are gone in two or three round trips of any connection"},
			{Name: "max_interval", Unit: "ms", Default: 5,
				Source: "nobody sees what comes 5 ms sooner: a pause as long as this between chunks is streaming, and meant"},
		},
		Start: startWastefulChunks,
	}
}

func startWastefulChunks(p *analysis.Pass) analysis.Run {
	bad := [...]habits{http1.Request: newHabits(p), http1.Response: newHabits(p)}
	average, least, interval := p.Param("max_average"), uint64(p.Param("min_chunks")), int64(p.Param("max_interval")*1e6)
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			messages(x.HTTP, func(m *http1.Message) {
				if m.Chunks < least || m.Pieces < m.Chunks/2 || float64(m.Body.Least()) > average*float64(m.Chunks) ||
					m.Last.Sub(m.Head) > interval*int64(m.Chunks) || eventStream(m) {
					return
				}
				h := bad[m.Dir].add(c, x, analysis.Note, m.Head, "start of the small chunks", func() string {
					return fmt.Sprintf("%s bytes in %s and %s packets", grouped(m.Body.Least()), count(int(m.Chunks), "chunk"), grouped(m.Pieces))
				})
				h.lost.Bytes += m.Overhead
			})
		},
		Pair: func(pair *timeline.Pair) {
			for dir, side := range [...]reassembly.Side{reassembly.Client, reassembly.Server} {
				if h, f := bad[dir].finding(pair); f != nil {
					f.Culprit = role(side)
					f.Message = fmt.Sprintf("%s came in tiny chunks without a pause, such as %s: a buffer would need a fraction of the packets", count(h.n, "message"), h.example)
					p.Report(f)
				}
			}
		},
	}
}
