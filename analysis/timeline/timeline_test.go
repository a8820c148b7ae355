package timeline

import (
	"strings"
	"testing"
	"time"
	"unsafe"
)

const handshake = `conn 10.0.0.1:40000 > 10.0.0.2:80
+0     > S  mss=1460
+10ms  < S. mss=1460
+0     > .
`

func TestAccounts(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"first on its connection": {handshake + `
			+0     > P. "GET /a HTTP/1.1\r\n\r\n"
			+15ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"
			+3ms   < P. "67890"
			+0     > F.
			+10ms  < F.
			+0     > .`, `
			1 GET /a 200: connect 10ms, network 10ms, server_wait 5ms, sender_idle 3ms
			closed 1 of 1; the client closes without a word
			pair 1 1 peak 1`},
		"request in two pieces, response over before them": {handshake + `
			+0     > P. "POST /a HTTP/1.1\r\nContent-Length: 4\r\n\r\n12"
			+2ms   > P. "34"
			+12ms  < P. "HTTP/1.1 204 No Content\r\n\r\n"`, `
			1 POST /a 204: connect 10ms, sender_idle 2ms, network 10ms, server_wait 2ms
			end-of-capture 1 of 1
			pair 1 1 peak 1`},
		"the second is charged no set-up": {handshake + `
			+0     > P. "GET /a HTTP/1.1\r\n\r\n"
			+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+7ms   > P. "GET /b HTTP/1.1\r\n\r\n"
			+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+0     > .`, `
			1 GET /a 200: connect 10ms, network 10ms
			2 GET /b 200: network 10ms
			end-of-capture 2 of 2
			pair 1 2 peak 1`},
		"preconnected": {handshake + `
			+100ms > P. "GET /a HTTP/1.1\r\n\r\n"
			+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+0     > .`, `
			1 GET /a 200: network 10ms
			end-of-capture 1 of 1 preconnected
			pair 1 1 peak 1`},
		"opened and never asked: it is not preconnected": {handshake + `
			+30s   < P. "HTTP/1.1 408 Request Timeout\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
			+1ms   < P. "no"
			+0     > .`, `
			1 ? 408: response 1ms
			end-of-capture 0 of 1; the server asks for close
			pair 1 1 peak 0`},
		"a little pause is the client's": {handshake + `
			+20ms  > P. "GET /a HTTP/1.1\r\n\r\n"
			+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+0     > .`, `
			1 GET /a 200: connect 10ms, client_idle 20ms, network 10ms
			end-of-capture 1 of 1
			pair 1 1 peak 1`},
		"lost SYN": {`conn 10.0.0.1:40000 > 10.0.0.2:80
			+0     > S  mss=1460
			+1s    > S  mss=1460
			+10ms  < S. mss=1460
			+0     > .
			+0     > P. "GET /a HTTP/1.1\r\n\r\n"
			+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+5ms   > .`, `
			1 GET /a 200: connect_retry 1s, connect 10ms, network 10ms
			end-of-capture 1 of 1 packet-loss
			pair 1 1 peak 1`},
		"pipelined": {handshake + `
			+0     > P. "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n"
			+30ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+5ms   < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+0     > .`, `
			1 GET /a 200: connect 10ms, network 10ms, server_wait 20ms
			2 GET /b 200: network 10ms, queue 20ms, server_wait 5ms
			end-of-capture 2 of 2 pipelining,server-think-time
			pair 1 2 peak 1`},
		"100 Continue": {handshake + `
			+0     > P. "POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
			+10ms  < P. "HTTP/1.1 100 Continue\r\n\r\n"
			+0     > P. "1234"
			+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+0     > .`, `
			1 POST /a 200: connect 10ms, continue_wait 10ms, network 10ms
			end-of-capture 1 of 1
			pair 1 1 peak 1`},
		"100 Continue that never comes": {handshake + `
			+0     > P. "POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
			+1s    > P. "1234"
			+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+0     > .`, `
			1 POST /a 200: connect 10ms, continue_wait 1s, network 10ms
			end-of-capture 1 of 1
			pair 1 1 peak 1`},
		"100 Continue that never comes, and a body that takes its time": {handshake + `
			+0     > P. "POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 8\r\n\r\n"
			+1s    > P. "1234"
			+300ms > P. "5678"
			+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+0     > .`, `
			1 POST /a 200: connect 10ms, continue_wait 1s, sender_idle 300ms, network 10ms
			end-of-capture 1 of 1
			pair 1 1 peak 1`},
		"no response, reset": {handshake + `
			+0     > P. "GET /a HTTP/1.1\r\n\r\n"
			+30ms  < R.`, `
			1 GET /a: connect 10ms, no_response 30ms
			reset 0 of 1; the server closes without a word
			pair 1 1 peak 1`},
		"no response, end of capture": {handshake + `
			+0     > P. "GET /a HTTP/1.1\r\n\r\n"
			+30ms  < .`, `
			1 GET /a: connect 10ms, unknown 30ms
			end-of-capture 0 of 1
			pair 1 1 peak 1`},
		"half a response, end of capture": {handshake + `
			+0     > P. "GET /a HTTP/1.1\r\n\r\n"
			+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" len=1000
			+5ms   < P. len=500
			+30ms  > .`, `
			1 GET /a 200: connect 10ms, network 10ms, sender_idle 5ms, unknown 30ms
			end-of-capture 0 of 1
			pair 1 1 peak 1`},
		"one direction": {`conn 10.0.0.1:40000 > 10.0.0.2:80
			+0     > S  mss=1460
			+10ms  < S. mss=1460 drop
			+0     > .
			+0     > P. "GET /a HTTP/1.1\r\n\r\n"
			+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" drop
			+10ms  > P. "GET /b HTTP/1.1\r\n\r\n"
			+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" drop
			+0     > .`, `
			1 GET /a: unknown 20ms
			2 GET /b: unknown 10ms
			end-of-capture 0 of 2
			pair 1 2 peak 1`},
		"until close": {handshake + `
			+0     > P. "GET /a HTTP/1.0\r\n\r\n"
			+10ms  < P. "HTTP/1.0 200 OK\r\n\r\nhello"
			+5ms   < F.
			+0     > F.
			+10ms  < .`, `
			1 GET /a 200: connect 10ms, network 10ms, response 5ms
			closed 1 of 1; the client speaks HTTP/1.0 without keep-alive
			pair 1 1 peak 1`},
		"response lost behind the tap ends with its repetition": {`conn 10.0.0.1:40000 > 10.0.0.2:80
			+0     > S  mss=1460
			+0     < S. mss=1460
			+10ms  > .
			+0     > P. "GET /a HTTP/1.1\r\n\r\n"
			+0     < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" lost
			+200ms < retrans
			+10ms  > .`, `
			1 GET /a 200: connect 10ms, retransmit 200ms
			end-of-capture 1 of 1 packet-loss
			pair 1 1 peak 1`},
		"an ACK that covers a later FIN too moves no end": {handshake + `
			+0     > P. "GET /a HTTP/1.1\r\n\r\n"
			+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+30ms  < F.
			+0     > F.
			+10ms  < .`, `
			1 GET /a 200: connect 10ms, network 10ms
			closed 1 of 1; the server closes without a word
			pair 1 1 peak 1`},
		"early response": {handshake + `
			+0     > P. "POST /a HTTP/1.1\r\nContent-Length: 8\r\n\r\n12"
			+10ms  < P. "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\n"
			+1ms   > P. "345678"
			+4ms   < P. "no"
			+0     > .`, `
			1 POST /a 413: connect 10ms, request 10ms, response 5ms
			end-of-capture 1 of 1
			pair 1 1 peak 1`},
	} {
		t.Run(name, func(t *testing.T) {
			rec := play(t, c.text)
			for _, s := range rec.sums {
				t.Error(s)
			}
			got := strings.Join(rec.lines, "\n")
			want := strings.TrimSpace(strings.ReplaceAll(c.want, "\t", ""))
			if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestWrongWayRound(t *testing.T) {
	// The capture starts in a body on ports that tell nothing: the request
	// that follows does.
	rec := play(t, `
		conn 10.0.0.1:20000 > 10.0.0.2:30000
		+0     > S  mss=1460 drop
		+1ms   < S. mss=1460 drop
		+0     > . drop
		+0     > P. "GET /a HTTP/1.1\r\n\r\n" drop
		+1ms   < P. len=1000
		+0     > .
		+1ms   > P. "GET /b HTTP/1.1\r\n\r\n"
		+5ms   < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		+0     > .`)
	got := strings.Join(rec.lines, "\n")
	if want := "1 GET /b 200: network 5ms\nend-of-capture 1 of 1\npair 1 1 peak 1"; !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Idle is the time without a transaction: ahead of the first one on a
// connection that was opened early, between them, and behind the last one up
// to the first sign of a close.
func TestIdle(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want time.Duration
	}{
		"busy from SYN to FIN": {handshake + `
			+0     > P. "GET /a HTTP/1.1\r\n\r\n"
			+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+0     > F.
			+10ms  < F.
			+0     > .`, 0},
		"before, between, behind": {handshake + `
			+100ms > P. "GET /a HTTP/1.1\r\n\r\n"
			+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+20ms  > P. "GET /a HTTP/1.1\r\n\r\n"
			+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+3s    < F.
			+10ms  > F.
			+10ms  < .`, 3*time.Second + 120*time.Millisecond},
		"never used": {handshake + `
			+2s    > F.
			+10ms  < F.
			+0     > .`, 2 * time.Second},
		"a WebSocket is not idle": {handshake + `
			+0     > P. "GET /a HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
			+10ms  < P. "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
			+3s    > P. "x"`, 0},
		"refused": {`conn 10.0.0.1:40000 > 10.0.0.2:80
			+0     > S  mss=1460
			+10ms  < R.`, 0},
	} {
		rec := play(t, c.text)
		if len(rec.idle) != 1 || rec.idle[0] != c.want {
			t.Errorf("%s: idle %v, want %v", name, rec.idle, c.want)
		}
	}
}

func TestParallel(t *testing.T) {
	rec := play(t, `
		conn a 10.0.0.1:40000 > 10.0.0.2:80
		conn b 10.0.0.1:40001 > 10.0.0.2:80
		conn c 10.0.0.1:40002 > 10.0.0.2:80
		+0     a> S  mss=1460
		+1ms   a< S. mss=1460
		+0     a> .
		+0     a> P. "GET /a HTTP/1.1\r\n\r\n"
		+0     b> S  mss=1460
		+1ms   b< S. mss=1460
		+0     b> .
		+0     b> P. "GET /b HTTP/1.1\r\n\r\n"
		+1ms   a< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		+1ms   b< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		+0     c> S  mss=1460
		+1ms   c< S. mss=1460
		+0     c> .
		+0     c> P. "GET /c HTTP/1.1\r\n\r\n"
		+1ms   c< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"`)
	got := strings.Join(rec.lines, "\n")
	if want := "end-of-capture 1 of 1 parallel-connections"; strings.Count(got, want) != 2 || !strings.Contains(got, "pair 3 3 peak 2") {
		t.Errorf("two of three connections ran side by side, got\n%s", got)
	}
}

// TestTrackedFits: a million open connections are a million of these.
func TestTrackedFits(t *testing.T) {
	if n := unsafe.Sizeof(tracked{}); n > 2048 {
		t.Errorf("%d bytes for a connection that carried payload", n)
	} else {
		t.Log(n, "bytes")
	}
}
