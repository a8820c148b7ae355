package reassembly

import (
	"fmt"
	"slices"
	"testing"
)

// gapsOf are a side's gaps as text: kind, size, offset and proving frame.
func gapsOf(f *followed, side Side) (out []string) {
	for _, g := range f.gaps[side] {
		out = append(out, fmt.Sprintf("%s %d@%d by %d", g.Gap, g.Missing, g.Offset, g.Frame.Number()))
	}
	return out
}

func TestGaps(t *testing.T) {
	for _, tt := range []struct {
		name    string
		steps   func(*wire)
		side    Side
		want    []string
		text    string // what is handed on, gaps as zeros
		caveats Caveats
	}{
		{"repaired: no gap", func(w *wire) {
			w.send(ms, Client, seg{flags: psh, seq: 4, ack: 1, data: "def"})
			w.send(20*ms, Client, seg{flags: psh, seq: 1, ack: 1, data: "abc"})
		}, Client, nil, "abcdef", 0},
		{"acknowledged: the capture missed it", func(w *wire) {
			w.send(ms, Client, seg{flags: psh, seq: 4, ack: 1, data: "def"})
			w.send(ms, Server, seg{flags: ack, seq: 1, ack: 7})
			w.send(2*ms, Client, seg{flags: psh, seq: 7, ack: 1, data: "ghi"})
		}, Client, []string{"capture 3@0 by 6"}, "\x00\x00\x00defghi", CaptureDrops},
		{"a request that was missed is out of the way before its response", func(w *wire) {
			w.send(ms, Server, seg{flags: psh, seq: 1, ack: 4, data: "response"})
			told := &w.log.at(w.log.conn).bytes
			if gap, n := len(told[Client]), len(told[Server]); gap != 0 || n != 0 {
				w.t.Errorf("%d bytes of the gap and %d of the response were told of at once", gap, n)
			}
			w.send(2*ms, Client, seg{flags: ack, seq: 4, ack: 9})
			if gap, n := len(told[Client]), len(told[Server]); gap != 3 || n != 8 {
				w.t.Errorf("%d bytes of the gap and %d of the response were told of in the end", gap, n)
			}
		}, Client, []string{"capture 3@0 by 4"}, "\x00\x00\x00", CaptureDrops},
		{"a request that was missed, and its response is long", func(w *wire) {
			for i := range 4 {
				w.send(40*ms, Server, seg{flags: psh, seq: 1 + 8*i, ack: 4, data: "response"})
			}
			if gap, n := len(w.log.at(w.log.conn).bytes[Client]), len(w.log.at(w.log.conn).bytes[Server]); gap != 3 || n != 32 {
				w.t.Errorf("%d bytes of the gap and %d of the response were told of", gap, n)
			}
		}, Client, []string{"capture 3@0 by 4"}, "\x00\x00\x00", CaptureDrops},
		{"a response and its FIN a moment before the request", func(w *wire) {
			w.send(ms, Server, seg{flags: psh, seq: 1, ack: 4, data: "response"})
			w.send(us, Server, seg{flags: finack, seq: 9, ack: 4})
			told := w.log.at(w.log.conn)
			if n := len(told.bytes[Server]); n != 0 || told.fins[Server] != 0 {
				w.t.Errorf("%d bytes of the response were told of before the request was seen", n)
			}
			w.send(200*us, Client, seg{flags: psh, seq: 1, ack: 1, data: "abc"})
			if n := len(told.bytes[Server]); n != 8 || told.fins[Server] != 1 {
				w.t.Errorf("%d bytes of the response were told of", n)
			}
		}, Client, nil, "abc", Misordered},
		{"a response in pieces before a request in pieces, repeated", func(w *wire) {
			w.send(ms, Server, seg{flags: psh, seq: 1, ack: 7, data: "resp"})
			w.send(us, Server, seg{flags: psh, seq: 3, ack: 7, data: "sponse"})
			w.send(us, Client, seg{flags: psh, seq: 4, ack: 1, data: "def"})
			w.send(us, Client, seg{flags: psh, seq: 1, ack: 1, data: "abcd"})
			if text := string(w.log.at(w.log.conn).bytes[Server]); text != "response" {
				w.t.Errorf("the response is %q", text)
			}
		}, Client, nil, "abcdef", Misordered},
		{"a request, its response, and the client went on", func(w *wire) {
			w.send(ms, Server, seg{flags: psh, seq: 1, ack: 4, data: "response"})
			w.send(us, Client, seg{flags: psh, seq: 4, ack: 9, data: "next"})
			if n := len(w.log.at(w.log.conn).bytes[Server]); n != 8 {
				w.t.Errorf("%d bytes of the response were told of when the client had them", n)
			}
		}, Client, []string{"capture 3@0 by 4"}, "\x00\x00\x00next", CaptureDrops},
		{"a request and its response, and then the next of both", func(w *wire) {
			w.send(ms, Client, seg{flags: ack, seq: 4, ack: 5})
			w.send(us, Client, seg{flags: psh, seq: 4, ack: 5, data: "next"})
			w.send(10*ms, Server, seg{flags: psh, seq: 5, ack: 8, data: "answer"})
			told := &w.log.at(w.log.conn).bytes
			if request, response := len(told[Client]), len(told[Server]); response > 4 && request < 7 {
				w.t.Errorf("%d bytes were told of behind the hole before the request they answer", response)
			}
			w.send(10*ms, Client, seg{flags: ack, seq: 8, ack: 11})
			if request, response := len(told[Client]), len(told[Server]); request != 7 || response != 10 {
				w.t.Errorf("%d bytes of requests were told of and %d of responses", request, response)
			}
		}, Client, []string{"capture 3@0 by 6"}, "\x00\x00\x00next", CaptureDrops},
		{"acknowledged a moment before it is seen", func(w *wire) {
			w.send(ms, Server, seg{flags: ack, seq: 1, ack: 4})
			w.send(ms, Client, seg{flags: psh, seq: 1, ack: 1, data: "abc"})
		}, Client, nil, "abc", 0},
		{"acknowledged long before it is seen, and nothing between", func(w *wire) {
			w.send(ms, Server, seg{flags: ack, seq: 1, ack: 4})
			w.send(50*ms, Client, seg{flags: psh, seq: 1, ack: 1, data: "abc"})
		}, Client, nil, "abc", 0},
		{"acknowledged long before it is seen, too late", func(w *wire) {
			w.send(ms, Server, seg{flags: ack, seq: 1, ack: 4})
			w.send(50*ms, Client, seg{flags: ack, seq: 4, ack: 1})
			w.send(ms, Client, seg{flags: psh, seq: 1, ack: 1, data: "abc"})
		}, Client, []string{"capture 3@0 by 5"}, "\x00\x00\x00", CaptureDrops},
		{"never acknowledged, never repaired", func(w *wire) {
			w.send(ms, Client, seg{flags: psh, seq: 4, ack: 1, data: "def"})
		}, Client, []string{"unproven 3@0 by 4"}, "\x00\x00\x00def", 0},
		{"two holes, one acknowledged", func(w *wire) {
			w.send(ms, Client, seg{flags: psh, seq: 4, ack: 1, data: "def"})
			w.send(ms, Client, seg{flags: psh, seq: 10, ack: 1, data: "jkl"})
			w.send(ms, Server, seg{flags: ack, seq: 1, ack: 7})
			w.send(2*ms, Server, seg{flags: ack, seq: 1, ack: 7})
			w.send(20*ms, Client, seg{flags: psh, seq: 7, ack: 1, data: "ghi"})
		}, Client, []string{"capture 3@0 by 7"}, "\x00\x00\x00defghijkl", CaptureDrops},
		{"cut by the snap length", func(w *wire) {
			w.send(ms, Client, seg{flags: psh, seq: 1, ack: 1, data: "abcdef", keep: 2})
			w.send(ms, Client, seg{flags: psh, seq: 7, ack: 1, data: "ghi"})
		}, Client, []string{"snaplen 4@2 by 4"}, "ab\x00\x00\x00\x00ghi", SnaplenCut},
		{"cut to nothing, and out of order", func(w *wire) {
			w.send(ms, Client, seg{flags: psh, seq: 4, ack: 1, data: "def", keep: -1})
			w.send(ms, Client, seg{flags: psh, seq: 1, ack: 1, data: "abc", keep: 1})
		}, Client, []string{"snaplen 2@1 by 5", "snaplen 3@3 by 4"}, "a\x00\x00\x00\x00\x00", SnaplenCut},
		{"the FIN shows what is missing before it", func(w *wire) {
			w.send(ms, Client, seg{flags: finack, seq: 4, ack: 1})
		}, Client, []string{"unproven 3@0 by 4"}, "\x00\x00\x00", 0},
		{"an overlap: what came first counts", func(w *wire) {
			w.send(ms, Client, seg{flags: psh, seq: 1, ack: 1, data: "abcd"})
			w.send(20*ms, Client, seg{flags: psh, seq: 3, ack: 1, data: "XXef"})
		}, Client, nil, "abcdef", 0},
		{"an overlap behind a hole", func(w *wire) {
			w.send(ms, Client, seg{flags: psh, seq: 3, ack: 1, data: "cd"})
			w.send(ms, Client, seg{flags: psh, seq: 7, ack: 1, data: "gh"})
			w.send(20*ms, Client, seg{flags: psh, seq: 2, ack: 1, data: "bXXefXXi"})
			w.send(20*ms, Client, seg{flags: psh, seq: 1, ack: 1, data: "aXXX"})
		}, Client, nil, "abcdefghi", 0},
		{"data in the SYN", func(w *wire) {
			w.ends[Client] = end("10.0.0.3:40003")
			w.send(ms, Client, seg{flags: syn, data: "abc"})
			w.send(ms, Server, seg{flags: synack, ack: 4, data: "xyz"})
			w.send(ms, Client, seg{flags: ack, seq: 4, ack: 4, data: "def"})
		}, Client, nil, "abcdef", 0},
		{"the start of a capture is no gap", func(w *wire) {
			w.ends[Client] = end("10.0.0.3:40003")
			w.send(ms, Server, seg{flags: ack, seq: 1, ack: 100})
			w.send(ms, Client, seg{flags: psh, seq: 5000, ack: 1, data: "abc"}) // 4,900 bytes were under way before
			w.send(ms, Server, seg{flags: ack, seq: 1, ack: 3000})
			w.send(ms, Server, seg{flags: ack, seq: 1, ack: 5003})
			w.send(ms, Client, seg{flags: psh, seq: 5003, ack: 1, data: "def"})
		}, Client, nil, "abcdef", MidConnection},
		{"one direction: nothing proves a gap", func(w *wire) {
			w.ends[Client] = end("10.0.0.3:40003")
			for i := range 5 {
				w.send(2*ms, Server, seg{flags: psh, seq: 1 + 10*i, ack: 100 * i, data: "0123456789"})
			}
		}, Server, nil, "01234567890123456789012345678901234567890123456789", MidConnection | OneDirection},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(t, Config{})
			w.shake()
			tt.steps(w)
			fs := w.finish()
			f := fs[len(fs)-1]
			got := gapsOf(f, tt.side)
			if !slices.Equal(got, tt.want) {
				t.Errorf("gaps %q, want %q", got, tt.want)
			}
			if s := string(f.bytes[tt.side]); s != tt.text {
				t.Errorf("stream %q, want %q", s, tt.text)
			}
			if f.rec.Caveats != tt.caveats {
				t.Errorf("caveats %v, want %v", f.rec.Caveats.Names(), tt.caveats.Names())
			}
		})
	}
}

// The FIN comes last in the stream, once, whatever the order of the packets.
func TestFINIsLast(t *testing.T) {
	w := newWire(t, Config{})
	w.shake()
	w.send(ms, Client, seg{flags: finack, seq: 4, ack: 1, data: "def"})
	if f := w.log.at(w.log.conn); f.fins[Client] != 0 {
		t.Error("the FIN was told before the bytes in front of it")
	}
	w.send(ms, Client, seg{flags: psh, seq: 1, ack: 1, data: "abc"})
	w.send(300*ms, Client, seg{flags: finack, seq: 4, ack: 1, data: "def"})
	f := w.only()
	if f.fins[Client] != 1 || string(f.bytes[Client]) != "abcdef" {
		t.Errorf("%d FINs, %q", f.fins[Client], f.bytes[Client])
	}
}

// Copies of most packets mean a mirror port; a copy now and then does not.
func TestDuplicatedCaveat(t *testing.T) {
	for _, every := range []int{1, 20} {
		w := newWire(t, Config{})
		w.shake()
		for i := range 100 {
			g := seg{flags: psh, seq: 1 + 10*i, ack: 1, fill: 10, ipid: 1000 + i}
			w.send(ms, Client, g)
			if i%every == 0 {
				w.send(us, Client, g)
			}
		}
		if got := w.only().rec.Caveats&Duplicated != 0; got != (every == 1) {
			t.Errorf("every %dth packet twice: caveat %v", every, got)
		}
	}
}

// A download of which only one direction was captured goes round the sequence
// space: what nobody was seen to acknowledge must not fall behind by half of
// it, or the reset at the end would look out of place.
func TestOneDirectionOverTheWrap(t *testing.T) {
	for _, acks := range []bool{false, true} {
		w := newWire(t, Config{})
		step := 1 << 29 // no constant: where int has 32 bits, multiples wrap as sequence numbers do
		w.send(0, map[bool]Side{false: Server, true: Client}[acks], seg{flags: ack, seq: 0, ack: 1, fill: 1})
		for i := range 20 {
			if acks {
				w.send(ms, Client, seg{flags: ack, seq: 1, ack: 1 + i*step})
			} else {
				w.send(ms, Server, seg{flags: ack, seq: 1 + i*step, ack: 1, fill: 100, long: step})
			}
		}
		side := Server
		if acks {
			side = Client
		}
		w.send(ms, side, seg{flags: rst, seq: map[bool]int{false: 20*step + 1, true: 1}[acks]})
		f := w.only()
		if f.why != Reset || f.events[side]&(Stray|OutOfWindowReset) != 0 {
			t.Errorf("ACKs %v: %v, events %b", acks, f, f.events[side])
		}
		acked := 0
		for _, r := range f.seen {
			acked += r.Acked
		}
		if acks && acked != 19*step {
			t.Errorf("%d bytes acknowledged", acked)
		}
		if fl := f.rec.Flow[Server]; !acks && fl.Bytes != 20*uint64(step)+1 {
			t.Errorf("%d bytes", fl.Bytes)
		}
	}
}

// Whoever is silent from a hole in the capture on may have been heard in it, be
// it known to the source or shown by another connection; not who had closed, goes
// on, or came later.
func TestSilentFromAHoleOn(t *testing.T) {
	for name, hole := range map[string]func(*wire){
		"known": func(w *wire) { w.tr.Hole() },
		"shown": func(w *wire) {
			w.ends[Client] = end("10.0.0.9:40009")
			w.shake()
			w.send(ms, Server, seg{flags: ack, seq: 1, ack: 4})
			w.send(2*ms, Client, seg{flags: ack, seq: 4, ack: 1})
		},
		"none": func(*wire) {},
	} {
		w := newWire(t, Config{})
		client := func(n int) { w.ends[Client] = end(fmt.Sprintf("10.0.0.%d:40000", n)) }
		for n := 1; n <= 3; n++ { // the first will be silent, the second closes, the third goes on
			client(n)
			w.shake()
		}
		client(2)
		w.send(ms, Client, seg{flags: finack, seq: 1, ack: 1})
		w.send(ms, Server, seg{flags: finack, seq: 1, ack: 2})
		w.send(ms, Client, seg{flags: ack, seq: 2, ack: 2})
		hole(w)
		client(3)
		w.send(ms, Client, seg{flags: psh, seq: 1, ack: 1, data: "abc"})
		client(4)
		w.shake()
		for _, f := range w.finish() {
			who := f.rec.Ends[Client].String()
			want := name != "none" && who == "10.0.0.1:40000" || who == "10.0.0.9:40009"
			if got := f.rec.Caveats&CaptureDrops != 0; got != want {
				t.Errorf("%s: %s has the caveat: %v", name, who, got)
			}
		}
	}
}
