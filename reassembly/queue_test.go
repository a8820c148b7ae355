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
	if got := len(w.log.closed); got == 0 || got > maxVisits {
		t.Errorf("one packet closes %d", got)
	}
	for range 5 {
		w.send(ms, Client, seg{flags: syn})
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
