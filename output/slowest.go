package output

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"connlint/analysis/timeline"
	"connlint/capture"
)

// drawn is what a text report keeps of a transaction to draw it: about 200
// bytes, nothing borrowed.
type drawn struct {
	conn     uint64
	index    int
	source   uint16
	packet   capture.Frame // the first of the request, else of what there is
	start    int64         // ns since the epoch
	took     int64         // ns
	status   int
	request  string // method and target, cut; "" if they cannot be read
	opaque   bool
	complete bool
	bar      [barColumns]timeline.Cause
}

// barColumns is how many columns the longest transaction's bar has.
const barColumns = 32

// maxRequest is how many bytes of a method and of a target are kept: more than
// there are columns for.
const maxRequest = 48

// slowest keeps the slowest transactions, sorted, and counts all of them. To
// keep a hundred of millions costs a comparison for each.
type slowest struct {
	most int // how many to keep
	all  uint64
	kept []*drawn
}

func (s *slowest) add(c *timeline.Connection, x *timeline.Transaction) {
	if s.most == 0 {
		return
	}
	s.all++
	if n := len(s.kept); n == s.most && x.Duration() < s.kept[n-1].took {
		return
	}
	d := &drawn{conn: c.ID(), index: x.Index, source: c.First.Source(), took: x.Duration()}
	i, _ := slices.BinarySearchFunc(s.kept, d, compareDrawn)
	if i == s.most {
		return
	}
	d.fill(x)
	if len(s.kept) == s.most {
		s.kept = s.kept[:s.most-1]
	}
	s.kept = slices.Insert(s.kept, i, d)
}

// compareDrawn has the slowest first, and what took as long in the order of
// the capture.
func compareDrawn(a, b *drawn) int {
	return cmp.Or(cmp.Compare(b.took, a.took), cmp.Compare(a.source, b.source),
		cmp.Compare(a.conn, b.conn), cmp.Compare(a.index, b.index))
}

func (d *drawn) fill(x *timeline.Transaction) {
	d.start, d.complete, d.opaque = x.Start.Time, x.Complete, x.Opaque()
	first := [...]capture.Frame{x.Request, x.Response, x.Start}
	for _, f := range first {
		if !f.IsZero() {
			d.packet = f
			break
		}
	}
	if h := x.HTTP; h != nil && h.Request != nil {
		d.request = excerpt(h.Request.Start.Method) + " " + excerpt(h.Request.Start.Target)
	}
	if h := x.HTTP; h != nil && h.Response != nil {
		d.status = h.Response.Start.Status
	}
	for i := range d.bar {
		from := x.Start.Time + int64(float64(i)/barColumns*float64(d.took))
		to := x.Start.Time + int64(float64(i+1)/barColumns*float64(d.took))
		d.bar[i] = longestIn(x.Spans, from, to)
	}
}

// excerpt is a copy of at most maxRequest bytes and a mark where the midst is
// left out: the end of a target tells more than that.
func excerpt(b []byte) string {
	if len(b) <= maxRequest {
		return string(b)
	}
	head, tail := maxRequest-maxRequest/3, len(b)-maxRequest/3
	for n := 0; n < utf8.UTFMax && !utf8.RuneStart(b[head]); n++ {
		head-- // a letter is not cut in two
	}
	for n := 0; n < utf8.UTFMax && !utf8.RuneStart(b[tail]); n++ {
		tail++
	}
	return string(b[:head]) + "…" + string(b[tail:])
}

// longestIn is the cause that has most of a stretch of time.
func longestIn(spans []timeline.Span, from, to int64) timeline.Cause {
	best, most := timeline.Unknown, int64(0)
	var sum timeline.Account
	for _, s := range spans {
		if n := min(s.To, to) - max(s.From, from); n > 0 {
			if sum[s.Cause] += n; sum[s.Cause] > most {
				best, most = s.Cause, sum[s.Cause]
			}
		}
	}
	return best
}
