package rules

import (
	"encoding/binary"
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly/http1"
)

// contentLengthOfUncompressed finds bodies in gzip whose Content-Length is that
// of what they unpack to.
func contentLengthOfUncompressed() *analysis.Rule {
	return &analysis.Rule{
		Name:     "framing/content-length-of-uncompressed",
		Severity: analysis.Error,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.NotCut,
		Start: func(p *analysis.Pass) analysis.Run {
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				if m := x.HTTP.Response; m != nil && countsUnpacked(m) {
					p.Report(unpacked(c, x, m))
				}
			}}
		},
	}
}

// leastGzip is the size of a gzip member without data: header, an empty block,
// trailer (RFC 1952 §2.3, RFC 1951 §3.2).
const leastGzip = 20

// countsUnpacked reports whether a body that ended before its length is in gzip
// and ends with that length: the trailer's last four bytes are the size of
// the data before compression. A body cut elsewhere has them by chance once in
// four thousand million.
func countsUnpacked(m *http1.Message) bool {
	declared, ok := m.Declared.Exact()
	if !ok || m.Framing != http1.Length || m.End == http1.Complete || m.Body.Least() < leastGzip || m.Flaws.Has(http1.ConflictingLength) {
		return false
	}
	coding := m.Header.Get("content-encoding")
	return (string(coding) == "gzip" || string(coding) == "x-gzip") && binary.LittleEndian.Uint32(m.Tail[4:]) == uint32(declared)
}

func unpacked(c *timeline.Connection, x *timeline.Transaction, m *http1.Message) *analysis.Finding {
	declared, _ := m.Declared.Exact()
	f := &analysis.Finding{
		Subject: analysis.Transaction(c, x),
		Culprit: analysis.Server,
		Message: fmt.Sprintf("Content-Length is %s, which is what the gzip data unpack to; their %s bytes came whole, and the client waited for %s more",
			grouped(declared), grouped(m.Body.Least()), grouped(m.Due)),
		Lost: analysis.Cost{Connections: 1, Time: max(0, m.Ended.Sub(m.Last))},
		Measures: []analysis.Measure{
			{Name: "body", Value: float64(m.Body.Least()), Threshold: float64(declared), Unit: "bytes"},
		},
	}
	f.Saved = f.Lost
	f.Evidence.Cite(m.Last, "end of the gzip data")
	f.Evidence.Cite(m.Head, "Content-Length")
	f.Evidence.Cite(m.Ended, "end of the wait")
	return f
}
