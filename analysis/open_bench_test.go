package analysis_test

import (
	"testing"

	"connlint/analysis"
	"connlint/capture"
)

// BenchmarkOpenConnections says what an open connection takes in memory, by how
// far it has come: 100,000 of each, under the program's own limits.
func BenchmarkOpenConnections(b *testing.B) {
	texts := bytesOf(get, ok2, "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\nok", "GET /a HT", "GET /a HTTP/1.1\r\nHost: h\r\n",
		"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", "\x16\x03\x03\x00\x05\x02\x00\x00\x01\x00", "\x17\x03\x03\x00\x02ab")
	for _, state := range []struct {
		name  string
		steps int // behind the handshake; -2: the SYN alone
		one   func(w *wire, conn, step int, s *capture.Segment)
	}{
		{"syn", -2, nil},
		{"handshake", 0, nil},
		{"request-line-begun", 1, func(w *wire, conn, _ int, s *capture.Segment) { w.say(s, conn, 0, false, texts[3]) }},
		{"head-begun", 1, func(w *wire, conn, _ int, s *capture.Segment) { w.say(s, conn, 0, false, texts[4]) }},
		{"request", 1, func(w *wire, conn, _ int, s *capture.Segment) { w.say(s, conn, 0, false, texts[0]) }},
		{"request-acknowledged", 2, func(w *wire, conn, step int, s *capture.Segment) {
			w.say(s, conn, step, false, texts[0][:len(texts[0])*(1-step)])
		}},
		{"response-begun", 2, func(w *wire, conn, step int, s *capture.Segment) { w.say(s, conn, step, false, texts[2*step]) }},
		{"idle", 3, func(w *wire, conn, step int, s *capture.Segment) {
			text := []byte(nil)
			if step < 2 {
				text = texts[step]
			}
			w.say(s, conn, step%2, false, text)
		}},
		{"hole", 1, func(w *wire, conn, _ int, s *capture.Segment) {
			w.packet(s, conn, 0, capture.ACK, 5, 1, texts[0])
		}},
		{"tls-turn", 4, func(w *wire, conn, step int, s *capture.Segment) {
			w.say(s, conn, step%2, false, texts[5+min(step, 2)])
		}},
	} {
		b.Run(state.name, func(b *testing.B) { openConnections(b, state.steps, state.one) })
	}
}

func openConnections(b *testing.B, steps int, one func(w *wire, conn, step int, s *capture.Segment)) {
	const n = 100_000
	var bytes int64
	for b.Loop() {
		w := newWire()
		w.clients = oneHost
		a := attack{start: segments(func() func(int, *capture.Segment) {
			return func(i int, s *capture.Segment) {
				if conn, step := i/(3+steps), i%(3+steps); step < 3 {
					w.dial(s, conn, step)
				} else {
					one(w, conn, step-3, s)
					if step == 2+steps {
						w.over(conn)
					}
				}
			}
		})}
		bytes = a.run(b, n*(3+steps), analysis.Limits{}).live
	}
	b.ReportMetric(float64(bytes)/n, "B/connection")
}
