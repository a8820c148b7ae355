package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
)

// KeptBack are the acknowledgements that a side kept back for longer than any
// timer of a common stack does.
type KeptBack struct {
	N       int
	Longest int64 // ns
	Events  [maxKeptBack]KeptACK
}

// KeptACK is one acknowledgement that came late.
type KeptACK struct {
	Data, ACK capture.Frame
	Late      int64 // ns, beyond the shortest round trip to the side
}

// maxKeptBack is how many of a side's late acknowledgements are kept apart.
const maxKeptBack = 6

// longDelay is what no acknowledgement of a common stack waits for, ns: Linux
// and Windows stay within 200 ms, and a scheduler adds to that.
const longDelay = int64(250e6)

// keepsBack notes an acknowledgement that its sender kept back: it covers all
// that was sent, of which the last was sent once and followed by nothing, and
// was seen next to the receiver, so that no queue of the path had a part in it.
// A receiver whose window was shut, that was closing or owed a report of a hole
// is not meant.
func (k *tracked) keepsBack(f *sender, s *capture.Segment, r *reassembly.Reading, late int64) {
	c := &k.conn
	if late < longDelay || !r.Events.Is(reassembly.PureACK) || r.Events.Is(reassembly.DSACK|reassembly.AckUnseen) ||
		s.Ack != f.end || r.Answers != f.last || f.timers > 0 || f.hole || !f.dup.IsZero() || !c.Teardown.RST.IsZero() || closing(c) ||
		c.Vantage() != at(r.Side) || c.Flow[r.Side].ZeroWindows > 0 {
		return
	}
	b := c.KeptBack[r.Side]
	if b == nil {
		b = new(KeptBack)
		c.KeptBack[r.Side] = b
	}
	if b.N < maxKeptBack {
		b.Events[b.N] = KeptACK{r.Answers, s.Frame, late}
	}
	b.N++
	b.Longest = max(b.Longest, late)
}

// closing reports whether either side has sent its FIN.
func closing(c *Connection) bool {
	return !c.Teardown.FIN[reassembly.Client].IsZero() || !c.Teardown.FIN[reassembly.Server].IsZero()
}

// at is the vantage next to a side.
func at(side reassembly.Side) reassembly.Vantage {
	if side == reassembly.Client {
		return reassembly.AtClient
	}
	return reassembly.AtServer
}
