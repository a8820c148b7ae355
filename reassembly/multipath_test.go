package reassembly

import (
	"testing"

	"connlint/capture"
)

// A path that joins takes parts of another connection's stream, of those that
// agreed on it and were open by then.
func TestMultipath(t *testing.T) {
	const capable, join = capture.OptMPTCP, capture.OptMPTCP | capture.OptMPJoin
	w := newWire(t, Config{})
	from := func(port uint16) { w.ends[Client] = capture.Endpoint4([]byte{10, 0, 0, 1}, port) }
	open := func(port uint16, client, server capture.OptionSet) {
		from(port)
		w.send(ms, Client, seg{flags: syn, opt: capture.Options{Set: client}})
		w.send(ms, Server, seg{flags: synack, ack: 1, opt: capture.Options{Set: server}})
		w.send(ms, Client, seg{flags: ack, seq: 1, ack: 1})
	}
	open(1001, capable, capable) // joined
	open(1002, capable, 0)       // refused by the server
	open(1003, 0, 0)
	open(1004, capable, capable) // over before
	w.send(ms, Client, seg{flags: rst, seq: 1})
	open(1005, join, capable)
	open(1006, join, 0)          // refused
	open(1007, capable, capable) // later
	for port := uint16(1001); port <= 1007; port++ {
		if from(port); port != 1004 {
			w.send(ms, Client, seg{flags: ack, seq: 1, ack: 1})
		}
	}
	want := map[uint16]bool{1001: true, 1005: true}
	for _, f := range w.finish() {
		if is := f.rec.Caveats&Multipath != 0; is != want[f.rec.Client().Port()] {
			t.Errorf("port %d: %v", f.rec.Client().Port(), is)
		}
	}
	if n := len(w.log.closed); n != 7 {
		t.Errorf("%d connections", n)
	}
}
