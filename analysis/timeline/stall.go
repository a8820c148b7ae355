package timeline

import (
	"slices"

	"connlint/capture"
	"connlint/reassembly"
)

// Stall is a time in which a sender with more to send stood still, with the
// packets that prove why.
type Stall struct {
	Cause  Cause
	Repair Repair          // of Retransmit
	Side   reassembly.Side // who stood still
	Count  int             // 1, or several that were folded into one record
	Wait   int64           // ns
	// From is the packet behind which the silence began, To the one that
	// ended it. Release is the acknowledgement that let it go, if one did.
	From, Release, To capture.Frame
	// Late is how long the peer kept that acknowledgement back, ns, where
	// the cause is Nagle's algorithm.
	Late int64
	// Tail: a short segment behind full ones left only when all before it was
	// acknowledged. The account gives the time to the transport: that it was
	// Nagle's algorithm shows when it happens again and again.
	Tail bool
	// Proven: timestamps show that the packet left after the release came.
	Proven bool
	// Needless: what was sent again had come. Its receiver had acknowledged it
	// before, as the capture saw it, or said so afterwards (RFC 2883).
	Needless bool
	// AckLost: it had come, and the acknowledgement was lost together with new
	// bytes that carried it. The stall may then lie behind the transaction.
	AckLost bool
	// Inferred: the capture has the repair, but not what it repairs: that was
	// lost before the capture point.
	Inferred bool
}

// Repair is how a sender found out about a loss.
type Repair uint8

// The repairs.
const (
	NoRepair Repair = iota
	Fast            // by duplicate ACKs or SACK (RFC 5681 §3.2, RFC 6675)
	Probe           // by a tail loss probe (RFC 8985 §7)
	Timeout         // by the retransmission timer (RFC 6298)
	Timer           // by one of these two: the capture does not tell
)

// String is the repair in words.
func (r Repair) String() string {
	return [...]string{"", "fast retransmit", "tail loss probe", "retransmission timeout", "retransmission timer"}[r]
}

// maxStalls bounds the stalls that are kept apart between two transactions:
// beyond it a stall is added to the latest of its kind.
const maxStalls = 64

// stall keeps what proves a silence.
func (w *work) stall(s Stall) {
	s.Count = 1
	if len(w.stalls) < maxStalls {
		w.stalls = append(w.stalls, s)
		return
	}
	for i := len(w.stalls) - 1; i >= 0; i-- {
		if o := &w.stalls[i]; o.like(&s) {
			o.take(&s)
			return
		}
	}
	w.foldStall()
	w.stalls = append(w.stalls, s)
}

// like reports whether two silences are of one kind.
func (s *Stall) like(o *Stall) bool {
	return s.Cause == o.Cause && s.Repair == o.Repair && s.Side == o.Side && s.Tail == o.Tail
}

// take folds a later silence of the kind into s.
func (s *Stall) take(o *Stall) {
	s.Count += o.Count
	s.Wait += o.Wait
	s.To = o.To
}

// foldStall makes room for a silence of a new kind: there are more places than
// kinds, so that two of one kind are found.
func (w *work) foldStall() {
	for i := len(w.stalls) - 1; i > 0; i-- {
		for j := range i {
			if w.stalls[j].like(&w.stalls[i]) {
				w.stalls[j].take(&w.stalls[i])
				w.stalls = slices.Delete(w.stalls, i, i+1)
				return
			}
		}
	}
}

// Ramp is a message that took several round trips because the congestion
// window of its sender still grew.
type Ramp struct {
	Side   reassembly.Side
	Rounds int   // round trips, the first included
	Lost   int64 // ns, beyond what the same bytes take once the window is open
	// First is the number of bytes sent in the first round trip, Peak the
	// most of any, SegmentSize a full segment, all in bytes.
	First, Peak uint64
	SegmentSize int
	// Flight is what was sent before the first acknowledgement.
	Flight Flight
	// AfterIdle: an earlier message had opened the window further than this
	// one began with, and Idle, ns, lay between.
	AfterIdle bool
	Idle      int64
	Before    uint64 // bytes that a round trip had reached before the idle time
	// From is the first segment, To the last.
	From, To capture.Frame
}
