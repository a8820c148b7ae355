package timeline

import (
	"slices"

	"connlint/reassembly"
)

// habits add up what may make a trait of a connection. A pause counts from 20 ms:
// machines hold programs up for less.
type habits struct {
	serverWait, clientIdle, senderIdle, pathRate, paced habit
}

type habit struct {
	n   int
	sum int64 // ns
}

const leastPause = int64(20e6)

// leastRepeats is how many pauses make a habit whatever their share of the
// time. Fewer make one if they take a quarter of it: single hold-ups of a
// machine are not its habits.
const leastRepeats = 3

func (h *habit) add(d int64) {
	if d >= leastPause {
		h.n++
		h.sum += d
	}
}

// is reports whether the pauses amount to a habit in a time of whole ns.
func (h *habit) is(whole int64) bool {
	return h.n >= leastRepeats || h.n > 0 && h.sum*4 >= whole
}

// add takes a transaction that is about to be reported, while the end of the
// one before it is still known.
func (h *habits) add(k *tracked, x *Transaction) {
	h.serverWait.add(x.Time[ServerWait])
	for _, s := range x.Spans {
		if s.Cause == SenderIdle {
			h.senderIdle.add(s.To - s.From)
		}
	}
	h.pathRate.add(x.Time[PathRate])
	h.paced.add(x.Time[Paced])
	// What the server sent again until the client went on had not come: the
	// client waited for it, and did not think.
	came := k.repair.Time <= k.lastEnd || k.repairTaken.Number() > k.repair.Number() && k.repairTaken.Time < x.Start.Time
	if k.conn.Transactions > 0 && k.lastEnd > 0 && came {
		travelled := k.conn.Flow[reassembly.Client].MinRTT // there and back, behind the capture point
		h.clientIdle.add(x.Start.Time - k.lastEnd - travelled)
	}
}

// proofs hands the transaction what its senders' silences left as proof.
func (k *tracked) proofs(x *Transaction) {
	x.Stalls, x.Ramps = x.Stalls[:0], x.Ramps[:0]
	for side := range k.sender {
		w := k.sender[side].work
		if w == nil {
			continue
		}
		w.stalls = slices.DeleteFunc(w.stalls, func(s Stall) bool {
			if !x.has(&s) {
				return false
			}
			x.Stalls = append(x.Stalls, s)
			return true
		})
		for _, r := range w.ramps {
			if r.To.Time >= x.Start.Time && r.To.Time <= x.End.Time {
				x.Ramps = append(x.Ramps, r)
			}
		}
	}
}

// has reports whether a silence is this transaction's: the client's until its
// request was over, or the repair of what stood at its end; the server's until
// its response was. One for a lost acknowledgement may end behind it.
func (x *Transaction) has(s *Stall) bool {
	if s.AckLost && s.From.Time <= x.End.Time && s.To.Time > x.End.Time {
		return true
	}
	own := s.Side == reassembly.Server || s.From.Time <= x.RequestEnd.Time
	return own && s.To.Time > x.Start.Time && s.To.Time <= x.End.Time
}

// continued adds the wait for 100 Continue: Release is the interim response,
// if one ended it.
func (x *Transaction) continued(e *exchange) {
	if e.continued.IsZero() || x.Time[ContinueWait] == 0 {
		return
	}
	s := Stall{Cause: ContinueWait, Side: reassembly.Client, Count: 1, Wait: x.Time[ContinueWait], From: e.waited, To: e.continued}
	if x.HTTP != nil && len(x.HTTP.Interim) > 0 && x.HTTP.Interim[0].First == e.continued {
		s.Release = e.continued
	}
	x.Stalls = append(x.Stalls, s)
}

// forget drops what the transaction was the last to read.
func (k *tracked) forget(x *Transaction) {
	if w := k.sender[reassembly.Client].work; w != nil {
		w.forget(x.RequestEnd.Time)
	}
	if w := k.sender[reassembly.Server].work; w != nil {
		w.forget(x.End.Time)
	}
}

// character settles the traits that the whole connection shows.
func (k *tracked) character() {
	c, h := &k.conn, &k.habits
	whole := c.Busy + c.Idle
	for _, x := range [...]struct {
		is    bool
		trait Traits
	}{
		{h.serverWait.is(c.Busy), ServerThinkTime},
		{h.clientIdle.is(whole), ClientThinkTime},
		{h.senderIdle.is(c.Busy), ApplicationLimited},
		{h.pathRate.is(c.Busy), RateLimited},
		{h.paced.is(c.Busy), PacedSending},
	} {
		if x.is {
			c.Traits |= x.trait
		}
	}
	for side := range k.sender {
		k.losses(reassembly.Side(side))
	}
	if !c.Flow[reassembly.Server].Seen() {
		c.Traits &^= ParallelConnections // when a request was answered is not known: it stands for busy to the end
	}
}

// losses settles the traits of packets that were lost, and of those that were not.
func (k *tracked) losses(side reassembly.Side) {
	c := &k.conn
	f, flow := &k.sender[side], &c.Flow[side]
	f.passLate()
	if flow.Retransmissions > flow.Spurious || f.lost > 0 {
		c.Traits |= PacketLoss
	}
	if flow.Spurious > 0 {
		c.Traits |= SpuriousRetransmission
	}
	if f.fast > 0 {
		c.Traits |= FastRetransmit
	}
	if flow.OutOfOrder > 0 || f.reordered > 0 {
		c.Traits |= Reordering
	}
	if f.harmless >= leastRepeats && !c.Traits.Is(otherProtocols) {
		c.Traits |= DelayedACKHarmless
	}
}
