package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
)

// sender is one side of a connection as a sender: what is remembered of it
// from one message to the next.
type sender struct {
	work *work // while there is something to explain

	told told // the sum of what the peer acknowledged
	ids  identities
	tick ticks
	most uint64 // most new bytes in one round trip

	last      capture.Frame // the latest segment with payload, repetitions included
	fresh     capture.Frame // the latest with new bytes
	end       capture.Seq   // behind the highest byte sent
	smallEnd  capture.Seq   // behind the latest partial segment
	dup       capture.Frame // the first report of a hole since the latest progress
	late      capture.Frame // a delayed ACK of the peer's for which nobody was seen to wait so far
	length    int           // of the latest segment with new bytes
	repaired  uint32        // repetitions so far when the receiver reported a hole
	nagle     nagle
	tails     tails
	size      fullSize
	reordered uint16 // holes that closed without a repetition
	lost      uint16 // repairs of losses that the capture point did not see
	fast      uint16 // repairs that waited for no timer
	timers    uint16 // repairs by timer since the latest progress
	harmless  uint16 // delayed ACKs for which nobody waited
	heard     bool   // the peer acknowledged anything
	begun     bool   // something was sent
	small     bool   // a partial segment was
	hole      bool   // the receiver reports one
	unseen    bool   // bytes were sent that did not pass the capture point
	absent    bool   // packets left before its latest message and did not pass the capture point
	hidden    bool   // the peer acknowledged such bytes: they had come, and the capture lacks them
}

// work is what is kept of a sender while a transaction is under way.
type work struct {
	sight  sight
	spans  []Span // what lay before its segments, in order of time; in parts provisional
	stalls []Stall
	ramps  []Ramp
	growth growth
	flight flight
	queue  queueDelay
	beat   beat
	maybe  Stall // what may be a loss probe, while its Wait is not 0
	filled Span  // of a message whose first segments left a hole: from the first of them to what filled it
	// drained is when the bytes left that the last span stood in a queue with,
	// ns since the epoch; 0: it is none of these.
	drained int64
	run     bool // a message is under way
}

// startWork makes the record of a sender that begins to send at s; nil if the
// limit is reached: then the time of its messages has no finer cause.
func (k *tracked) startWork(f *sender, s *capture.Segment, side reassembly.Side) *work {
	t := k.t
	var w *work
	switch n := len(t.works); {
	case n > 0:
		w = t.works[n-1]
		t.works = t.works[:n-1]
	case t.made >= t.limit:
		k.conn.Caveats |= reassembly.LimitReached
		t.stats.Unexplained++
		return nil
	default:
		w = new(work)
		t.made++
	}
	w.reset()
	sum := f.told
	if !f.heard {
		sum = told{ack: s.Seq, edge: s.Seq.Add(int(k.conn.Flow[side.Peer()].Window)), tsval: s.Options.TSEcr}
	}
	w.sight.begin(sum)
	f.work = w
	return w
}

// reset makes w as good as new but for sight, which begin makes so.
func (w *work) reset() {
	w.spans, w.stalls, w.ramps = w.spans[:0], w.stalls[:0], w.ramps[:0]
	w.growth, w.flight, w.queue = growth{}, flight{}, queueDelay{}
	w.maybe, w.filled, w.drained, w.run = Stall{}, Span{}, 0, false
	w.beat.reset()
}

// restSenders lets go of what is kept while a transaction is under way.
func (k *tracked) restSenders() {
	for i := range k.sender {
		k.restSender(&k.sender[i])
	}
}

// maxSpareSpans is how many spans a record keeps room for while it waits for
// its next use.
const maxSpareSpans = 64

func (k *tracked) restSender(f *sender) {
	if w := f.work; w != nil {
		if cap(w.spans) > maxSpareSpans {
			w.spans = nil // one that stuttered is not remembered by its size
		}
		k.t.works = append(k.t.works, w)
		f.work = nil
	}
}

// restWhenDone lets go of a sender whose message is over, acknowledged and
// left nothing to explain: a request that may wait long for its answer.
func (k *tracked) restWhenDone(f *sender, side reassembly.Side) {
	if k.tls != nil || k.http.Open(direction(side)) != nil || k.conn.Traits.Is(otherProtocols) {
		return
	}
	k.endRun(side)
	if w := f.work; len(w.spans)+len(w.stalls)+len(w.ramps) == 0 {
		k.restSender(f)
	}
}

// nothing are the events of a segment that neither tells nor sends anything.
const nothing = reassembly.Duplicate | reassembly.Stray | reassembly.OutOfWindowReset | reassembly.KeepAliveProbe

// observe follows a segment: what it tells its receiver, then what its sender
// did.
func (k *tracked) observe(s *capture.Segment, r *reassembly.Reading) {
	if s.Flags&capture.RST != 0 {
		return
	}
	f := &k.sender[r.Side]
	if r.Hole != k.hole {
		k.hole = r.Hole
		k.sender[reassembly.Client].ids.resume()
		k.sender[reassembly.Server].ids.resume()
	}
	if !r.Events.Is(reassembly.Duplicate) {
		missing := f.ids.missing
		full := 0
		if f.ids.lastLen > 0 { // a packet without data took one number
			full = f.size.of(k.conn.Connection, r.Side)
		}
		from, gone := f.ids.note(s, full)
		k.conn.Pair.numbers[r.Side].note(s, k.conn.Slot(), from, gone)
		if s.Len == 0 && !r.Events.Is(reassembly.Jump) {
			f.ids.missing = missing // what went before an ACK without data was another
		}
	}
	if r.Events.Is(nothing) {
		return
	}
	if r.Events.Is(reassembly.Jump) && s.Len == 0 {
		f.unseen = true
	}
	if s.Flags&capture.ACK != 0 {
		k.hears(s, r)
	}
	if s.Len > 0 && !r.Events.Is(reassembly.ZeroWindowProbe) {
		k.sends(s, r)
	}
}

// sends takes a segment with payload.
func (k *tracked) sends(s *capture.Segment, r *reassembly.Reading) {
	side := r.Side
	f := &k.sender[side]
	again := r.Events.Is(reassembly.Retransmission)
	fresh := k.speaker != side || !f.begun || f.work == nil || !f.work.run
	if flow := &k.conn.Flow[side]; f.work != nil && flow.MinRTT > 0 {
		if ns := f.work.sight.echo(s, flow.MinRTT); ns > 0 {
			flow.Echoed(ns)
		}
	}
	switch {
	case again && r.New > 0 && k.speaker != side:
		// The first that the capture has of a message whose first
		// transmission was lost before it.
		f.unseen = true
		k.startsMessage(f, s, r)
	case again:
		k.repeats(f, s, r)
		f.last = s.Frame
		return
	case r.Events.Is(reassembly.OutOfOrder):
		return // when it left is anybody's guess
	case r.New == 0:
		f.last, f.fresh = s.Frame, s.Frame // data of a SYN, sent once more behind it
		return
	case fresh:
		k.startsMessage(f, s, r)
	default:
		k.goesOn(f, s, side)
	}
	k.sent(f, s, r)
}

// sent remembers a segment with new bytes.
func (k *tracked) sent(f *sender, s *capture.Segment, r *reassembly.Reading) {
	c, side := k.conn.Connection, r.Side
	f.size.learn(s)
	full := f.size.of(c, side)
	small := partial(s.Len, full) && s.Flags&capture.FIN == 0
	k.againstNagle(f, s, side, small)
	if small {
		f.smallEnd, f.small = s.End(), true
	}
	if w := f.work; w != nil {
		k.counts(f, w, s, r)
	}
	f.last, f.fresh, f.length, f.begun = s.Frame, s.Frame, s.Len, true
	f.end = s.End()
	f.ids.missing, f.unseen, f.hidden = 0, false, false
	f.tails.pushed = s.Flags&capture.PSH != 0
	k.speaker = side
}

// counts adds a segment with new bytes to what tells slow start and queues.
func (k *tracked) counts(f *sender, w *work, s *capture.Segment, r *reassembly.Reading) {
	w.flight.note(k, f, s, r)
	w.growth.sent(s.Time, r.New)
	w.beat.burst += r.New
	if s.Options.Has(capture.OptTimestamps) {
		if departed, ok := f.tick.note(s.Time, s.Options.TSVal); ok {
			w.queue.left(s.Time, departed, f.tick.tick)
		}
	} else if f.begun && f.length > 0 && !partial(f.length, f.size.of(k.conn.Connection, r.Side)) {
		w.queue.even.add(s.Time - f.last.Time)
	}
}
