package reassembly

import (
	"fmt"
	"testing"

	"connlint/capture"
)

// On a full table the least valuable goes first: what was reported, then
// unanswered SYNs, then the one longest silent.
func TestEvictionOrder(t *testing.T) {
	w := newWire(t, Config{Connections: 3})
	dial := func(port int, whole bool) {
		w.ends[Client] = end(fmt.Sprintf("10.0.0.1:%d", port))
		if whole {
			w.shake()
			return
		}
		w.send(ms, Client, seg{flags: syn})
	}
	dial(1, true)
	dial(2, false)
	dial(3, true)
	dial(4, true) // the SYN of 2 goes
	w.ends[Client] = end("10.0.0.1:1")
	w.send(ms, Client, seg{flags: ack, seq: 1, ack: 1})
	dial(5, true) // 3 goes: 1 was heard of since
	if st := w.tr.Stats(); st.Evicted != 2 || st.Open != 3 {
		t.Fatalf("%+v", st)
	}
	for i, port := range []uint16{2, 3} {
		f := w.log.closed[i]
		if f.rec.Client().Port() != port || f.why != Evicted || f.rec.Caveats&LimitReached == 0 {
			t.Errorf("eviction %d: %v", i, f)
		}
	}
	w.finish()
}

// A SYN flood costs other SYNs, no connection that stands.
func TestFloodSparesTheEstablished(t *testing.T) {
	w := newWire(t, Config{Connections: 50})
	w.shake()
	for i := range 10_000 {
		w.ends[Client] = end(fmt.Sprintf("10.1.%d.%d:1234", i/256, i%256))
		w.send(us, Client, seg{flags: syn})
	}
	w.ends[Client] = end("10.0.0.1:40000")
	w.exchange()
	if n := len(w.tr.slab.chunks); n != 1 {
		t.Errorf("%d chunks for 50 connections", n)
	}
	for _, f := range w.finish() {
		if f.rec.ID() == 1 && (f.why != EndOfCapture || f.rec.History.String() != "ShADda") && f.rec.History.String() != "ShADd" {
			t.Errorf("the one connection: %v", f)
		}
	}
}

func TestRememberedIsBounded(t *testing.T) {
	w := newWire(t, Config{Remembered: 10})
	for i := range 100 {
		w.ends[Client] = end(fmt.Sprintf("10.0.0.1:%d", 1000+i))
		w.shake()
		w.exchange()
		w.wave()
		w.now += 3000 * ms
	}
	if n := w.tr.waiting[closedQueue]; n > 11 {
		t.Errorf("%d remembered", n)
	}
	w.finish()
}

// Too much behind a hole: the hole is given up, what lies behind is handed on.
func TestHoleIsGivenUp(t *testing.T) {
	w := newWire(t, Config{BufferedFlow: 8 * spareSize})
	w.shake()
	for i := range 20 {
		w.send(us, Server, seg{flags: ack, seq: 1 + 100*(i+1), ack: 1, fill: 100})
	}
	f := w.only()
	if g := f.gaps[Server]; len(g) != 1 || g[0].Missing != 100 || g[0].Gap != GapLimit || len(f.bytes[Server]) != 2100 {
		t.Errorf("gaps %+v, %d bytes", g, len(f.bytes[Server]))
	}
	if f.rec.Caveats&LimitReached == 0 {
		t.Error("no caveat")
	}
}

// A queue that was long once does not keep its length.
func TestStashGivesBack(t *testing.T) {
	var st stash
	st.limit, st.flowLimit = 1<<30, 1<<30
	var f Flow
	s := capture.Segment{Len: 1, Payload: []byte{1}}
	for i := range maxPieces {
		if !st.put(&f, &s, capture.Seq(2*i), capture.Seq(2*i)) {
			t.Fatal("full at", i)
		}
	}
	if st.put(&f, &s, capture.Seq(2*maxPieces), capture.Seq(2*maxPieces)) {
		t.Error("more than maxPieces")
	}
	for range maxPieces - 1 {
		st.pop(&f)
	}
	if q := st.queue(&f); cap(q.pieces) > 1024 || len(q.live()) != 1 {
		t.Errorf("room for %d pieces, %d live", cap(q.pieces), len(q.live()))
	}
	if st.pop(&f); f.waiting != 0 || st.held != 0 {
		t.Error("not empty")
	}
}

// A flow whose other side is not in the capture does not fill the store.
func TestBlindFlowKeepsLittle(t *testing.T) {
	w := newWire(t, Config{})
	for i := range 1000 {
		w.send(us, Server, seg{flags: ack, seq: 1 + 100*i, ack: 1, fill: 100})
	}
	if n := len(w.tr.sent.records); n > maxSentBlind {
		t.Errorf("%d records", n)
	}
	if f := w.only(); f.rec.Caveats&OneDirection == 0 {
		t.Error("no caveat")
	}
}
