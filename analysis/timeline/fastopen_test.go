package timeline

import (
	"strings"
	"testing"
)

// What a SYN carried and its SYN-ACK did not take was not lost: the request
// waited for the handshake, as any other does.
func TestRefusedFastOpen(t *testing.T) {
	const syn = `conn 10.0.0.1:40000 > 10.0.0.2:80
		+0    > S  mss=1460 tfo=8 "GET /a HTTP/1.1\r\n\r\n"
`
	const end = `
		+60ms < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		+0    > .`
	for name, c := range map[string]struct{ text, want string }{
		"taken": {syn + `
			+20ms < S. mss=1460
			+0    > .` + end, "1 GET /a 200: network 20ms, server_wait 60ms\nend-of-capture 1 of 1 tcp-fast-open,server-think-time"},
		"refused": {syn + `
			+20ms < S. mss=1460 ack=1
			+0    > P. seq=1 "GET /a HTTP/1.1\r\n\r\n"` + end, "1 GET /a 200: connect 20ms, network 20ms, server_wait 40ms\nend-of-capture 1 of 1 server-think-time"},
		"refused, then lost": {syn + `
			+20ms  < S. mss=1460 ack=1
			+0     > P. seq=1 "GET /a HTTP/1.1\r\n\r\n" lost
			+300ms > P. seq=1 "GET /a HTTP/1.1\r\n\r\n"` + end,
			"1 GET /a 200: connect 20ms, retransmit 300ms, network 20ms, server_wait 40ms\nend-of-capture 1 of 1 packet-loss"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &recorder{}
			follow(Config{}, r, parse(t, c.text))
			if got := strings.Join(r.lines[:min(2, len(r.lines))], "\n"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}
