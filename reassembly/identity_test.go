package reassembly

import (
	"math"
	"testing"

	"connlint/capture"
)

// exchange is a request and its response behind a handshake.
func (w *wire) exchange() {
	w.send(1*ms, Client, seg{flags: psh, seq: 1, ack: 1, data: "GET / HTTP/1.1\r\n\r\n"})
	w.send(10*ms, Server, seg{flags: psh, seq: 1, ack: 19, data: "HTTP/1.1 200 OK\r\n\r\n"})
	w.send(50*us, Client, seg{flags: ack, seq: 19, ack: 20})
}

// wave is the end of such a connection, closed by the client.
func (w *wire) wave() {
	w.send(1*ms, Client, seg{flags: finack, seq: 19, ack: 20})
	w.send(10*ms, Server, seg{flags: finack, seq: 20, ack: 20})
	w.send(50*us, Client, seg{flags: ack, seq: 20, ack: 21})
}

func reasons(fs []*followed) (rs []Reason) {
	for _, f := range fs {
		rs = append(rs, f.why)
	}
	return rs
}

func TestIdentity(t *testing.T) {
	type step func(*wire)
	shake, exchange, wave := (*wire).shake, (*wire).exchange, (*wire).wave
	again := func(isn int) step {
		return func(w *wire) {
			w.isn[Client], w.isn[Server] = capture.Seq(isn), w.isn[Server]+90000
			w.now += 100 * ms
		}
	}
	for _, tt := range []struct {
		name  string
		steps []step
		want  []Reason
		late  uint64
	}{
		{"a whole connection", []step{shake, exchange, wave}, []Reason{Closed}, 0},
		{"a SYN with another ISN", []step{shake, exchange, again(77777), shake, exchange, wave}, []Reason{Reused, Closed}, 0},
		{"a SYN with another ISN while the old one lingers", []step{shake, exchange, wave, again(77777), shake, exchange, wave}, []Reason{Reused, Closed}, 0},
		{"a SYN with the same ISN", []step{shake, shake, exchange, wave}, []Reason{Closed}, 0},
		{"the SYN of another connection that is never answered", []step{shake, exchange, wave, again(77777), func(w *wire) {
			w.send(0, Client, seg{flags: syn})
			w.send(1000*ms, Client, seg{flags: syn})
		}}, []Reason{Reused, EndOfCapture}, 0},
		{"the server still holds the old connection and says so", []step{shake, exchange, func(w *wire) {
			w.isn[Client] = 99999999
			w.send(100*ms, Client, seg{flags: syn})
			w.send(10*ms, Server, seg{flags: ack, seq: 20, ack: 19 + 1000 - 99999999}) // the old numbers
			w.send(0, Client, seg{flags: rst, seq: 19 + 1000 - 99999999})
			w.send(990*ms, Client, seg{flags: syn})
			w.isn[Server] += 70000
			w.send(10*ms, Server, seg{flags: synack, ack: 1})
			w.send(0, Client, seg{flags: ack, seq: 1, ack: 1})
		}, exchange, wave}, []Reason{Reused, Closed}, 1},
		{"a SYN-ACK of another connection whose SYN was missed", []step{shake, exchange, wave, again(77777), func(w *wire) {
			w.send(3000*ms, Server, seg{flags: synack, ack: 1})
			w.send(50*us, Client, seg{flags: ack, seq: 1, ack: 1})
		}, exchange, wave}, []Reason{Closed, Closed}, 0},
		{"segments that trail behind the end", []step{shake, exchange, wave, func(w *wire) {
			w.send(5000*ms, Server, seg{flags: finack, seq: 20, ack: 20})
			w.send(0, Client, seg{flags: rst, seq: 20})
		}}, []Reason{Closed}, 2},
		{"the same within the linger", []step{shake, exchange, wave, func(w *wire) {
			w.send(500*ms, Server, seg{flags: finack, seq: 20, ack: 20})
		}}, []Reason{Closed}, 0},
		{"long behind the end nobody remembers", []step{shake, exchange, wave, func(w *wire) {
			w.send(130_000*ms, Server, seg{flags: ack, seq: 20, ack: 20})
		}}, []Reason{Closed, EndOfCapture}, 0},
		{"refused", []step{func(w *wire) {
			w.send(0, Client, seg{flags: syn})
			w.send(10*ms, Server, seg{flags: rst | ack, seq: -500000, ack: 1})
		}}, []Reason{Reset}, 0},
		{"refused, and the next attempt too", []step{func(w *wire) {
			w.send(0, Client, seg{flags: syn})
			w.send(10*ms, Server, seg{flags: rst | ack, seq: -500000, ack: 1})
			w.isn[Client] = 88888
			w.send(100*ms, Client, seg{flags: syn})
			w.send(10*ms, Server, seg{flags: rst | ack, seq: -500000, ack: 1})
		}}, []Reason{Reused, Reset}, 0},
		{"silent for longer than the limit", []step{shake, exchange, func(w *wire) {
			w.send(3_600_001*ms, Client, seg{flags: ack, seq: 19, ack: 20})
		}}, []Reason{Idle, EndOfCapture}, 0},
		{"not quite as long", []step{shake, exchange, func(w *wire) {
			w.send(3_599_900*ms, Client, seg{flags: ack, seq: 19, ack: 20})
		}}, []Reason{EndOfCapture}, 0},
		{"a SYN that nothing answers", []step{func(w *wire) {
			w.send(0, Client, seg{flags: syn})
			w.ends[Client] = end("10.0.0.9:9")
			w.send(151_000*ms, Client, seg{flags: syn})
		}}, []Reason{Idle, EndOfCapture}, 0},
		{"both open at once", []step{func(w *wire) {
			w.send(0, Client, seg{flags: syn})
			w.send(0, Server, seg{flags: syn})
			w.send(0, Client, seg{flags: synack, ack: 1})
			w.send(0, Server, seg{flags: synack, ack: 1})
		}, exchange}, []Reason{EndOfCapture}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(t, Config{})
			for _, s := range tt.steps {
				s(w)
			}
			late := w.tr.Stats().Late
			got := w.finish()
			if len(got) != len(tt.want) || late != tt.late {
				t.Fatalf("closed %v, %d late; want %v, %d\n%v", reasons(got), late, tt.want, tt.late, got)
			}
			for i := range got {
				if got[i].why != tt.want[i] {
					t.Fatalf("closed %v, want %v", reasons(got), tt.want)
				}
			}
		})
	}
}

// The verdict that a connection fell silent does not wait until its turn comes
// to be looked at: not when its next packet comes, not when its place is
// needed.
func TestSilenceBetweenVisits(t *testing.T) {
	for _, full := range []bool{false, true} {
		w := newWire(t, Config{IdleLimit: 10_300 * ms, Connections: 2})
		quiet, busy := w.ends[Client], end("10.0.0.5:5000")
		w.shake()
		w.send(100*ms, Client, seg{flags: ack, seq: 1, ack: 1})
		w.ends[Client] = busy
		for range 21 {
			w.send(500*ms, Client, seg{flags: ack, seq: 1, ack: 1})
		}
		if len(w.log.closed) != 0 {
			t.Fatal("looked at too early for this test")
		}
		if w.ends[Client] = quiet; full {
			w.ends[Client] = end("10.0.0.6:6000")
			w.send(0, Client, seg{flags: syn})
		}
		w.send(0, Client, seg{flags: ack, seq: 1, ack: 1})
		if st := w.tr.Stats(); len(w.log.closed) != 1 || w.log.closed[0].why != Idle || st.Evicted != 0 {
			t.Errorf("full %v: closed %v, %+v", full, reasons(w.log.closed), st)
		}
		w.finish()
	}
}

// What belongs to the old connection and what to the new one.
func TestReuseKeepsStreamsApart(t *testing.T) {
	w := newWire(t, Config{})
	w.shake()
	w.exchange()
	w.isn[Client], w.isn[Server] = 1<<31, 1<<30
	w.shake()
	w.send(1*ms, Client, seg{flags: psh, seq: 1, ack: 1, data: "second"})
	fs := w.finish()
	if len(fs) != 2 || string(fs[0].bytes[Server]) != "HTTP/1.1 200 OK\r\n\r\n" || string(fs[1].bytes[Client]) != "second" {
		t.Fatalf("streams ran into each other: %v", fs)
	}
	if fs[0].rec.ID() != 1 || fs[1].rec.ID() != 7 || fs[1].rec.History.String() != "ShAD" {
		t.Fatalf("%v", fs)
	}
}

func TestWhoIsTheClient(t *testing.T) {
	sniff := func(p []byte) (Side, bool) {
		switch {
		case string(p[:min(3, len(p))]) == "GET":
			return Client, true
		case string(p[:min(4, len(p))]) == "HTTP":
			return Server, true
		}
		return 0, false
	}
	for _, tt := range []struct {
		name   string
		a, b   string // endpoints; a sends first
		steps  func(*wire)
		client string
		mid    bool
	}{
		{"by the SYN, against the ports", "1.1.1.1:80", "2.2.2.2:50000", func(w *wire) { w.shake() }, "1.1.1.1:80", false},
		{"by the SYN-ACK alone", "1.1.1.1:80", "2.2.2.2:50000", func(w *wire) {
			w.send(0, Server, seg{flags: synack, ack: 1})
			w.send(0, Client, seg{flags: ack, seq: 1, ack: 1})
		}, "1.1.1.1:80", true},
		{"by a SYN captured behind its SYN-ACK", "1.1.1.1:80", "2.2.2.2:50000", func(w *wire) {
			w.send(0, Server, seg{flags: synack, ack: 1})
			w.send(0, Client, seg{flags: syn})
			w.send(0, Client, seg{flags: ack, seq: 1, ack: 1})
		}, "1.1.1.1:80", false},
		{"by content, against the ports", "1.1.1.1:80", "2.2.2.2:50000", func(w *wire) {
			w.send(0, Server, seg{flags: ack, seq: 5, ack: 5})
			w.send(0, Client, seg{flags: psh, seq: 5, ack: 5, data: "GET / HTTP/1.1\r\n"})
		}, "1.1.1.1:80", true},
		{"by a response, against the ports", "1.1.1.1:80", "2.2.2.2:50000", func(w *wire) {
			w.send(0, Server, seg{flags: psh, seq: 5, ack: 5, data: "HTTP/1.1 200 OK\r\n"})
		}, "1.1.1.1:80", true},
		{"by the ports: a well-known one", "1.1.1.1:8080", "2.2.2.2:1500", func(w *wire) {
			w.send(0, Client, seg{flags: psh, seq: 5, ack: 5, data: "???"})
		}, "2.2.2.2:1500", true},
		{"by the ports: the lower one", "1.1.1.1:20000", "2.2.2.2:30000", func(w *wire) {
			w.send(0, Client, seg{flags: ack, seq: 5, ack: 5})
		}, "2.2.2.2:30000", true},
		{"a SYN behind its ACK", "1.1.1.1:80", "2.2.2.2:50000", func(w *wire) {
			w.send(0, Client, seg{flags: ack, seq: 1, ack: 1})
			w.send(0, Client, seg{flags: syn})
		}, "1.1.1.1:80", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(t, Config{Sniff: sniff})
			w.ends = [2]capture.Endpoint{end(tt.a), end(tt.b)}
			tt.steps(w)
			f := w.only()
			if got := f.rec.Client().String(); got != tt.client {
				t.Errorf("client %s, want %s", got, tt.client)
			}
			if mid := f.rec.Caveats&MidConnection != 0; mid != tt.mid {
				t.Errorf("mid-connection %v, want %v", mid, tt.mid)
			}
		})
	}
}

// The capture starts in a body, the ports mislead, a later request tells: the
// two are exchanged, once, before the segment that told is handed on.
func TestTurned(t *testing.T) {
	w := newWire(t, Config{Sniff: func(p []byte) (Side, bool) { return Client, string(p) == "GET" }})
	w.ends = [2]capture.Endpoint{end("10.0.0.1:20000"), end("10.0.0.2:30000")}
	w.send(0, Server, seg{flags: psh, seq: 1, ack: 1, data: "body"})
	if c := w.log.conn; c.Turned() || c.Client() != w.ends[Server] {
		t.Fatalf("turned %v, client %s", c.Turned(), c.Client())
	}
	w.send(ms, Client, seg{flags: psh, seq: 1, ack: 5, data: "GET"})
	if c := w.log.conn; !c.Turned() || c.Client() != w.ends[Client] || w.log.last.Side != Client {
		t.Fatalf("turned %v, client %s", c.Turned(), c.Client())
	}
	w.send(ms, Server, seg{flags: psh, seq: 5, ack: 4, data: "GET"}) // no second time
	f := w.log.conn
	if f.Client() != w.ends[Client] || f.Flow[Server].Bytes != 7 || f.History.String() != "dD" {
		t.Errorf("client %s, %d bytes, %s", f.Client(), f.Flow[Server].Bytes, f.History)
	}
}

// One packet whose clock is off by a century, or a whole interface of them,
// does not make the other connections look silent; a clock that was really set
// is followed in the end, either way.
func TestClockLeaps(t *testing.T) {
	const century = int64(100 * 365 * 24 * 3600e9)
	for name, back := range map[string]int64{"ahead": century, "behind": -century / 4} {
		w := newWire(t, Config{})
		w.shake()
		w.send(back, Client, seg{flags: psh, seq: 1, ack: 1, data: "a"})
		w.send(-back, Server, seg{flags: psh, seq: 1, ack: 2, data: "b"})
		if n := w.tr.Stats().Connections; n != 1 {
			t.Errorf("%s: %d connections, want 1", name, n)
		}
		before := w.tr.latest
		w.now += back
		for i := range leaps {
			w.send(ms, Client, seg{flags: psh, seq: 2 + i, ack: 2, data: "c"})
		}
		if moved := w.tr.latest - before; moved == 0 || moved > 0 != (back > 0) {
			t.Errorf("%s: the clock moved by %d", name, moved)
		}
	}
}

// At the end of the clock's range times do not wrap.
func TestEndOfTime(t *testing.T) {
	w := newWire(t, Config{})
	w.now = math.MaxInt64 - 100*ms
	w.shake()
	w.send(ms, Client, seg{flags: psh, seq: 1, ack: 1, data: "a"})
	w.send(ms, Server, seg{flags: psh, seq: 1, ack: 2, data: "b"})
	if n := w.tr.Stats().Connections; n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

// Src and Dst can be equal (the LAND attack): one connection, no crash, and
// such packets do not all fall on one place of the table.
func TestSameEndpointTwice(t *testing.T) {
	w := newWire(t, Config{})
	seen := map[uint32]bool{}
	for _, a := range []string{"10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3", "10.0.0.1:4"} {
		w.ends = [2]capture.Endpoint{end(a), end(a)}
		w.shake()
		seen[w.tr.table.hashOf(w.ends[0], w.ends[1])] = true
	}
	if len(seen) < 4 {
		t.Errorf("%d hashes of 4", len(seen))
	}
	w.finish()
}
