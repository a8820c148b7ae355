package reassembly

import "connlint/capture"

// sentStore remembers the segments that are not acknowledged yet: for round
// trips, to say which transmission an ACK answers, and to tell a copy from a
// repetition. Records of all flows share one slab; when it is full, new
// segments are not remembered, and no verdict is made from them.
type sentStore struct {
	records []sentRecord
	free    uint32 // head of the free list, + 1
	limit   int
}

// sentRecord is one segment that awaits its acknowledgement.
type sentRecord struct {
	first, last capture.Frame // of several transmissions the first and the latest
	tsval       uint32        // of the latest
	firstTSVal  uint32
	end         capture.Seq
	ipid        uint16
	times       uint16 // transmissions
	next        uint32
	far         uint32 // a record further on in the list, if a walk noted one
}

// sentList is a flow's share of the store, oldest first.
type sentList struct {
	head, tail uint32 // + 1
	n          uint16
}

// maxSent is how many segments of one flow are remembered: at 1,460 bytes a
// flight of 12 MB. maxSentBlind is the same while nothing of the peer was seen.
const (
	maxSent      = 8192
	maxSentBlind = 64
)

// stride is how many records a walk passes before it notes the way for those
// to come: with it a repetition in a flight of maxSent costs some 200 steps.
const stride = 64

// seek is the first record of the list that ends behind seq, and the one
// before it; 0: there is none.
func (st *sentStore) seek(l *sentList, seq capture.Seq) (before, at uint32) {
	at = l.head
	from, passed := at, 0 // the last record from which the way is noted
	for at != 0 {
		rec := &st.records[at-1]
		if rec.end.After(seq) {
			return before, at
		}
		if far := rec.far; far != 0 && !st.records[far-1].end.After(seq) {
			at, from, passed = far, far, 0
			continue
		}
		if passed++; passed == stride {
			if rec.far == 0 {
				rec.far = st.records[from-1].far
			}
			st.records[from-1].far = at
			from, passed = at, 0
		}
		before, at = at, rec.next
	}
	return before, 0
}

func (st *sentStore) take() uint32 {
	if st.free != 0 {
		i := st.free
		st.free = st.records[i-1].next
		return i
	}
	if len(st.records) >= st.limit {
		return 0
	}
	st.records = append(st.records, sentRecord{})
	return uint32(len(st.records))
}

// remember puts a segment that ends at end on the list of its flow, which is
// kept short where the side that should acknowledge is not in the capture.
func (t *Tracker) remember(c *Connection, s *capture.Segment, side Side, end capture.Seq) {
	limit := maxSent
	if !c.Flow[side.Peer()].Seen() {
		limit = maxSentBlind
	}
	if f := &c.Flow[side]; int(f.sent.n) < limit {
		t.sent.add(f, s, end)
	}
}

// add remembers a segment that ends at end. One that fills a hole is put in
// its place, so that the list stays in the order of the stream.
func (st *sentStore) add(f *Flow, s *capture.Segment, end capture.Seq) {
	i := st.take()
	if i == 0 {
		return
	}
	f.sent.n++
	rec := &st.records[i-1]
	*rec = sentRecord{first: s.Frame, last: s.Frame, tsval: s.Options.TSVal, firstTSVal: s.Options.TSVal,
		end: end, ipid: s.IPID, times: 1}
	if f.sent.tail == 0 {
		f.sent.head, f.sent.tail = i, i
		return
	}
	if tail := &st.records[f.sent.tail-1]; !tail.end.After(end) {
		tail.next = i
		f.sent.tail = i
		return
	}
	before, at := st.seek(&f.sent, end)
	rec.next = at
	if before != 0 {
		st.records[before-1].next = i
	} else {
		f.sent.head = i
	}
}

// repeat notes that the bytes of a segment were sent again.
func (st *sentStore) repeat(f *Flow, s *capture.Segment, start, end capture.Seq) {
	for _, i := st.seek(&f.sent, start); i != 0; i = st.records[i-1].next {
		rec := &st.records[i-1]
		rec.last, rec.tsval, rec.ipid = s.Frame, s.Options.TSVal, s.IPID
		if rec.times < 1<<15 {
			rec.times++
		}
		if !rec.end.Before(end) {
			return
		}
	}
}

// isCopy reports whether the very packet was seen before: same place, same IP
// identification. A retransmission gets an identification of its own on every
// stack that counts them; one that has the same in all packets tells nothing.
// Without identification only haste tells: see isSame.
func (st *sentStore) isCopy(f *Flow, s *capture.Segment, end capture.Seq) bool {
	if !s.HasIPID || s.IPID == 0 {
		return false
	}
	if f.last.ipid == s.IPID {
		return f.last.seq == s.Seq
	}
	if _, i := st.seek(&f.sent, end-1); i != 0 {
		rec := &st.records[i-1]
		return rec.end == end && rec.ipid == s.IPID
	}
	return false
}

// acknowledge forgets what an ACK by f's host covers of p's flow, and reads
// the round trip and the transmission that it answers out of what it covers
// whole.
func (st *sentStore) acknowledge(p, f *Flow, s *capture.Segment, r *Reading) {
	var last, latest *sentRecord // by place in the stream; by time
	for p.sent.head != 0 {
		i := p.sent.head
		rec := &st.records[i-1]
		if rec.end.After(s.Ack) {
			break
		}
		last = rec
		if latest == nil || rec.last.Time >= latest.last.Time {
			latest = rec
		}
		p.sent.head = rec.next
		p.sent.n--
		rec.next = st.free
		st.free = i
	}
	if p.sent.head == 0 {
		p.sent.tail = 0
	}
	if last != nil {
		r.answer(last, latest, f, s)
	}
}

// answer decides which transmission the ACK answers. Karn's rule: what was
// sent once gives a sample, if nothing before it was repaired later. What was
// sent more often does if the echoed timestamp names one of its
// transmissions; else the latest is meant if the path is short enough for it.
func (r *Reading) answer(last, latest *sentRecord, f *Flow, s *capture.Segment) {
	stamped := s.Options.Has(capture.OptTimestamps) && latest.tsval != latest.firstTSVal
	sampled := true
	switch {
	case latest.times == 1:
		r.Answers = latest.first
	case stamped && s.Options.TSEcr == latest.tsval:
		r.Answers = latest.last
	default:
		sampled = false
		r.Answers = latest.last
		tooSoon := s.Time-latest.last.Time < f.MinRTT*7/10
		if tooSoon || stamped && s.Options.TSEcr == latest.firstTSVal {
			r.Answers = last.first
		}
	}
	if sampled {
		r.RTT = max(0, s.Time-r.Answers.Time) // clocks step back
		f.sampleRTT(s.Time - r.Answers.Time)
	}
}

// drop forgets a flow's records.
func (st *sentStore) drop(l *sentList) {
	if l.tail == 0 {
		return
	}
	st.records[l.tail-1].next = st.free
	st.free = l.head
	*l = sentList{}
}
