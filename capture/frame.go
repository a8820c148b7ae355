package capture

import "time"

// Frame is a packet's place: which source it came from, its number there and
// when it was captured. It has no pointer and takes 16 bytes, so that slabs
// of records that hold many of them cost the garbage collector nothing.
// The zero Frame means "no packet".
type Frame struct {
	// Time is the capture time in nanoseconds since the Unix epoch, UTC.
	Time int64
	// place is the source in the upper 16 bits, the number in the lower 48:
	// at ten million packets a second the number lasts for ten months.
	place uint64
}

const numberBits = 48

// NewFrame makes the Frame of packet number (1 is the first, as Wireshark
// counts) of the given source, captured at ns since the Unix epoch.
func NewFrame(source uint16, number uint64, ns int64) Frame {
	return Frame{Time: ns, place: uint64(source)<<numberBits | number&(1<<numberBits-1)}
}

// Number is the packet's number in its source, counted from 1 over all
// packets, also those that are not TCP: the number that Wireshark shows.
func (f Frame) Number() uint64 { return f.place & (1<<numberBits - 1) }

// Source is the index of the packet's source in the run.
func (f Frame) Source() uint16 { return uint16(f.place >> numberBits) }

// IsZero reports whether f stands for no packet at all.
func (f Frame) IsZero() bool { return f.place == 0 }

// Sub is the time from g to f in nanoseconds.
func (f Frame) Sub(g Frame) int64 { return f.Time - g.Time }

// Stamp is the capture time as a time.Time in UTC.
func (f Frame) Stamp() time.Time { return time.Unix(0, f.Time).UTC() }
