package reassembly

import (
	"testing"

	"connlint/capture"
)

// What the counters say at the end.
func TestCounters(t *testing.T) {
	w := newWire(t, Config{})
	w.shake()
	w.send(ms, Client, seg{flags: psh, seq: 1, ack: 1, fill: 100})
	w.send(ms, Client, seg{flags: psh, seq: 201, ack: 1, fill: 100})                // a hole
	w.send(ms, Server, seg{flags: ack, seq: 1, ack: 101})                           //
	w.send(us, Server, seg{flags: ack, seq: 1, ack: 101, opt: sacked(201, 301)})    // duplicate
	w.send(20*ms, Client, seg{flags: psh, seq: 101, ack: 1, fill: 200})             // repairs 100, repeats 100
	w.send(10*ms, Server, seg{flags: ack, seq: 1, ack: 301, opt: sacked(201, 301)}) // D-SACK
	w.send(ms, Client, seg{flags: finack, seq: 301, ack: 1, fill: 50})
	w.send(300*ms, Client, seg{flags: finack, seq: 301, ack: 1, fill: 50})
	f := w.only().rec.Flow[Client]
	got := [...]uint64{f.Bytes, f.Resent, uint64(f.Segments), uint64(f.Packets), uint64(f.Retransmissions), uint64(f.Spurious), f.Missing, uint64(f.MaxLen)}
	if want := [...]uint64{350, 150, 5, 7, 2, 1, 0, 200}; got != want {
		t.Errorf("got %d, want %d", got, want)
	}
	if f.MSS != 1460 || !f.Ended() || f.InFlight() != 51 || f.AckedOffset() != 300 {
		t.Errorf("mss %d, in flight %d, acked %d", f.MSS, f.InFlight(), f.AckedOffset())
	}
}

// PSH counts with the highest bytes only: a repair says nothing of the end.
func TestPushed(t *testing.T) {
	steps := []struct {
		flags capture.Flags
		seq   int
		want  bool
	}{{ack, 1, false}, {psh, 101, true}, {ack, 1, true}, {ack, 201, false}, {psh, 101, false}}
	for n := range steps {
		w := newWire(t, Config{})
		w.shake()
		for _, step := range steps[:n+1] {
			w.send(ms, Client, seg{flags: step.flags, seq: step.seq, ack: 1, fill: 100})
		}
		if got := w.only().rec.Flow[Client].Pushed(); got != steps[n].want {
			t.Errorf("behind segment %d: %v", n, got)
		}
	}
}

// A needless repetition that is seen to be one is not counted again when its
// D-SACK comes.
func TestSpuriousOnce(t *testing.T) {
	w := newWire(t, Config{})
	w.shake()
	w.send(ms, Client, seg{flags: psh, seq: 1, ack: 1, fill: 100})
	w.send(ms, Client, seg{flags: psh, seq: 1, ack: 1, fill: 100}) // not needless, as far as is known
	w.send(ms, Server, seg{flags: ack, seq: 1, ack: 101})
	w.send(ms, Client, seg{flags: psh, seq: 1, ack: 1, fill: 100}) // needless
	w.send(ms, Server, seg{flags: ack, seq: 1, ack: 101, opt: sacked(1, 101)})
	f := w.only().rec.Flow[Client]
	if f.Spurious != 1 || f.Retransmissions != 2 {
		t.Errorf("%d of %d spurious, want 1 of 2", f.Spurious, f.Retransmissions)
	}
}

func TestRoundTrip(t *testing.T) {
	for _, tt := range []struct {
		name    string
		steps   func(*wire) (answered capture.Frame)
		rtt     int64 // of the last segment
		minimum int64 // of the server's half
	}{
		{"a plain acknowledgement", func(w *wire) capture.Frame {
			f := w.send(ms, Client, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			w.send(8*ms, Server, seg{flags: ack, seq: 1, ack: 101})
			return f
		}, 8 * ms, 8 * ms},
		{"one of two segments", func(w *wire) capture.Frame {
			w.send(ms, Client, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			f := w.send(ms, Client, seg{flags: psh, seq: 101, ack: 1, fill: 100})
			w.send(9*ms, Server, seg{flags: ack, seq: 1, ack: 201})
			return f
		}, 9 * ms, 9 * ms},
		{"half a segment answers nothing", func(w *wire) (none capture.Frame) {
			w.send(ms, Client, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			w.send(ms, Server, seg{flags: ack, seq: 1, ack: 51})
			return none
		}, 0, 10 * ms},
		{"a repetition gives no sample (Karn)", func(w *wire) capture.Frame {
			w.send(ms, Client, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			f := w.send(200*ms, Client, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			w.send(9*ms, Server, seg{flags: ack, seq: 1, ack: 101})
			return f
		}, 0, 10 * ms},
		{"too soon for the repetition", func(w *wire) capture.Frame {
			f := w.send(ms, Client, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			w.send(200*ms, Client, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			w.send(ms, Server, seg{flags: ack, seq: 1, ack: 101})
			return f
		}, 0, 10 * ms},
		{"the timestamp names the repetition", func(w *wire) capture.Frame {
			w.send(ms, Client, seg{flags: psh, seq: 1, ack: 1, fill: 100, opt: stamps(100, 1)})
			f := w.send(200*ms, Client, seg{flags: psh, seq: 1, ack: 1, fill: 100, opt: stamps(300, 1)})
			w.send(7*ms, Server, seg{flags: ack, seq: 1, ack: 101, opt: stamps(9, 300)})
			return f
		}, 7 * ms, 7 * ms},
		{"the timestamp names the original", func(w *wire) capture.Frame {
			f := w.send(ms, Client, seg{flags: psh, seq: 1, ack: 1, fill: 100, opt: stamps(100, 1)})
			w.send(200*ms, Client, seg{flags: psh, seq: 1, ack: 1, fill: 100, opt: stamps(300, 1)})
			w.send(9*ms, Server, seg{flags: ack, seq: 1, ack: 101, opt: stamps(9, 100)})
			return f
		}, 0, 10 * ms},
		{"a hole repaired: the repair is answered, not the segment behind it", func(w *wire) capture.Frame {
			w.send(ms, Client, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			w.send(us, Client, seg{flags: psh, seq: 101, ack: 1, fill: 100})
			w.send(us, Client, seg{flags: psh, seq: 201, ack: 1, fill: 100})
			w.send(10*ms, Server, seg{flags: ack, seq: 1, ack: 1, opt: sacked(101, 301)})
			f := w.send(us, Client, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			w.send(11*ms, Server, seg{flags: ack, seq: 1, ack: 301})
			return f
		}, 0, 10 * ms},
		{"a FIN", func(w *wire) capture.Frame {
			f := w.send(ms, Client, seg{flags: finack, seq: 1, ack: 1})
			w.send(6*ms, Server, seg{flags: ack, seq: 1, ack: 2})
			return f
		}, 6 * ms, 6 * ms},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(t, Config{})
			w.shake()
			want := tt.steps(w)
			got := w.log.last
			if got.Answers != want || got.RTT != tt.rtt {
				t.Errorf("answers %s after %d, want %s after %d", at(got.Answers), got.RTT, at(want), tt.rtt)
			}
			if r := w.only().rec.Flow[Server].MinRTT; r != tt.minimum {
				t.Errorf("minimum %d, want %d", r, tt.minimum)
			}
		})
	}
}

func TestHandshake(t *testing.T) {
	o := capture.Options{Set: capture.OptFastOpen}
	for _, tt := range []struct {
		name  string
		steps func(*wire)
		want  Handshake // frames are not compared
		done  bool
		rtt   int64
		place Vantage
	}{
		{"at the client", (*wire).shake, Handshake{SYNs: 1, SYNACKs: 1}, true, 10*ms + 50*us, AtClient},
		{"at the server", func(w *wire) {
			w.send(0, Client, seg{flags: syn})
			w.send(50*us, Server, seg{flags: synack, ack: 1})
			w.send(10*ms, Client, seg{flags: ack, seq: 1, ack: 1})
		}, Handshake{SYNs: 1, SYNACKs: 1}, true, 10*ms + 50*us, AtServer},
		{"between", func(w *wire) {
			w.send(0, Client, seg{flags: syn})
			w.send(4*ms, Server, seg{flags: synack, ack: 1})
			w.send(6*ms, Client, seg{flags: ack, seq: 1, ack: 1})
		}, Handshake{SYNs: 1, SYNACKs: 1}, true, 10 * ms, MidPath},
		{"a lost SYN: no sample from the server", func(w *wire) {
			w.send(0, Client, seg{flags: syn})
			w.send(1000*ms, Client, seg{flags: syn})
			w.send(10*ms, Server, seg{flags: synack, ack: 1})
			w.send(50*us, Client, seg{flags: ack, seq: 1, ack: 1})
		}, Handshake{SYNs: 2, SYNACKs: 1, Retry: 1000 * ms}, true, 0, VantageUnknown},
		{"a lost SYN-ACK: no sample from the client", func(w *wire) {
			w.send(0, Client, seg{flags: syn})
			w.send(50*us, Server, seg{flags: synack, ack: 1})
			w.send(1000*ms, Server, seg{flags: synack, ack: 1})
			w.send(10*ms, Client, seg{flags: ack, seq: 1, ack: 1})
		}, Handshake{SYNs: 1, SYNACKs: 2, Retry: 1000 * ms}, true, 0, VantageUnknown},
		{"a copy of the SYN is no second one", func(w *wire) {
			w.send(0, Client, seg{flags: syn, ipid: 5})
			w.send(us, Client, seg{flags: syn, ipid: 5})
			w.send(10*ms, Server, seg{flags: synack, ack: 1})
			w.send(50*us, Client, seg{flags: ack, seq: 1, ack: 1})
		}, Handshake{SYNs: 1, SYNACKs: 1}, true, 10*ms + us + 50*us, AtClient},
		{"a request for a cookie", func(w *wire) {
			w.send(0, Client, seg{flags: syn, opt: o})
		}, Handshake{SYNs: 1, FastOpen: FastOpenRequested}, false, 0, VantageUnknown},
		{"data in the SYN, accepted", func(w *wire) {
			w.send(0, Client, seg{flags: syn, opt: o, data: "GET /"})
			w.send(10*ms, Server, seg{flags: synack, ack: 6})
		}, Handshake{SYNs: 1, SYNACKs: 1, FastOpen: FastOpenAccepted}, false, 0, VantageUnknown},
		{"data in the SYN, refused", func(w *wire) {
			w.send(0, Client, seg{flags: syn, opt: o, data: "GET /"})
			w.send(10*ms, Server, seg{flags: synack, ack: 1})
		}, Handshake{SYNs: 1, SYNACKs: 1, FastOpen: FastOpenRefused}, false, 0, VantageUnknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(t, Config{})
			tt.steps(w)
			f := w.only()
			h := f.rec.Handshake
			done := h.Done()
			h.SYN, h.SYNACK, h.ACK = capture.Frame{}, capture.Frame{}, capture.Frame{}
			if h != tt.want || done != tt.done {
				t.Errorf("handshake %+v done %v, want %+v done %v", h, done, tt.want, tt.done)
			}
			if f.rec.RTT() != tt.rtt || f.rec.Vantage() != tt.place {
				t.Errorf("rtt %d at %s, want %d at %s", f.rec.RTT(), f.rec.Vantage(), tt.rtt, tt.place)
			}
		})
	}
}

func TestWindowScale(t *testing.T) {
	scale := func(n uint8) capture.Options { return capture.Options{Set: capture.OptWindowScale, Scale: n} }
	for _, tt := range []struct {
		name           string
		client, server capture.Options
		synack         bool
		window         uint32
	}{
		{"both offer", scale(7), scale(2), true, 1000 << 7},
		{"the server does not", scale(7), capture.Options{}, true, 1000},
		{"the SYN-ACK is not in the capture", scale(7), scale(2), false, 1000},
		{"a scale above 14 counts as 14", scale(20), scale(0), true, 1000 << 14},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(t, Config{})
			w.send(0, Client, seg{flags: syn, opt: tt.client, win: 5000})
			if tt.synack {
				w.send(0, Server, seg{flags: synack, ack: 1, opt: tt.server})
			}
			w.send(0, Client, seg{flags: ack, seq: 1, ack: 1, win: 1000})
			f := w.only()
			if got := f.rec.Flow[Client].Window; got != tt.window || f.rec.ScaleKnown() != tt.synack {
				t.Errorf("window %d, known %v; want %d, %v", got, f.rec.ScaleKnown(), tt.window, tt.synack)
			}
		})
	}
}

func TestTeardown(t *testing.T) {
	for _, tt := range []struct {
		name    string
		steps   func(*wire)
		why     Reason
		side    Side
		ok      bool
		history string
	}{
		{"the client closes", func(w *wire) { w.exchange(); w.wave() }, Closed, Client, true, "ShADdFf"},
		{"the server resets", func(w *wire) {
			w.exchange()
			w.send(ms, Server, seg{flags: rst | ack, seq: 20, ack: 19})
		}, Reset, Server, true, "ShADdr"},
		{"the server closes, the client's answer meets a closed socket", func(w *wire) {
			w.exchange()
			w.send(ms, Server, seg{flags: finack, seq: 20, ack: 19})
			w.send(ms, Client, seg{flags: psh, seq: 19, ack: 21, fill: 10})
			w.send(ms, Server, seg{flags: rst, seq: 21})
		}, Reset, Server, true, "ShADdfr"},
		{"half closed", func(w *wire) {
			w.exchange()
			w.send(ms, Client, seg{flags: finack, seq: 19, ack: 20})
			w.send(ms, Server, seg{flags: ack, seq: 20, ack: 20, fill: 10})
		}, EndOfCapture, Client, true, "ShADdF"},
		{"a stray reset ends nothing", func(w *wire) {
			w.exchange()
			w.send(ms, Server, seg{flags: rst, seq: 1 << 20})
		}, EndOfCapture, Client, false, "ShADd"},
		{"the RST comes behind both FINs", func(w *wire) {
			w.exchange()
			w.wave()
			w.send(ms, Client, seg{flags: rst, seq: 20})
		}, Closed, Client, true, "ShADdFfR"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(t, Config{})
			w.shake()
			tt.steps(w)
			f := w.only()
			side, _, ok := f.rec.Teardown.First()
			if f.why != tt.why || ok != tt.ok || ok && side != tt.side {
				t.Errorf("%s, first %s %v; want %s, %s %v", f.why, side, ok, tt.why, tt.side, tt.ok)
			}
			if h := f.rec.History.String(); h != tt.history {
				t.Errorf("history %s, want %s", h, tt.history)
			}
		})
	}
}
