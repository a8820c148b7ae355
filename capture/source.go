package capture

import (
	"errors"
	"time"
)

// Kind says what a Packet carries.
type Kind uint8

// The kinds of packet that a Source yields. Others are counted and passed
// over.
const (
	TCP Kind = iota + 1
)

// Packet is one packet of interest. It and all it points to are borrowed
// until the source's next Next.
type Packet struct {
	Kind    Kind
	Segment Segment // of Kind TCP
}

// Source yields the packets of a capture in its order.
//
// Next returns io.EOF after the last packet, an [*Error] where the capture is
// damaged (what came before has been yielded, nothing follows), and, live,
// [Idle] when no packet came for a while; of a rotated capture [Hole] where a
// part could not be read to its end. Close frees what the source holds;
// Stats may be called at any time between calls of Next, also after Close.
type Source interface {
	Next() (*Packet, error)
	Stats() Stats
	Close() error
}

// Idle is what a live source returns instead of a packet when none came for a
// while, and now and then between packets, of which perhaps none is yielded:
// no packet still to come is older than Now, unless the system's clock is set
// back. It moves the clock and nothing else.
type Idle struct {
	Now int64 // ns since the Unix epoch
}

// Hole is what a source returns instead of a packet where packets are known to
// be missing, before it goes on behind them.
type Hole struct{}

// Error says that there is a hole.
func (Hole) Error() string { return "packets are missing here" }

// goesOn reports whether a source has more behind an error.
func goesOn(err error) bool {
	_, idle := errors.AsType[Idle](err)
	_, hole := errors.AsType[Hole](err)
	return idle || hole
}

// Error says when nothing came.
func (i Idle) Error() string {
	return "idle at " + time.Unix(0, i.Now).UTC().Format(time.RFC3339Nano)
}

// Stats counts what a source has read so far.
type Stats struct {
	Packets   uint64 // all packets, whatever they carry
	Bytes     uint64 // their length on the wire
	Segments  uint64 // TCP segments found: of an 802.11 frame perhaps several
	Filtered  uint64 // of the Segments, those that the filter of [Matching] held back
	Fragments uint64 // pieces of IP packets and of 802.11 frames, but those that completed theirs
	// Unassembled are the Fragments that are in no whole packet, so that its
	// TCP is not seen: others are missing, contradict them, came too late or
	// still have to come.
	Unassembled uint64
	GivenUp     uint64 // IP packets whose pieces were given up because of a limit
	Undecoded   uint64 // link types and encapsulations nothing here decodes
	// TunnelCopies are TCP segments that were yielded just before: one packet
	// captured inside a tunnel and outside of it.
	TunnelCopies uint64
	// Untimed packets have no capture time of their own: that of the one
	// before them stands in for it, so no wait beside them is judged.
	Untimed   uint64
	Malformed uint64 // headers that contradict themselves or stop short
	Cut       uint64 // packets cut by a snap length
	Dropped   uint64 // lost by the capture itself, as the capture says
	// First and Last are the earliest and the latest capture time seen, in
	// ns since the Unix epoch; 0 before the first packet.
	First, Last int64
}
