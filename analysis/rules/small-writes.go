package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// smallWrites finds messages that were sent in many small segments, one right
// behind the other.
func smallWrites() *analysis.Rule {
	return &analysis.Rule{
		Name:     "tcp/small-writes",
		Severity: analysis.Note,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.NotCut | analysis.Clock | analysis.FineClock,
		Params: []analysis.Param{
			{Name: "max_average", Unit: "bytes", Default: 365,
				Source: "a quarter of a full segment on Ethernet, and less than any IPv4 path must carry (RFC 791: 576 with headers)"},
			{Name: "min_segments", Unit: "count", Default: 10,
				Source: "an initial window (RFC 6928 §2): with fewer, small segments cost a message nothing but headers"},
			{Name: "max_interval", Unit: "ms", Default: 1,
				Source: "what a program does between two writes that belong together; events and people take longer"},
		},
		Start: startSmallWrites,
	}
}

func startSmallWrites(p *analysis.Pass) analysis.Run {
	bad := [...]habits{http1.Request: newHabits(p), http1.Response: newHabits(p)}
	average, least, interval := p.Param("max_average"), uint64(p.Param("min_segments")), int64(p.Param("max_interval")*1e6)
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			messages(x.HTTP, func(m *http1.Message) {
				if m.Pieces < least || float64(m.Size()) > average*float64(m.Pieces) || m.Last.Sub(m.First) > interval*int64(m.Pieces-1) ||
					!bulk(m) || pressed(x) {
					return
				}
				h := bad[m.Dir].add(c, x, analysis.Note, m.First, "start of the small segments", func() string {
					return fmt.Sprintf("%s bytes in %s", grouped(m.Size()), count(int(m.Pieces), "segment"))
				})
				h.lost.Bytes += (m.Pieces - 1 - m.Size()/fullSegment) * leastHeaders
			})
		},
		Pair: func(pair *timeline.Pair) {
			for dir, side := range [...]reassembly.Side{reassembly.Client, reassembly.Server} {
				if h, f := bad[dir].finding(pair); f != nil {
					f.Culprit, f.Saved = role(side), h.lost
					f.Message = fmt.Sprintf("the %s sent %s in small pieces without a pause, such as %s: a buffer would send a few full segments", side, count(h.n, "message"), h.example)
					p.Report(f)
				}
			}
		},
	}
}

// fullSegment is the payload of a full segment on Ethernet, leastHeaders what a
// packet there carries besides (Ethernet, IPv4, TCP without options), bytes.
const (
	fullSegment  = 1460
	leastHeaders = 54
)

// bulk reports whether a message has no reason to travel in pieces: an event
// stream has, and chunks that are small are judged by framing/wasteful-chunks.
func bulk(m *http1.Message) bool {
	return m.End == http1.Complete && m.Framing != http1.Chunked && m.Start.Status != 101 && !eventStream(m)
}

// pressed reports whether the receiver's window cut the segments of the
// exchange.
func pressed(x *timeline.Transaction) bool {
	return x.Time[timeline.ReceiveWindow]+x.Time[timeline.ZeroWindow] > 0
}
