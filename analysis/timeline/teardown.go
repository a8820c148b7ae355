package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
)

// LastEnd is the end of the latest transaction of the pair: until then at least
// the capture followed the two.
func (p *Pair) LastEnd() capture.Frame { return p.lastEnd }

// tearDown notes what only the moment of a segment tells about the end of its
// connection. [reassembly.Teardown] has the FINs, but of the RST only those
// before this segment.
func (k *tracked) tearDown(s *capture.Segment, r *reassembly.Reading) {
	c := &k.conn
	if r.Events.Is(reassembly.OutOfWindowReset | reassembly.Stray) {
		return
	}
	if s.Len > 0 && c.Flow[r.Side.Peer()].Ended() {
		c.Behind = s.Frame
	}
	if s.Flags&capture.RST != 0 && c.Teardown.RST.IsZero() {
		c.Unacked = c.Flow[r.Side].Unacked()
	}
}
