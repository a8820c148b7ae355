package reassembly

import "testing"

// What looks like the packet before is a copy, or something that its sender
// sent again.
func TestCopyOrRepetition(t *testing.T) {
	c := func(w *wire, d int64, g seg) { w.send(d, Client, g) }
	s := func(w *wire, d int64, g seg) { w.send(d, Server, g) }
	get := seg{flags: psh, seq: 1, ack: 1, fill: 100, ipid: -1, opt: stamps(5, 5)}
	bare := seg{flags: psh, seq: 1, ack: 1, fill: 100, ipid: -1}
	pure := seg{flags: ack, seq: 1, ack: 101, ipid: -1, opt: stamps(9, 5)}
	for _, tt := range []struct {
		name                  string
		steps                 func(w *wire)
		copies, again, dupACK uint32
	}{
		{"no identification, 180 µs later, others between", func(w *wire) {
			c(w, ms, get)
			c(w, 10*us, seg{flags: psh, seq: 101, ack: 1, fill: 100, ipid: -1, opt: stamps(5, 5)})
			s(w, 10*us, seg{flags: ack, seq: 1, ack: 101})
			c(w, 160*us, get)
		}, 1, 0, 0},
		{"repeated by a timer within one tick of a slow clock", func(w *wire) {
			c(w, ms, get)
			c(w, 200*ms, get)
		}, 0, 1, 0},
		{"the same, without timestamps", func(w *wire) {
			c(w, ms, bare)
			c(w, 200*ms, bare)
		}, 0, 1, 0},
		{"repeated as soon as the peer asked", func(w *wire) {
			c(w, ms, get)
			c(w, us, seg{flags: psh, seq: 101, ack: 1, fill: 100, ipid: -1, opt: stamps(5, 5)})
			s(w, 50*us, seg{flags: ack, seq: 1, ack: 1})
			s(w, us, seg{flags: ack, seq: 1, ack: 1})
			c(w, us, get)
		}, 0, 1, 2},
		{"a router between", func(w *wire) {
			routed := pure
			routed.ttl = 63
			c(w, ms, get)
			s(w, ms, pure)
			s(w, 300*us, routed)
		}, 1, 0, 0},
		{"three acknowledgements alike", func(w *wire) {
			c(w, ms, get)
			c(w, us, seg{flags: psh, seq: 101, ack: 1, fill: 100, ipid: -1, opt: stamps(5, 5)})
			s(w, ms, pure)
			s(w, us, pure)
			s(w, us, pure)
		}, 0, 0, 2},
		{"the same where everything is copied", func(w *wire) {
			data := seg{flags: psh, seq: 1, ack: 1, fill: 10, ipid: -1, opt: stamps(9, 4)}
			for range 2 {
				s(w, 10*us, data)
			}
			for i := range 2 {
				more := get
				more.seq += 100 * i
				c(w, ms, more)
				c(w, us, more)
			}
			held := pure
			held.seq = 11
			for range 6 {
				s(w, us, held)
			}
		}, 3 + 3, 0, 2},
		{"a keep-alive probe", func(w *wire) {
			c(w, ms, get)
			s(w, ms, pure)
			for range 2 {
				c(w, 1000*ms, seg{flags: ack, seq: 100, ack: 1, ipid: -1, opt: stamps(5, 5)})
			}
		}, 0, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(t, Config{})
			w.shake()
			tt.steps(w)
			copies := uint32(w.tr.Stats().Copies)
			f := w.only().rec.Flow
			if got := f[Client].Duplicates + f[Server].Duplicates; got != tt.copies || copies != tt.copies {
				t.Errorf("%d copies, %d in all, want %d", got, copies, tt.copies)
			}
			if got := f[Client].Retransmissions; got != tt.again {
				t.Errorf("%d retransmissions, want %d", got, tt.again)
			}
			if got := f[Client].DupACKs + f[Server].DupACKs; got != tt.dupACK {
				t.Errorf("%d duplicate ACKs, want %d", got, tt.dupACK)
			}
		})
	}
}

// The copy of a SYN that comes when its ports are in use again belongs to the
// connection that is over.
func TestLateCopyOpensNothing(t *testing.T) {
	w := newWire(t, Config{})
	w.send(0, Client, seg{flags: syn, ipid: 7})
	w.send(us, Server, seg{flags: rst | ack, ack: 1})
	first := w.isn[Client]
	w.isn[Client] += 5_000_000
	w.send(us, Client, seg{flags: syn, ipid: 8})
	second := w.isn[Client]
	w.isn[Client] = first
	w.send(us, Client, seg{flags: syn, ipid: 7})
	w.isn[Client] = second
	w.send(ms, Server, seg{flags: synack, ack: 1})
	w.send(ms, Client, seg{flags: ack, seq: 1, ack: 1})
	if all := w.finish(); len(all) != 2 || !all[1].rec.Handshake.Done() || w.tr.Stats().Copies != 1 {
		t.Errorf("%d connections, %d copies", len(all), w.tr.Stats().Copies)
	}
}

// Two interfaces 5 ms apart: the connection is judged from the one that saw
// the SYN first, whichever sees a packet first. If that one is blind to what
// the server sends, the other has to do.
func TestTwoPlaces(t *testing.T) {
	const path = 5 * ms
	for _, blind := range []bool{false, true} {
		w := newWire(t, Config{})
		pass := func(side Side, g seg) {
			w.ipid[side]++
			g.ipid = int(w.ipid[side])
			for _, place := range [2]Side{side, side.Peer()} { // the client's is interface 0
				if g.iface = uint16(place); !blind || side == Client || place == Server {
					w.send(0, side, g)
				}
				if place == side {
					w.now += path
				}
			}
		}
		pass(Client, seg{flags: syn})
		pass(Server, seg{flags: synack, ack: 1})
		pass(Client, seg{flags: ack, seq: 1, ack: 1})
		pass(Client, seg{flags: psh, seq: 1, ack: 1, fill: 100})
		pass(Server, seg{flags: psh, seq: 1, ack: 101, fill: 200})
		pass(Client, seg{flags: ack, seq: 101, ack: 201})
		f := w.only()
		if got := len(f.bytes[Server]); got != 200 || len(f.bytes[Client]) != 100 {
			t.Errorf("blind %v: %d and %d bytes", blind, len(f.bytes[Client]), got)
		}
		if f.rec.Caveats&CaptureDrops != 0 || f.rec.Caveats&Duplicated == 0 {
			t.Errorf("blind %v: caveats %v", blind, f.rec.Caveats.Names())
		}
		// Each half is 1 ns at least.
		if got, want := f.rec.RTT(), 2*path+1; !blind && got != want {
			t.Errorf("round trip %d, want %d", got, want)
		}
		if n := f.rec.Flow[Client].Retransmissions + f.rec.Flow[Server].Retransmissions; n > 0 {
			t.Errorf("blind %v: %d retransmissions", blind, n)
		}
	}
}
