package rules

import (
	"bytes"
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly/http1"
)

// tinyObjects finds pairs in which many small parts of pages came on many
// connections, a few bytes on each.
func tinyObjects() *analysis.Rule {
	return &analysis.Rule{
		Name:     "concurrency/tiny-objects",
		Severity: analysis.Note,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.ConnectionEnd,
		Params: []analysis.Param{
			{Name: "max_bytes", Unit: "bytes", Default: 1460,
				Source: "what one segment carries on Ethernet (RFC 9293 §3.7.1): to open and close a connection takes more packets than the object"},
			{Name: "min_connections", Unit: "count", Default: 10,
				Source: "fewer small parts are not worth a change of the page"},
		},
		Start: startTinyObjects,
	}
}

// crumbs is what a connection carried of small objects.
type crumbs struct {
	n     int
	bytes uint64
}

// heap is what the rule gathers of a pair.
type heap struct {
	crumbs
	subject     analysis.Subject
	evidence    analysis.Evidence
	connections int
	packets     uint64
}

func startTinyObjects(p *analysis.Pass) analysis.Run {
	conns, pairs := analysis.PerConnection[crumbs](p), analysis.PerPair[heap](p)
	most, least := uint64(p.Param("max_bytes")), p.CountParam("min_connections")
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			if c.Transactions <= fewPerConnection && x.Complete && x.HTTP.Response.Body.Least() <= most && partOfPage(x.HTTP) {
				s := conns.Connection(c)
				s.n++
				s.bytes += x.HTTP.Response.Body.Least()
			}
		},
		Close: func(c *timeline.Connection) {
			if s := conns.Peek(c.Slot()); s != nil && s.n == c.Transactions {
				pairs.Pair(c.Pair).add(c, s)
			}
		},
		Pair: func(pair *timeline.Pair) {
			if h := pairs.Peek(pair.Slot()); h != nil && h.connections >= least {
				p.Report(h.finding(most, least))
			}
		},
	}
}

// fewPerConnection is how many exchanges a connection may have carried to
// count as hardly used: one more than the fewest there can be.
const fewPerConnection = 2

// partOfPage reports whether a response brought a picture, a script, a style
// or a font: what can be bundled. Answers of an interface are as small as they
// are.
func partOfPage(x *http1.Transaction) bool {
	if string(x.Request.Start.Method) != "GET" || x.Response.Start.Status != 200 {
		return false
	}
	kind, _, _ := bytes.Cut(x.Response.Header.Get("content-type"), []byte{';'})
	kind = bytes.TrimSpace(kind)
	for _, prefix := range [...]string{"image/", "font/", "text/css", "text/javascript", "application/javascript", "application/x-javascript", "application/font"} {
		if len(kind) >= len(prefix) && bytes.EqualFold(kind[:len(prefix)], []byte(prefix)) {
			return true
		}
	}
	return false
}

func (h *heap) add(c *timeline.Connection, s *crumbs) {
	if h.connections == 0 {
		h.subject = analysis.Pair(c.Pair)
	}
	h.connections++
	h.n += s.n
	h.bytes += s.bytes
	h.subject.Gather(c)
	h.evidence.Cite(opening(c), "connection for a small object")
	for side := range c.Flow {
		h.packets += uint64(c.Flow[side].Packets)
	}
}

func (h *heap) finding(most uint64, least int) *analysis.Finding {
	mean := float64(h.bytes) / float64(h.n)
	return &analysis.Finding{
		Subject:  h.subject,
		Culprit:  analysis.Server,
		Count:    h.n,
		Evidence: h.evidence,
		Message: fmt.Sprintf("%s of %.0f bytes on average came on %s, in %.1f packets each",
			count(h.n, "small object"), mean, count(h.connections, "connection"), float64(h.packets)/float64(h.n)),
		Measures: []analysis.Measure{
			{Name: "connections", Value: float64(h.connections), Threshold: float64(least), Unit: "count"},
			{Name: "object", Value: mean, Threshold: float64(most), Unit: "bytes"},
			{Name: "packets_per_object", Value: float64(h.packets) / float64(h.n), Unit: "count"},
		},
	}
}
