package reassembly

import (
	"testing"

	"connlint/capture"
)

// shut closes the connection; first says who does so first, crossed that both
// FINs left before the other's came.
func (w *wire) shut(first Side, crossed bool) {
	seen := 1
	w.send(ms, first, seg{flags: finack, seq: 1, ack: 1})
	if !crossed {
		seen = 2
	}
	w.send(ms, first.Peer(), seg{flags: finack, seq: 1, ack: seen})
	w.send(ms, first, seg{flags: ack, seq: 2, ack: 2})
}

// waiting notes who is in TIME-WAIT when a connection closes, and what is told
// of ports used again.
type waiting struct {
	discard
	sides  [][2]bool
	before []Before
	events []Events
}

func (w *waiting) Close(c *Connection, _ Reason) {
	w.sides = append(w.sides, [2]bool{c.Waits(Client), c.Waits(Server)})
}
func (w *waiting) Reopen(_ *Connection, b Before) { w.before = append(w.before, b) }
func (w *waiting) Segment(_ *Connection, _ *capture.Segment, r *Reading) {
	w.events = append(w.events, r.Events)
}

func TestWaits(t *testing.T) {
	for name, x := range map[string]struct {
		end  func(*wire)
		want [2]bool
	}{
		"client first": {func(w *wire) { w.shut(Client, false) }, [2]bool{true, false}},
		"server first": {func(w *wire) { w.shut(Server, false) }, [2]bool{false, true}},
		"crossed":      {func(w *wire) { w.shut(Server, true) }, [2]bool{true, true}},
		"one FIN":      {func(w *wire) { w.send(ms, Client, seg{flags: finack, seq: 1, ack: 1}) }, [2]bool{}},
		"reset":        {func(w *wire) { w.send(ms, Client, seg{flags: rst, seq: 1}) }, [2]bool{}},
		"FINs, then reset": {func(w *wire) {
			w.shut(Client, false)
			w.send(ms, Client, seg{flags: rst, seq: 2})
		}, [2]bool{}},
	} {
		w := newWire(t, Config{})
		log := &waiting{}
		w.tr = New(Config{}, log)
		w.shake()
		x.end(w)
		w.tr.Finish()
		if len(log.sides) != 1 || log.sides[0] != x.want {
			t.Errorf("%s: %v, not %v", name, log.sides, x.want)
		}
	}
}

// Ports that are used again bring what is known of the connection before, and
// the ACK with which the server answers out of it; an RST leaves nobody
// waiting.
func TestReopen(t *testing.T) {
	w := newWire(t, Config{})
	log := &waiting{}
	w.tr = New(Config{}, log)
	w.shake()
	w.shut(Server, false)
	shut, last := w.now-ms, w.number
	old := w.isn
	w.isn = [2]capture.Seq{3_000_000_000, 3_500_000_000}
	w.send(5000*ms, Client, seg{flags: syn})
	stale := old[Server].Sub(w.isn[Server]) + 2
	w.send(ms, Server, seg{flags: ack, seq: stale, ack: old[Client].Sub(w.isn[Client]) + 2})
	if n := len(log.events); n == 0 || log.events[n-1] != Challenge {
		t.Errorf("the answer out of the old connection is no challenge: %v", log.events)
	}
	w.send(ms, Server, seg{flags: rst | ack, ack: 1})
	w.isn = [2]capture.Seq{1, 2}
	w.send(5000*ms, Client, seg{flags: syn})
	w.tr.Finish()
	if len(log.before) != 2 {
		t.Fatalf("told of %d ports used again", len(log.before))
	}
	if b := log.before[0]; b.Waiting != [2]bool{false, true} || b.Waited != shut || b.Last.Number() != last {
		t.Errorf("the first had %+v before it; its FINs were over at %d, its last packet is %d", b, shut, last)
	}
	if b := log.before[1]; b.Waiting != [2]bool{} || b.Waited != 0 || b.Last.IsZero() {
		t.Errorf("the second had %+v before it, which ended by RST", b)
	}
}
