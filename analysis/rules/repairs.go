package rules

import (
	"cmp"
	"fmt"
	"slices"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// repair is one wait of a transaction for the repair of a loss. Where both
// sides waited at the same time it was for the same loss: a lost request takes
// the acknowledgement of the response before with it, so that the server sends
// that again as well.
type repair struct {
	stall    *timeline.Stall // the longest of them
	from, to int64
}

// wait is how long it took, ns.
func (r *repair) wait() int64 { return r.to - r.from }

// maxRepairs bounds the waits of one transaction that are told apart.
const maxRepairs = 128

// repairs lists the waits of a transaction for a retransmission timer, one for
// each loss. scratch is reused.
func repairs(c *timeline.Connection, x *timeline.Transaction, scratch []repair) []repair {
	list := scratch[:0]
	for i := range x.Stalls {
		if s := &x.Stalls[i]; s.Cause == timeline.Retransmit && !pointless(s) && !doubtful(x, s) && !ofOpening(c, x, s) && len(list) < maxRepairs {
			from := max(s.From.Time, x.Start.Time)
			list = append(list, repair{s, from, min(s.To.Time, from+s.Wait)})
		}
	}
	slices.SortStableFunc(list, func(a, b repair) int { return cmp.Compare(a.from, b.from) })
	n := 0
	for _, r := range list {
		if n > 0 && r.from < list[n-1].to {
			o := &list[n-1]
			if r.stall.Wait > o.stall.Wait {
				o.stall = r.stall
			}
			o.to = max(o.to, r.to)
			continue
		}
		list[n] = r
		n++
	}
	return list[:n]
}

// pointless reports whether nobody waited for what was sent again: it was the
// end of what there was to send, and it had come.
func pointless(s *timeline.Stall) bool {
	return s.Needless && !s.AckLost && s.Repair != timeline.Timeout
}

// ofOpening reports whether the client repeated its first request because the
// server repeated its SYN-ACK: it had not taken the connection. Rules about
// openings speak of that.
func ofOpening(c *timeline.Connection, x *timeline.Transaction, s *timeline.Stall) bool {
	return x.Index == 1 && s.Side == reassembly.Client && c.Handshake.SYNACKs > 1
}

// inferable is the least wait, ns, from which a loss is believed that only the
// repair shows: applications pause for less, and a probe for a single packet
// waits for 200 ms beside two round trips (RFC 8985 §7.2).
const inferable = int64(150e6)

// doubtful reports whether a loss that only its repair shows is not believed:
// applications pause as shortly, and what cannot be read may as well be over.
func doubtful(x *timeline.Transaction, s *timeline.Stall) bool {
	return s.Inferred && (x.Opaque() || s.Wait < inferable)
}

// timerWaits is what a rule about timers gathers of a transaction.
type timerWaits struct {
	n        int
	sum      int64 // ns
	longest  int64 // ns
	inferred int   // of n, those of which the lost packet itself is not in the capture
	either   int   // of n, those of which the timer cannot be told
	behind   int64 // ns, of sum, what lies behind the transaction
	acks     int   // of n, those in which an acknowledgement was lost
	side     [2]int
	evidence analysis.Evidence
}

// add takes a wait.
func (t *timerWaits) add(r *repair) {
	t.n += r.stall.Count
	t.sum += r.wait()
	t.longest = max(t.longest, r.wait())
	t.side[r.stall.Side]++
	if r.stall.Inferred {
		t.inferred++
	}
	if r.stall.AckLost {
		t.acks++
		t.behind += r.wait()
	}
	if r.stall.Repair == timeline.Timer {
		t.either++
	}
	t.evidence.Cite(r.stall.To, "repair")
	t.evidence.Cite(r.stall.From, "last packet before it")
}

// lost is the time that the waits took, ns: what the account of the transaction
// gave to repairs, at most.
func (t *timerWaits) lost(x *timeline.Transaction) int64 {
	return min(t.sum-t.behind, x.Time[timeline.Retransmit]) + t.behind
}

// finding makes what both rules report.
func (t *timerWaits) finding(c *timeline.Connection, x *timeline.Transaction, threshold float64) *analysis.Finding {
	lost := analysis.Cost{Time: t.lost(x)}
	f := &analysis.Finding{
		Subject:  analysis.Transaction(c, x),
		Culprit:  analysis.Path,
		Count:    t.n,
		Lost:     lost,
		Saved:    lost,
		Outside:  t.behind,
		Evidence: t.evidence,
		Measures: []analysis.Measure{
			{Name: "wait", Value: float64(t.sum) / 1e6, Unit: "ms"},
			{Name: "longest", Value: float64(t.longest) / 1e6, Threshold: threshold, Unit: "ms"},
		},
	}
	if t.inferred > 0 {
		doubt(f, 0.6, "the lost packet never passed the capture point: its loss is inferred")
	}
	if t.acks > 0 {
		doubt(f, 0.7, "that packet never passed the capture point: how long before the probe it was sent is not known")
	}
	if t.either > 0 {
		doubt(f, 0.6, "which timer ran out cannot be told")
	}
	return f
}

// answerLost says what was lost where nothing of the side that waited was: what
// the other side sent next, its acknowledgement included.
func (t *timerWaits) answerLost() string {
	loser, prober := "client", "server"
	if t.side[reassembly.Client] > 0 {
		loser, prober = prober, loser
	}
	return fmt.Sprintf("what the %s sent next was lost %s, and its acknowledgement with it; the %s's probe, %s later, repeated what had come",
		loser, times(t.n), prober, perEvent(t.n, t.sum))
}

// byTimer reports whether it was the retransmission timer, or may have been.
func (r *repair) byTimer() bool {
	return r.stall.Repair == timeline.Timeout || r.stall.Repair == timeline.Timer
}

// waiting is the sides that waited: "server", "client", "client and server".
func (t *timerWaits) waiting() string {
	switch {
	case t.side[reassembly.Client] == 0:
		return "the server"
	case t.side[reassembly.Server] == 0:
		return "the client"
	}
	return "client and server"
}
