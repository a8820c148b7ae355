package trace

import (
	"slices"

	"connlint/capture"
)

// maxHoles bounds what a receiver remembers beyond its first hole. A trace
// with more has forced acknowledgements anyway.
const maxHoles = 256

// received is the part of a stream that arrived at its receiver.
type received struct {
	next  capture.Seq     // all before it is there
	parts []capture.Block // beyond next, disjoint, in order
}

// add notes the bytes from left up to and without right.
func (r *received) add(left, right capture.Seq) {
	if !right.After(r.next) {
		return
	}
	if !left.After(r.next) {
		r.raise(right)
		return
	}
	first := slices.IndexFunc(r.parts, func(b capture.Block) bool { return !b.Right.Before(left) })
	if first < 0 {
		first = len(r.parts)
	}
	last := first
	for last < len(r.parts) && !r.parts[last].Left.After(right) {
		right = right.Max(r.parts[last].Right)
		last++
	}
	if first < last && r.parts[first].Left.Before(left) {
		left = r.parts[first].Left
	}
	if first == last && len(r.parts) == maxHoles {
		return
	}
	r.parts = slices.Replace(r.parts, first, last, capture.Block{Left: left, Right: right})
}

// raise says that all before to is there.
func (r *received) raise(to capture.Seq) {
	r.next = r.next.Max(to)
	for len(r.parts) > 0 && !r.parts[0].Left.After(r.next) {
		r.next = r.next.Max(r.parts[0].Right)
		r.parts = slices.Delete(r.parts, 0, 1)
	}
}
