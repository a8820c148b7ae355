package analysis_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	"connlint/capture"
)

// attack is one flood.
type attack struct {
	name    string
	packets int
	start   stream
	given   func(*cost) uint64 // what it must have made the program give up; nil: nothing
}

func connectionsEvicted(c *cost) uint64 { return c.counts.Connections.Evicted }
func pairsEvicted(c *cost) uint64       { return c.counts.Timeline.PairsEvicted }
func hostsEvicted(c *cost) uint64       { return c.counts.Timeline.HostsEvicted }
func holesGiven(c *cost) uint64         { return c.counts.Connections.HolesGiven }
func limitReached(c *cost) uint64       { return c.sum.Caveats["limit-reached"] }

// bytesOf are texts as a flood sends them again and again.
func bytesOf(texts ...string) [][]byte {
	var all [][]byte
	for _, t := range texts {
		all = append(all, []byte(t))
	}
	return all
}

const get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
const ok2 = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

func attacks() []attack {
	var all []attack
	for _, some := range [][]attack{handshakes(), orders(), messageFloods(), sealedFloods(), games(), habitsFloods(), fragmentFloods()} {
		all = append(all, some...)
	}
	return all
}

// each has the connections come one behind the other, steps packets each.
func each(steps int, one func(w *wire, conn, step int, s *capture.Segment)) segments {
	return func() func(int, *capture.Segment) {
		w := newWire()
		return func(i int, s *capture.Segment) {
			one(w, i/steps, i%steps, s)
			if i%steps == steps-1 {
				w.over(i / steps)
			}
		}
	}
}

// shaken is a connection that dials first; step counts from 0 behind that.
func shaken(conns int, one func(w *wire, conn, step int, s *capture.Segment)) segments {
	return func() func(int, *capture.Segment) {
		w := newWire()
		w.clients = oneHost
		return func(i int, s *capture.Segment) {
			conn, step := i%conns, i/conns
			if step < 3 {
				w.dial(s, conn, step)
				return
			}
			one(w, conn, step-3, s)
		}
	}
}

// endless is one text of one side, then another again and again.
func endless(conns, side int, first, rest string) segments {
	texts := bytesOf(get, first, rest)
	return shaken(conns, func(w *wire, conn, step int, s *capture.Segment) {
		switch {
		case step == 0 && side == 1:
			w.say(s, conn, 0, false, texts[0])
		case step <= side:
			w.say(s, conn, side, false, texts[1])
		default:
			w.say(s, conn, side, false, texts[2])
		}
	})
}

// handshakes are floods of connections.
func handshakes() []attack {
	request := []byte(get)
	return []attack{
		{"syn-flood", 15_000, each(1, func(w *wire, conn, _ int, s *capture.Segment) { w.dial(s, conn, 0) }), connectionsEvicted},
		{"syn-flood-one-source", 15_000, each(1, func(w *wire, conn, _ int, s *capture.Segment) {
			w.clients = oneHost
			w.dial(s, conn, 0)
		}), connectionsEvicted},
		{"syn-flood-answered", 15_000, each(4, func(w *wire, conn, step int, s *capture.Segment) { w.dial(s, conn, min(step, 1)) }), connectionsEvicted},
		{"connection-flood", 15_000, each(3, func(w *wire, conn, step int, s *capture.Segment) { w.dial(s, conn, step) }), connectionsEvicted},
		{"request-flood", 15_000, each(4, func(w *wire, conn, step int, s *capture.Segment) {
			if step < 3 {
				w.dial(s, conn, step)
				return
			}
			w.say(s, conn, 0, false, request)
		}), connectionsEvicted},
		{"half-open-data", 10_000, each(1, func(w *wire, conn, _ int, s *capture.Segment) { w.say(s, conn, 0, false, request) }), connectionsEvicted},
		{"half-open-garbage", 10_000, each(1, func(w *wire, conn, _ int, s *capture.Segment) {
			w.say(s, conn, 0, false, []byte("\x00\xff garbage")[:1+conn%9])
		}), connectionsEvicted},
		{"many-servers", 15_000, each(5, func(w *wire, conn, step int, s *capture.Segment) {
			w.clients, w.servers = oneHost, manyHosts
			exchange(w, conn, step, s)
		}), pairsEvicted},
		{"many-hosts", 15_000, each(7, exchange), hostsEvicted},
		{"refused", 15_000, each(2, func(w *wire, conn, step int, s *capture.Segment) {
			if step == 0 {
				w.dial(s, conn, 0)
				return
			}
			w.packet(s, conn, 1, capture.RST|capture.ACK, 0, 1, nil)
		}), pairsEvicted},
		{"ports-again", 15_000, each(7, func(w *wire, conn, step int, s *capture.Segment) {
			w.clients = func(int) capture.Endpoint { return oneHost(1) }
			exchange(w, conn, step, s)
		}), nil},
	}
}

// exchange is a whole short connection in seven packets.
func exchange(w *wire, conn, step int, s *capture.Segment) {
	switch step {
	case 0, 1, 2:
		w.dial(s, conn, step)
	case 3:
		w.say(s, conn, 0, false, []byte(get))
	case 4:
		w.say(s, conn, 1, false, []byte(ok2))
	default:
		w.packet(s, conn, step-5, capture.FIN|capture.ACK, uint32([2]int{1 + len(get), 1 + len(ok2)}[step-5]), uint32([2]int{1 + len(ok2), 2 + len(get)}[step-5]), nil)
	}
}

// orders are floods out of order, of repetitions and of overlaps.
func orders() []attack {
	byte1, kilo := []byte("x"), bytes.Repeat([]byte("y"), 1460)
	head := []byte("GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4000000000\r\n\r\n")
	upload := func(conns int, one func(w *wire, conn, step int, s *capture.Segment)) segments {
		return shaken(conns, func(w *wire, conn, step int, s *capture.Segment) {
			if step == 0 {
				w.say(s, conn, 0, false, head)
				return
			}
			one(w, conn, step-1, s)
		})
	}
	at := uint32(1 + len(head))
	send := func(w *wire, conn int, off int, text []byte, s *capture.Segment) {
		w.packet(s, conn, 0, capture.ACK, at+uint32(off), 1, text)
	}
	return []attack{
		{"holes", 15_000, upload(1, func(w *wire, conn, step int, s *capture.Segment) { send(w, conn, 2+2*step, byte1, s) }), holesGiven},
		{"holes-backwards", 15_000, upload(1, func(w *wire, conn, step int, s *capture.Segment) {
			send(w, conn, step/5000*20000+2*(5000-step%5000), byte1, s)
		}), holesGiven},
		{"holes-random", 15_000, upload(1, func(w *wire, conn, step int, s *capture.Segment) {
			send(w, conn, 1+w.random.IntN(1<<20), byte1, s)
		}), holesGiven},
		{"holes-many-connections", 15_000, upload(500, func(w *wire, conn, step int, s *capture.Segment) { send(w, conn, 2+2*step, byte1, s) }), holesGiven},
		{"one-byte-segments", 15_000, upload(1, func(w *wire, conn, step int, s *capture.Segment) { send(w, conn, step, byte1, s) }), nil},
		{"overlaps", 15_000, upload(1, func(w *wire, conn, step int, s *capture.Segment) {
			send(w, conn, 1+step/3+w.random.IntN(5000), kilo[:1+w.random.IntN(1460)], s)
		}), nil},
		{"repeated-1000-times", 15_000, upload(1, func(w *wire, conn, step int, s *capture.Segment) { send(w, conn, step/1000*1460, kilo, s) }), nil},
		{"flight-repeated", 15_000, upload(1, func(w *wire, conn, step int, s *capture.Segment) { send(w, conn, step%8000, byte1, s) }), nil},
		{"flight-end-repeated", 15_000, upload(1, func(w *wire, conn, step int, s *capture.Segment) { send(w, conn, min(step, 8000), byte1, s) }), nil},
		{"acked-late", 15_000, upload(1, func(w *wire, conn, step int, s *capture.Segment) {
			if step%8000 == 7999 {
				w.packet(s, conn, 1, capture.ACK, 1, at+uint32(step)*1460, nil)
				return
			}
			send(w, conn, step*1460, kilo, s)
		}), nil},
	}
}

// messageFloods are floods of HTTP.
func messageFloods() []attack {
	fields := strings.Repeat("A: b\r\n", 2000)
	two := bytesOf(get, ok2)
	return []attack{
		{"endless-head", 7_500, endless(1, 0, "GET /a HTTP/1.1\r\n", strings.Repeat("X-Header: value\r\n", 50)), nil},
		{"endless-start-line", 7_500, endless(1, 0, "GET /", strings.Repeat("a", 1000)), nil},
		{"endless-value", 7_500, endless(1, 0, "GET / HTTP/1.1\r\nA: ", strings.Repeat("a", 1000)), nil},
		{"heads-in-many-connections", 10_000, endless(1000, 0, "GET /a HTTP/1.1\r\n", strings.Repeat("X-Header: value\r\n", 80)), limitReached},
		{"many-fields", 750, shaken(1, func() func(w *wire, conn, step int, s *capture.Segment) {
			texts := bytesOf("GET /a HTTP/1.1\r\nHost: h\r\n"+fields+"\r\n", ok2)
			return func(w *wire, conn, step int, s *capture.Segment) { w.say(s, conn, step%2, false, texts[step%2]) }
		}()), limitReached},
		{"folded-fields", 750, endless(1, 0, "GET /a HTTP/1.1\r\nA: b\r\n", strings.Repeat(" c\r\n", 300)), nil},
		{"exchanges", 10_000, shaken(1, func(w *wire, conn, step int, s *capture.Segment) { w.say(s, conn, step%2, false, two[step%2]) }), nil},
		{"pipeline", 10_000, endless(1, 0, get, get), nil},
		{"pipeline-many-a-segment", 1_250, endless(1, 0, get, strings.Repeat(get, 40)), nil},
		{"pipelines", 10_000, endless(500, 0, get, get), nil},
		{"pipelines-many-a-segment", 5_000, endless(500, 0, get, strings.Repeat("GET / HTTP/1.1\r\n\r\n", 50)), nil},
		{"responses-never-acknowledged", 5_000, shaken(500, func(w *wire, conn, step int, s *capture.Segment) {
			w.say(s, conn, step%2, true, bytes.Repeat(two[step%2], 20))
		}), nil},
		{"unasked-responses", 10_000, endless(1, 1, ok2, ok2), nil},
		{"interim-responses", 10_000, endless(1, 1, "HTTP/1.1 100 Continue\r\n\r\n", strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 5)), nil},
		{"interim-responses-many", 10_000, endless(500, 1, "HTTP/1.1 100 Continue\r\n\r\n", strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 5)), nil},
		{"one-byte-chunks", 5_000, endless(1, 1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", strings.Repeat("1\r\na\r\n", 100)), nil},
		{"chunk-extensions", 5_000, endless(1, 1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5", ";"+strings.Repeat("e=v;", 300)), nil},
		{"chunk-zeros", 5_000, endless(1, 1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", strings.Repeat("0", 1000)), nil},
		{"trailers", 5_000, endless(1, 1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", strings.Repeat("T: v\r\n", 200)), nil},
		{"line-ends", 5_000, endless(1, 0, "\r\n", strings.Repeat("\r\n", 700)), nil},
		{"surplus", 5_000, endless(1, 1, ok2, "surplus"+strings.Repeat("H", 1000)), nil},
		{"surplus-status-lines", 5_000, endless(1, 1, ok2, "x"+strings.Repeat("HTTP/1.", 200)), nil},
	}
}

// sealedFloods are of TLS, PROXY headers and what follows an upgrade.
func sealedFloods() []attack {
	hello := "\x16\x03\x01\x02\x00\x01\x00\xff\xff\x03\x03" + strings.Repeat("r", 500)
	upgrade := "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
	switched := "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
	texts := bytesOf(upgrade, switched, "a", "bc", "PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n",
		"\x16\x03\x03\x00\x04\x02\x00\x00\x00", "\x17\x03\x03\x00\x02ab", "CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n")
	return []attack{
		{"tls-client-hellos", 10_000, endless(1000, 0, hello, "\x16\x03\x01\x02\x00"+strings.Repeat("r", 512)), nil},
		{"tls-empty-records", 5_000, endless(1, 0, hello[:5]+strings.Repeat("r", 512), strings.Repeat("\x17\x03\x03\x00\x00", 200)), nil},
		{"tls-turns", 10_000, shaken(1, func(w *wire, conn, step int, s *capture.Segment) {
			switch step {
			case 0:
				w.say(s, conn, 0, false, []byte(hello))
			case 1:
				w.say(s, conn, 1, false, texts[5])
			default:
				w.say(s, conn, step%2, false, texts[6])
			}
		}), nil},
		{"tls-record-by-byte", 5_000, endless(1, 0, "\x16", "\x03\x03\x03"), nil},
		{"proxy-headers", 10_000, endless(1, 0, string(texts[4]), string(texts[4])), nil},
		{"proxy-headers-many", 10_000, each(4, func(w *wire, conn, step int, s *capture.Segment) {
			if step < 3 {
				w.dial(s, conn, step)
				return
			}
			w.say(s, conn, 0, false, texts[4])
		}), connectionsEvicted},
		{"proxy-v2-endless", 5_000, endless(1, 0, "\r\n\r\n\x00\r\nQUIT\n\x21\x11\xff\xff", strings.Repeat("z", 1000)), nil},
		{"websocket-stalls", 10_000, shaken(1, func(w *wire, conn, step int, s *capture.Segment) {
			s.Time = floodStart + int64(step)*50e6
			switch {
			case step < 2:
				w.say(s, conn, step, false, texts[step])
			case step%4 == 3:
				w.say(s, conn, 1, false, nil)
			default:
				w.say(s, conn, 0, step%4 != 0, texts[2+step%2])
			}
		}), nil},
		{"tunnel", 10_000, shaken(500, func(w *wire, conn, step int, s *capture.Segment) {
			if step < 2 {
				w.say(s, conn, step, false, texts[7+step])
				return
			}
			w.say(s, conn, step%2, step%3 == 0, texts[2])
		}), nil},
		{"http2-preface", 10_000, endless(500, 0, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x00\x00\x00\x04\x00\x00\x00\x00\x00"), nil},
	}
}

// games are packets whose numbers and times are not to be believed.
func games() []attack {
	x := []byte("GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
	wild := func(w *wire, conn int, s *capture.Segment) {
		flags := capture.Flags(w.random.Uint32())
		if w.random.IntN(4) > 0 {
			flags = capture.ACK
		}
		w.packet(s, conn, w.random.IntN(2), flags, w.random.Uint32(), w.random.Uint32(), x[:w.random.IntN(len(x))])
		s.Window = uint16(w.random.Uint32())
	}
	clock := func(at func(w *wire, i int) int64) segments {
		return func() func(int, *capture.Segment) {
			w, i := newWire(), 0
			steps := each(7, exchange)()
			return func(n int, s *capture.Segment) {
				steps(n, s)
				i++
				s.Time = at(w, n)
			}
		}
	}
	const day = int64(24 * 3600e9)
	return []attack{
		{"numbers-random", 10_000, shaken(1, func(w *wire, conn, _ int, s *capture.Segment) { wild(w, conn, s) }), nil},
		{"numbers-random-many", 10_000, shaken(500, func(w *wire, conn, _ int, s *capture.Segment) { wild(w, conn, s) }), nil},
		{"half-space-jumps", 10_000, shaken(1, func(w *wire, conn, step int, s *capture.Segment) {
			w.packet(s, conn, 0, capture.ACK, uint32(step)<<31, 1, x)
		}), nil},
		{"wraps", 10_000, shaken(1, func(w *wire, conn, step int, s *capture.Segment) {
			w.packet(s, conn, 0, capture.ACK, uint32(step)*1e9, 1, x)
		}), nil},
		{"far-acks", 10_000, shaken(1, func(w *wire, conn, step int, s *capture.Segment) {
			w.packet(s, conn, step%2, capture.ACK, 1+uint32(step), uint32(step)*1e8, x[:1])
		}), nil},
		{"resets-out-of-window", 10_000, shaken(1, func(w *wire, conn, step int, s *capture.Segment) {
			w.packet(s, conn, step%2, capture.RST|capture.FIN&capture.Flags(step), w.random.Uint32(), 0, nil)
		}), nil},
		{"fins-out-of-window", 10_000, shaken(1, func(w *wire, conn, step int, s *capture.Segment) {
			w.packet(s, conn, step%2, capture.FIN|capture.ACK, w.random.Uint32(), 1, nil)
		}), nil},
		{"syns-on-one-connection", 10_000, shaken(1, func(w *wire, conn, step int, s *capture.Segment) {
			w.packet(s, conn, step%2, capture.SYN|capture.ACK&capture.Flags(step*8), w.random.Uint32(), w.random.Uint32(), nil)
		}), nil},
		{"windows-0-and-1", 10_000, shaken(1, func(w *wire, conn, step int, s *capture.Segment) {
			if step%2 == 0 {
				w.say(s, conn, 0, false, x[step%7:1+step%7])
				return
			}
			w.say(s, conn, 1, false, nil)
			s.Window = uint16(step / 2 % 2)
		}), nil},
		{"timestamps-random", 10_000, shaken(1, func(w *wire, conn, step int, s *capture.Segment) {
			w.say(s, conn, step%2, false, x[:step%5])
			s.Options = capture.Options{Set: capture.OptTimestamps | capture.OptSACK, TSVal: w.random.Uint32(), TSEcr: w.random.Uint32(), SACKBlocks: 4}
			for i := range s.Options.SACK {
				s.Options.SACK[i] = capture.Block{Left: capture.Seq(w.random.Uint32()), Right: capture.Seq(w.random.Uint32())}
			}
		}), nil},
		{"clock-backwards", 10_000, clock(func(_ *wire, i int) int64 { return floodStart - int64(i)*1e6 }), nil},
		{"clock-hours", 10_000, clock(func(_ *wire, i int) int64 { return floodStart + int64(i)*23*3600e9 }), nil},
		{"clock-years", 10_000, clock(func(w *wire, _ int) int64 { return floodStart + (w.random.Int64N(40)-20)*365*day }), nil},
		{"clock-any", 10_000, clock(func(w *wire, _ int) int64 { return int64(w.random.Uint64()) }), nil},
		{"clock-ends", 10_000, clock(func(w *wire, i int) int64 {
			return []int64{math.MaxInt64, math.MinInt64, 1, -1, floodStart}[w.random.IntN(5)]
		}), nil},
		{"clock-future-then-dials", 10_000, segments(func() func(int, *capture.Segment) {
			// Every connection heard of last in a time nobody believes: who is
			// longest silent?
			w := newWire()
			return func(i int, s *capture.Segment) {
				w.dial(s, i/4, min(i%4, 2))
				if i%4 == 3 {
					s.Time = floodStart + 100*day
				}
			}
		}), connectionsEvicted},
		{"clock-future-then-quarters", 10_000, segments(func() func(int, *capture.Segment) {
			w := newWire()
			return func(i int, s *capture.Segment) {
				switch conn := i / 4; {
				case conn < 500:
					w.dial(s, conn, min(i%4, 2))
					if i%4 == 3 {
						s.Time = floodStart + 20*365*day
					}
				default:
					w.packet(s, 1<<20, i%2, capture.ACK, 1, 1, nil)
					s.Time = floodStart + 2000*1e5 + int64(i-2000)*1000e9
				}
			}
		}), nil},
	}
}

// habitsFloods are connections that give the rules something to remember.
func habitsFloods() []attack {
	words := bytesOf(get, ok2, "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5, max=2\r\nContent-Length: 0\r\n\r\n",
		"GET /c HTTP/1.1\r\nHost: h\r\nConnection: close, x\r\nExpect: 100-continue\r\nProxy-Connection: keep-alive\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n3\r\nabc\r\n0\r\n\r\nsurplus",
		get+get+get, "HTTP/1.1 304 Not Modified\r\nVia: 1.1 p\r\n\r\n", ok2+ok2)
	random := func(conns, apart int, hosts func(int) capture.Endpoint, servers func(int) capture.Endpoint) segments {
		return func() func(int, *capture.Segment) {
			w := newWire()
			w.clients = hosts
			if servers != nil {
				w.servers = servers
			}
			const steps = 12
			return func(i int, s *capture.Segment) {
				conn, step := i/(steps*conns)*conns+i%conns, i/conns%steps
				s.Time = floodStart + int64(i)*int64(apart)
				switch n := w.random.IntN(20); {
				case step < 3:
					w.dial(s, conn, step)
				case step == steps-1 || n == 0:
					w.say(s, conn, n%2, false, nil)
					s.Flags |= [...]capture.Flags{capture.FIN, capture.RST}[w.random.IntN(2)]
					if step == steps-1 {
						w.over(conn)
					}
				default:
					w.say(s, conn, w.random.IntN(2), n == 1, words[w.random.IntN(len(words))])
				}
			}
		}
	}
	failed := bytesOf("GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
	return []attack{
		{"habits-one-client", 15_000, random(50, 1e6, oneHost, nil), nil},
		{"habits-many-clients", 15_000, random(50, 1e6, manyHosts, nil), pairsEvicted},
		{"habits-many-at-once", 15_000, random(750, 1e4, manyHosts, nil), pairsEvicted},
		{"habits-slow", 15_000, random(750, 1e8, oneHost, nil), nil},
		{"proxy-chain", 15_000, random(200, 1e6, func(conn int) capture.Endpoint {
			return capture.Endpoint4([]byte{10, 0, 0, byte(1 + conn%2)}, uint16(1024+conn/2%60000))
		}, func(conn int) capture.Endpoint {
			return capture.Endpoint4([]byte{10, 0, 0, byte(2 + conn%2)}, 80)
		}), nil},
		{"failed-requests", 15_000, each(5, func(w *wire, conn, step int, s *capture.Segment) {
			w.clients = oneHost
			switch step {
			case 3:
				w.say(s, conn, 0, false, []byte(fmt.Sprintf("GET /%d HTTP/1.1\r\nHost: h\r\n\r\n", conn)))
			case 4:
				w.packet(s, conn, 1, capture.RST|capture.ACK, 1, 40, nil)
			default:
				w.dial(s, conn, step)
			}
		}), nil},
		{"failed-requests-alike", 15_000, each(5, func(w *wire, conn, step int, s *capture.Segment) {
			w.clients = oneHost
			switch step {
			case 3:
				w.say(s, conn, 0, false, failed[0])
			case 4:
				w.packet(s, conn, 1, capture.RST|capture.ACK, 1, 1+uint32(len(failed[0])), nil)
			default:
				w.dial(s, conn, step)
			}
		}), nil},
	}
}
