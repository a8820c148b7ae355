package reassembly

import (
	"fmt"
	"testing"
)

// far is ten days: further than the clock believes.
const far = 10 * 24 * 3600_000 * ms

// A connection last heard of at a time that nobody believes does not stand in
// the way of others: it goes first when there is no room, and nobody looks for
// a better one.
func TestFutureIsGivenUpFirst(t *testing.T) {
	w := newWire(t, Config{Connections: 3})
	dial := func(port int) {
		w.ends[Client] = end(fmt.Sprintf("10.0.0.1:%d", port))
		w.shake()
	}
	dial(1)
	dial(2)
	w.now += far
	w.send(0, Client, seg{flags: ack, seq: 1, ack: 1})
	w.now -= far
	w.ends[Client] = end("10.0.0.1:1")
	w.send(ms, Client, seg{flags: ack, seq: 1, ack: 1})
	dial(3)
	dial(4)
	if len(w.log.closed) != 1 || w.log.closed[0].rec.Client().Port() != 2 {
		t.Errorf("given up: %v", w.log.closed)
	}
	w.finish()
}

// However far the clock moves from packet to packet, each looks at few
// connections; in the end all that fell silent are reported, for that reason.
func TestSweepGoesOnWithTheNextPacket(t *testing.T) {
	const n = 5 * maxVisits
	w := newWire(t, Config{})
	for i := range n {
		w.ends[Client] = end(fmt.Sprintf("10.0.0.1:%d", 1000+i))
		w.shake()
	}
	w.ends[Client] = end("10.0.0.1:40000")
	w.now += 2 * 3600_000 * ms
	w.send(0, Client, seg{flags: syn})
	for range 6 * n / maxVisits { // each is looked at five times
		before := len(w.log.closed)
		w.send(ms, Client, seg{flags: syn})
		if got := len(w.log.closed) - before; got > maxVisits {
			t.Fatalf("one packet closes %d", got)
		}
	}
	if len(w.log.closed) != n {
		t.Errorf("%d closed of %d", len(w.log.closed), n)
	}
	for _, f := range w.log.closed {
		if f.why != Idle {
			t.Fatalf("%v", f)
		}
	}
	w.finish()
}

// Where no packet comes any more, ticks close what fell silent and what was
// never answered, and nothing else.
func TestTicksCloseWhatFellSilent(t *testing.T) {
	w := newWire(t, Config{})
	w.shake()
	w.ends[Client] = end("10.0.0.1:40001")
	w.send(ms, Client, seg{flags: syn})
	last := w.now
	for _, x := range []struct {
		after  int64
		closed int
	}{{149_000 * ms, 0}, {150_000*5/4*ms + ms, 1}, {3600_000*ms - 2*ms, 1}, {3600_000*5/4*ms + ms, 2}} {
		w.tr.Advance(last + x.after)
		if n := len(w.log.closed); n != x.closed {
			t.Errorf("%d ms of silence: %d closed, expected %d", x.after/ms, n, x.closed)
		}
	}
	for _, f := range w.log.closed {
		if f.why != Idle {
			t.Errorf("%v", f)
		}
	}
	w.finish()
}

// Where a live capture's clock is set back, what ends from then on is reported
// as soon as before, not when the clock has caught up.
func TestTicksTellThatTheClockWasSetBack(t *testing.T) {
	for _, back := range [...]int64{60_000 * ms, 23 * 3600_000 * ms, far} {
		w := newWire(t, Config{})
		made := 0
		brief := func() {
			made++
			w.ends[Client] = end(fmt.Sprintf("10.0.0.1:%d", 1000+made))
			w.shake()
			w.send(ms, Client, seg{flags: finack, seq: 1, ack: 1})
			w.send(ms, Server, seg{flags: finack, seq: 1, ack: 2})
			w.send(ms, Client, seg{flags: ack, seq: 2, ack: 2})
		}
		for range 10 {
			brief()
		}
		w.now -= back
		for range 40 { // ten seconds
			brief()
			w.now += 250 * ms
			w.tr.Advance(w.now - 150*ms)
		}
		w.tr.Advance(w.now + 3000*ms)
		if n := len(w.log.closed); n != made {
			t.Errorf("%d ms back: %d reported of %d", back/ms, n, made)
		}
		w.tr.Advance(w.now + 600_000*ms)
		if n := w.tr.Stats().Open; n != 0 {
			t.Errorf("%d ms back: %d open", back/ms, n)
		}
		w.finish()
	}
}

// A few ticks from before prove nothing, nor do many where packets go on.
func TestTicksFromBefore(t *testing.T) {
	w := newWire(t, Config{})
	w.shake()
	for range 3 * leaps {
		for range leaps - 1 {
			w.tr.Advance(w.now - 3600_000*ms)
		}
		w.send(ms, Client, seg{flags: ack, seq: 1, ack: 1})
	}
	if w.tr.latest != w.now {
		t.Errorf("the clock is %d ms behind the packets", (w.now-w.tr.latest)/ms)
	}
	w.finish()
}
