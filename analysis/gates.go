package analysis

import (
	"connlint/analysis/timeline"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// shutFor are the gates that are shut for a transaction.
func shutFor(c *timeline.Connection, x *timeline.Transaction) Gates {
	shut := shutNow(c)
	if x.Opaque() {
		return shut | Plaintext
	}
	if x.HTTP.Doubt&^http1.InterimsDropped != 0 || missing(x.HTTP.Request) || missing(x.HTTP.Response) {
		shut |= NoGapBefore
	}
	if unread(x.HTTP.Request) || unread(x.HTTP.Response) {
		shut |= NoGapBefore | NotCut
	}
	return shut
}

// unread reports whether a limit of the parser left a part of the head aside:
// the length may have stood there.
func unread(m *http1.Message) bool {
	return m != nil && m.Flaws&(http1.HeadTooLarge|http1.TooManyFields|http1.ChunkLineTooLong) != 0
}

// missing reports whether the capture lacks bytes of the message.
func missing(m *http1.Message) bool {
	return m != nil && (m.Missing > 0 || m.End == http1.CutByGap || m.End == http1.CutBySnaplen)
}

// shutAtEnd are the gates that are shut for a connection as a whole.
func shutAtEnd(c *timeline.Connection) Gates {
	shut := shutNow(c)
	switch c.Why {
	case reassembly.EndOfCapture, reassembly.Evicted, reassembly.Idle:
		shut |= ConnectionEnd
	}
	if c.Caveats&(reassembly.CaptureDrops|reassembly.LimitReached) != 0 {
		shut |= NoGapBefore
	}
	if c.Caveats&reassembly.Misordered != 0 {
		shut |= NoGapBefore | ConnectionEnd // what came before the close is not known
	}
	if c.Encrypted {
		shut |= Plaintext
	}
	return shut
}

// shutNow are the gates that are the same for the connection and for each of
// its transactions.
func shutNow(c *timeline.Connection) Gates {
	var shut Gates
	if !c.Flow[reassembly.Client].Seen() || !c.Flow[reassembly.Server].Seen() {
		shut |= BothDirections
	}
	if !c.Handshake.Done() {
		shut |= Handshake
	}
	if c.Caveats&reassembly.SnaplenCut != 0 {
		shut |= NotCut
	}
	if c.Vantage() == reassembly.VantageUnknown {
		shut |= Vantage
	}
	if c.Caveats&reassembly.Multipath != 0 {
		shut |= NoGapBefore
	}
	if c.Caveats&(reassembly.ClockSteps|reassembly.Misordered) != 0 {
		shut |= Clock
	}
	if c.Tick > timeline.CoarsestTick {
		shut |= FineClock
	}
	return shut
}
