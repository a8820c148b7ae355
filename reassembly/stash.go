package reassembly

import (
	"slices"

	"connlint/capture"
)

// stash holds the bytes that arrived ahead of their turn. Of bytes that come
// twice with different content the copy that came first counts, in the stash
// as in the stream: a receiver that already has a byte keeps it.
type stash struct {
	queues    []waitQueue
	free      []uint32 // indices + 1
	spare     [][]byte // buffers to use again
	held      int      // bytes held in all
	limit     int
	flowLimit int
}

// waitQueue is what waits in one flow, in the order of the stream, without
// overlap.
type waitQueue struct {
	pieces []piece
	gone   int // pieces at the front that were handed on
	held   int
}

func (q *waitQueue) live() []piece { return q.pieces[q.gone:] }

// piece is one segment, or what of it was new, behind a hole.
type piece struct {
	seq, end capture.Seq // payload on the wire
	frame    capture.Frame
	ipid     uint16
	bytes    []byte // what the snap length left of it
	buffer   []byte // the whole buffer, for reuse
}

// maxPieces bounds the pieces of one flow and so the cost of putting one in
// its place: a flood of one-byte segments fills the limit and no more.
const maxPieces = 4096

func (st *stash) queue(f *Flow) *waitQueue {
	if f.waiting == 0 {
		return nil
	}
	return &st.queues[f.waiting-1]
}

// first is the piece that waits at the front; nil if none does.
func (st *stash) first(f *Flow) *piece {
	if q := st.queue(f); q != nil {
		return &q.live()[0]
	}
	return nil
}

// answer is the piece at the front if nothing is missing before it: it waits for
// the other side's bytes.
func (st *stash) answer(f *Flow) *piece {
	if p := st.first(f); p != nil && p.seq == f.want {
		return p
	}
	return nil
}

// find is the index of the first live piece that ends behind seq.
func (q *waitQueue) find(seq capture.Seq) int {
	n, _ := slices.BinarySearchFunc(q.live(), seq, func(p piece, seq capture.Seq) int {
		if p.end.After(seq) {
			return 1
		}
		return -1
	})
	return q.gone + n
}

// hole is how many of the bytes from start to end are neither handed on (the
// caller sees to start) nor waiting.
func (st *stash) hole(f *Flow, start, end capture.Seq) int {
	n := end.Sub(start)
	if n <= 0 || f.next == f.want {
		return 0
	}
	q := st.queue(f)
	if q == nil {
		return n
	}
	for i := q.find(start); i < len(q.pieces) && q.pieces[i].seq.Before(end); i++ {
		p := &q.pieces[i]
		n -= min(p.end.Sub(start), p.end.Sub(p.seq), end.Sub(p.seq), end.Sub(start))
	}
	return n
}

// after is the first piece that lies behind seq: the one that overtook
// whatever now fills the hole.
func (st *stash) after(f *Flow, seq capture.Seq) *piece {
	q := st.queue(f)
	if q == nil {
		return nil
	}
	if i := q.find(seq); i < len(q.pieces) {
		return &q.pieces[i]
	}
	return nil
}

// overtook reports whether s was sent before the piece and overtaken by it: it
// carries an older IP identification, or it came sooner than a repair can
// (0.7 of the round trip; 3 ms where that is not known).
func (p *piece) overtook(s *capture.Segment, rtt int64) bool {
	if s.HasIPID && s.IPID != 0 && p.ipid != 0 {
		if d := int16(p.ipid - s.IPID); d > 0 && d < 64 {
			return true
		}
	}
	limit := int64(3e6)
	if rtt > 0 {
		limit = rtt * 7 / 10
	}
	return s.Time-p.frame.Time < limit
}

// put copies the segment's payload, which begins at start, into the store, as
// far as it lies behind from and does not wait already. It reports false if
// there is no room for all.
func (st *stash) put(f *Flow, s *capture.Segment, start, from capture.Seq) bool {
	if f.waiting == 0 {
		f.waiting = st.takeQueue()
	}
	defer st.dropIfEmpty(f)
	q := &st.queues[f.waiting-1]
	seq, end := from, start.Add(s.Len)
	for at := q.find(seq); seq.Before(end); at++ {
		stop := end
		if at < len(q.pieces) {
			p := &q.pieces[at]
			if !p.seq.After(seq) {
				seq = p.end
				continue
			}
			if p.seq.Before(stop) {
				stop = p.seq
			}
		}
		if len(q.live()) >= maxPieces || st.held >= st.limit || q.held >= st.flowLimit {
			return false
		}
		st.insert(q, at, s, seq.Sub(start), stop.Sub(start))
		q.pieces[at].seq, q.pieces[at].end = seq, stop
		seq = stop
	}
	return true
}

// insert makes a piece of s.Payload[from:to], as far as it was captured.
func (st *stash) insert(q *waitQueue, at int, s *capture.Segment, from, to int) {
	from, to = min(from, len(s.Payload)), min(to, len(s.Payload))
	buffer := st.buffer(to - from)
	bytes := append(buffer[:0], s.Payload[from:to]...)
	p := piece{frame: s.Frame, ipid: s.IPID, bytes: bytes, buffer: buffer}
	q.pieces = slices.Insert(q.pieces, at, p)
	q.held += cap(buffer)
	st.held += cap(buffer)
}

// spareSize is the size of buffers kept for reuse: a segment of an Ethernet.
const spareSize = 2048

func (st *stash) buffer(n int) []byte {
	if n > spareSize {
		return make([]byte, 0, n)
	}
	if k := len(st.spare); k > 0 {
		b := st.spare[k-1]
		st.spare = st.spare[:k-1]
		return b
	}
	return make([]byte, 0, spareSize)
}

func (st *stash) takeQueue() uint32 {
	if k := len(st.free); k > 0 {
		i := st.free[k-1]
		st.free = st.free[:k-1]
		return i
	}
	st.queues = append(st.queues, waitQueue{})
	return uint32(len(st.queues))
}

// pop removes the piece at the front. Its bytes stay good until the next put.
func (st *stash) pop(f *Flow) piece {
	q := &st.queues[f.waiting-1]
	p := q.pieces[q.gone]
	q.pieces[q.gone] = piece{}
	if q.gone++; q.gone*2 > len(q.pieces) {
		q.compact()
	}
	q.held -= cap(p.buffer)
	st.held -= cap(p.buffer)
	if cap(p.buffer) == spareSize && len(st.spare) < 1024 {
		st.spare = append(st.spare, p.buffer)
	}
	st.dropIfEmpty(f)
	return p
}

// compact moves what is left to the front. What a flow needed at its peak is
// given back when it needs less, else each flow could keep its peak.
func (q *waitQueue) compact() {
	n := copy(q.pieces, q.live())
	clear(q.pieces[n:])
	q.pieces, q.gone = q.pieces[:n], 0
	if cap(q.pieces) > keptPieces && n < cap(q.pieces)/8 {
		q.pieces = append(make([]piece, 0, max(keptPieces, 2*n)), q.pieces...)
	}
}

// keptPieces is how many pieces a queue keeps room for.
const keptPieces = 16

func (st *stash) dropIfEmpty(f *Flow) {
	if f.waiting == 0 || len(st.queues[f.waiting-1].pieces) > 0 {
		return
	}
	st.free = append(st.free, f.waiting)
	f.waiting = 0
}
