package reassembly

import (
	"testing"

	"connlint/capture"
)

// FuzzTracker makes segments of few connections with few sequence numbers out
// of bytes: everything that can happen to a connection happens. The journal
// checks every call, settled what must hold at the end.
func FuzzTracker(f *testing.F) {
	f.Add([]byte{})
	// S S. . P. F. F. on one connection, then another with payload out of order
	f.Add([]byte{0, 2, 0, 0, 0, 0, 0, 0, 1, 3, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 5, 1, 1, 9, 0, 0, 0, 1, 1, 1, 10, 0, 0, 0, 0, 0, 4, 10, 1, 0, 0, 0, 0, 1, 4, 1, 11, 0, 0, 0, 0})
	f.Add([]byte{2, 5, 20, 1, 9, 1, 0, 0, 2, 5, 1, 1, 9, 1, 0, 0, 3, 1, 1, 29, 0, 0, 0, 0, 2, 5, 40, 1, 9, 1, 0, 0, 2, 6, 0, 0, 0, 0, 0, 200})
	f.Fuzz(func(t *testing.T, in []byte) {
		log := &journal{t: t, open: map[int]*followed{}}
		log.tr = New(Config{Connections: 4, Remembered: 2, BufferedFlow: 3 * spareSize, Buffered: 5 * spareSize, Unacknowledged: 6,
			Sniff:  func(p []byte) (Side, bool) { return Side(len(p) & 1), len(p) > 40 },
			Linger: 2e9, Remember: 20e9, IdleLimit: 100e9, EmbryonicLimit: 50e9}, log)
		now := int64(1e18)
		for n := uint64(1); len(in) >= 8; n++ {
			now += fuzzStep(in[7])
			s := fuzzSegment(in)
			s.Frame = capture.NewFrame(0, n, now)
			if in[7]&1 != 0 {
				log.tr.Advance(now)
			}
			log.tr.Segment(&s)
			withinLimits(t, log.tr)
			in = in[8:]
		}
		log.tr.Finish()
		log.settled()
	})
}

// fuzzStep is the time before a segment: mostly short, seldom minutes, now and
// then backwards.
func fuzzStep(b byte) int64 {
	switch {
	case b >= 250:
		return -int64(5e9)
	case b >= 200:
		return int64(b-199) * 5e9
	}
	return int64(b) * 1e6
}

// fuzzSegment makes a segment of eight bytes: connection and direction, flags,
// seq, ack, length, window, options.
func fuzzSegment(in []byte) capture.Segment {
	kinds := [...]capture.Flags{ack, ack, syn, synack, finack, psh, rst, rst | ack, 0, syn | fin, fin}
	far := [...]capture.Seq{0, 0, 0, 0, 0, 1 << 16, 1 << 30, 1 << 31}
	a := capture.Endpoint4([]byte{10, 0, 0, 1}, uint16(in[0]>>1&7))
	b := capture.Endpoint4([]byte{10, 0, 0, 2 - in[0]>>7}, 1)
	if in[0]&1 != 0 {
		a, b = b, a
	}
	s := capture.Segment{Src: a, Dst: b, Flags: kinds[in[1]%byte(len(kinds))], TTL: 64,
		Seq: capture.Seq(int8(in[2])) + far[in[6]&7], Ack: capture.Seq(int8(in[3])) + far[in[6]>>3&7],
		Len: int(in[4] & 63), Window: uint16(in[5] & 3), HasIPID: in[5]&4 != 0, IPID: uint16(in[5] >> 3 & 7)}
	s.Payload = make([]byte, s.Len)
	if in[4]&64 != 0 {
		s.Payload = s.Payload[:s.Len/2]
	}
	if in[4]&128 != 0 {
		s.Options = capture.Options{Set: capture.OptSACK | capture.OptTimestamps | capture.OptWindowScale, SACKBlocks: in[6] & 3, Scale: in[6], TSVal: uint32(in[5]), TSEcr: uint32(in[3])}
		for i := range s.Options.SACK {
			s.Options.SACK[i] = capture.Block{Left: s.Ack + capture.Seq(in[2]&7), Right: s.Ack + capture.Seq(in[6]&15)}
		}
	}
	return s
}

// withinLimits checks after every segment what the configuration promises,
// and that the flow's own numbers make sense.
func withinLimits(t *testing.T, tr *Tracker) {
	t.Helper()
	if tr.slab.used > tr.cfg.Connections || tr.table.used != tr.slab.used || len(tr.sent.records) > tr.cfg.Unacknowledged {
		t.Fatalf("slab %d, table %d, sent %d", tr.slab.used, tr.table.used, len(tr.sent.records))
	}
	if tr.stash.held > tr.cfg.Buffered+spareSize {
		t.Fatalf("the stash holds %d bytes", tr.stash.held)
	}
	queued := 0
	for _, n := range tr.waiting {
		queued += n
	}
	if queued != tr.slab.used {
		t.Fatalf("%d connections in queues, %d in all", queued, tr.slab.used)
	}
	for q := range tr.fifos {
		for s := tr.fifos[q].head; s != 0; s = tr.slab.at(s).next {
			c := tr.slab.at(s)
			if c.awaits(Client) && c.awaits(Server) {
				t.Fatal("both sides wait for each other")
			}
			for side := range c.Flow {
				checkFlow(t, tr, &c.Flow[side], c.awaits(Side(side)))
			}
		}
	}
}

func checkFlow(t *testing.T, tr *Tracker, f *Flow, awaits bool) {
	t.Helper()
	if ahead := f.next.Sub(f.acked); f.has&hasSeq != 0 && (ahead < 0 || ahead > maxWindow) {
		t.Fatalf("acknowledged %d, sent up to %d", f.acked, f.next)
	}
	n := 0
	var last capture.Seq
	for i := f.sent.head; i != 0; i = tr.sent.records[i-1].next {
		if rec := &tr.sent.records[i-1]; n > 0 && rec.end.Before(last) || !rec.end.After(f.acked) {
			t.Fatalf("sent list out of order: %d behind %d, acknowledged %d", rec.end, last, f.acked)
		} else {
			last = rec.end
		}
		n++
	}
	if n != int(f.sent.n) {
		t.Fatalf("%d records on a list of %d", n, f.sent.n)
	}
	if f.Spurious > f.Retransmissions || f.Segments > f.Packets {
		t.Fatalf("%d spurious of %d retransmissions, %d segments of %d packets", f.Spurious, f.Retransmissions, f.Segments, f.Packets)
	}
	if f.waiting == 0 {
		return
	}
	q, want := tr.stash.queue(f), f.want
	for i := range q.live() {
		p := &q.live()[i]
		if !p.seq.Before(p.end) || p.seq == want && i == 0 && !awaits || p.seq.Before(want) {
			t.Fatalf("piece %d–%d behind %d", p.seq, p.end, want)
		}
		want = p.end
	}
}
