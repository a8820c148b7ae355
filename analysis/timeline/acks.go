package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
)

// ACKs says how data was acknowledged. An acknowledgement that travels with
// data costs nothing; one that waits for data which does not come is a delayed
// one (RFC 9293 §3.8.6.3).
type ACKs struct {
	All   uint64 // packets that acknowledge payload for the first time
	Bare  uint64 // of these, those without payload of their own
	Timed uint64 // of the bare ones, those that a timer had kept back: for 30 ms and more
}

// Add adds o.
func (a *ACKs) Add(o *ACKs) {
	a.All += o.All
	a.Bare += o.Bare
	a.Timed += o.Timed
}

// count takes a segment that tells its receiver something.
func (a *ACKs) count(s *capture.Segment, r *reassembly.Reading) {
	if r.Acked == 0 {
		return
	}
	a.All++
	if s.Len == 0 {
		a.Bare++
	}
}
