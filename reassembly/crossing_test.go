package reassembly

import "testing"

// TestCrossing lets a request and the server's FIN pass a capture point near
// the client and one near the server: the order differs, the conclusion does
// not. The other cases are those it must be told from.
func TestCrossing(t *testing.T) {
	request := func(w *wire, acked int) { w.send(ms, Client, seg{flags: psh, seq: 41, ack: acked, data: "second"}) }
	close := func(w *wire, acked int) { w.send(ms, Server, seg{flags: finack, seq: 31, ack: acked}) }
	for _, c := range []struct {
		name string
		play func(*wire)
		want [2]Crossing
	}{
		{"seen near the client", func(w *wire) { request(w, 31); close(w, 41) }, [2]Crossing{Server: Crossed}},
		{"seen near the server", func(w *wire) { close(w, 41); request(w, 31) }, [2]Crossing{Server: Crossed}},
		{"the client knew", func(w *wire) { close(w, 41); request(w, 32) }, [2]Crossing{Server: SentAfter}},
		{"the server had it", func(w *wire) { request(w, 31); close(w, 47) }, [2]Crossing{}},
		{"the server had it, and the capture is out of order", func(w *wire) { close(w, 47); request(w, 31) }, [2]Crossing{}},
		{"no second request", func(w *wire) { close(w, 41); w.send(ms, Client, seg{flags: finack, seq: 41, ack: 32}) }, [2]Crossing{}},
		{"both close at once", func(w *wire) { close(w, 41); w.send(ms, Client, seg{flags: finack, seq: 41, ack: 31}) }, [2]Crossing{Client: CrossedFIN}},
		{"half-closed", func(w *wire) {
			w.send(ms, Client, seg{flags: finack, seq: 41, ack: 31})
			w.send(ms, Server, seg{flags: psh, seq: 31, ack: 42, data: "more"})
		}, [2]Crossing{Client: SentAfter}},
		{"old bytes again", func(w *wire) {
			close(w, 41)
			w.send(300*ms, Client, seg{flags: psh, seq: 1, ack: 31, fill: 40})
		}, [2]Crossing{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWire(t, Config{})
			w.shake()
			w.send(ms, Client, seg{flags: psh, seq: 1, ack: 1, fill: 40})
			w.send(ms, Server, seg{flags: psh, seq: 1, ack: 41, fill: 30})
			c.play(w)
			if got := w.only().rec.Teardown.Crossing; got != c.want {
				t.Errorf("crossing is %v, want %v", got, c.want)
			}
		})
	}
}
