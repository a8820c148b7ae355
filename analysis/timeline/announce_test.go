package timeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"connlint/reassembly"
)

// words notes what was announced on each connection, how long it rested before
// each request and before its end.
type words struct{ lines []string }

func (r *words) Transaction(c *Connection, x *Transaction) {
	r.lines = append(r.lines, fmt.Sprintf("%d after %v", x.Index, time.Duration(c.Rest(x)).Round(time.Microsecond)))
}

func (r *words) Close(c *Connection) {
	a := &c.Announced
	line := "nothing said"
	if a.By != NotRefused {
		line = fmt.Sprintf("%d: %s in packet %d, over %v later, complete %v", a.Index, a.By, a.Said.Number(),
			time.Duration(a.Over.Sub(a.Said)), a.Complete)
	}
	if side, f, idle, ok := c.IdleClose(); ok {
		line += fmt.Sprintf("; %s closed in packet %d after %v", side, f.Number(), time.Duration(idle).Round(time.Microsecond))
	}
	if c.Teardown.Crossing[reassembly.Server].Is(reassembly.Crossed) {
		line += "; crossed"
	}
	r.lines = append(r.lines, line)
}

func (r *words) Pair(*Pair) {}

const opened = `conn 10.0.0.1:40001 > 10.0.0.2:80
	+0     > S  mss=1460
	+10ms  < S. mss=1460
	+0     > .
`

func TestAnnouncements(t *testing.T) {
	for _, c := range []struct{ name, trace, want string }{
		{"the client says close and goes on", `
			+0     > P. "GET /a HTTP/1.1\r\nConnection: close\r\n\r\n"
			+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+1s    > P. "GET /b HTTP/1.1\r\n\r\n"
			+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
			+2s    < F.`,
			"1 after 0s|2 after 1s|1: the client asks for close in packet 4, over 10ms later, complete true; server closed in packet 8 after 2s"},
		{"HTTP/1.0 without keep-alive", `
			+0     > P. "GET /a HTTP/1.0\r\n\r\n"
			+10ms  < P. "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab"`,
			"1 after 0s|1: the client speaks HTTP/1.0 without keep-alive in packet 4, over 10ms later, complete true"},
		{"the server says close and sends half", `
			+0     > P. "GET /a HTTP/1.1\r\n\r\n"
			+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\na"
			+0     < F.`,
			"1 after 0s|1: the server asks for close in packet 5, over 0s later, complete false"},
		{"a request crosses the close", `
			+0     > P. "GET /a HTTP/1.1\r\n\r\n"
			+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+2s    > P. "GET /b HTTP/1.1\r\n\r\n" lost
			+1ms   < F.`,
			"1 after 0s|2 after 2s|nothing said; server closed in packet 7 after 2.001s; crossed"},
		{"the next request does not wait", `
			+0     > P. "GET /a HTTP/1.1\r\n\r\n"
			+0     > P. "GET /b HTTP/1.1\r\n\r\n"
			+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+0     < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+1s    > F.`,
			"1 after 0s|2 after 0s|nothing said; client closed in packet 8 after 1s"},
		{"HTTP/0.9", `
			+0     > P. "GET /a\r\n"
			+10ms  < P. "hello"
			+0     < F.`,
			"1 after 0s|nothing said; server closed in packet 6 after 0s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec := &words{}
			follow(Config{}, rec, parse(t, opened+c.trace))
			if want := strings.Split(c.want, "|"); !slices.Equal(rec.lines, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(rec.lines, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}
