package rules

import (
	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// blocked is what the receiver of one direction cost a sender in a transaction
// by its window.
type blocked struct {
	n           int
	wait        int64 // ns
	longest     int64 // ns
	first, last *timeline.Stall
}

// momentary is how long a silence may last, ns, that is the reaction of a host.
const momentary = int64(1e6)

// blockedBy gathers the stalls of a cause, of one sender. Several behind each
// other are one if what ended the one before was no new window, but a probe of
// the shut one.
func blockedBy(x *timeline.Transaction, cause timeline.Cause, side reassembly.Side) blocked {
	var b blocked
	for i := 0; i < len(x.Stalls); i++ {
		first := &x.Stalls[i]
		if first.Cause != cause || first.Side != side {
			continue
		}
		last, wait := first, first.Wait
		for i+1 < len(x.Stalls) && x.Stalls[i+1].Cause == cause && x.Stalls[i+1].From == last.To && last.Release.IsZero() {
			i++
			last = &x.Stalls[i]
			wait += last.Wait
		}
		if wait/int64(first.Count) < momentary {
			continue
		}
		if b.first == nil {
			b.first = first
		}
		b.n += first.Count
		b.last = last
		b.wait += wait
		b.longest = max(b.longest, wait/int64(first.Count))
	}
	// What the account gave to something else is not counted twice.
	b.wait = min(b.wait, x.Time[cause])
	return b
}

// cite cites the first silence, the packet that opened the window, and the last.
func (b *blocked) cite(e *analysis.Evidence, closed string) {
	e.Cite(b.first.From, closed)
	e.Cite(b.first.Release, "window opened")
	e.Cite(b.first.To, "next data")
	if b.last != b.first {
		e.Cite(b.last.To, "last such release")
	}
}

// messageTime is the time that the message of a side took, ns, without what
// lay before it.
func messageTime(x *timeline.Transaction, side reassembly.Side) int64 {
	if side == reassembly.Client {
		return x.RequestEnd.Time - x.Request.Time
	}
	return x.End.Time - x.Response.Time
}
