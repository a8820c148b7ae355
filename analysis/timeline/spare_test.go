package timeline

import (
	"fmt"
	"slices"
	"testing"
)

// spares notes for each connection the one that could have spared it.
type spares struct{ lines []string }

func (r *spares) Transaction(*Connection, *Transaction) {}
func (r *spares) Pair(p *Pair) {
	if p.kept.first != nil || p.kept.last != nil {
		r.lines = append(r.lines, "a closed connection is kept")
	}
}
func (r *spares) Close(c *Connection) {
	if c.Spare.ID != 0 {
		r.lines = append(r.lines, fmt.Sprintf("%d for %d", c.Spare.ID, c.ID()))
	}
}

// TestSpare opens a second connection while a first one exists.
func TestSpare(t *testing.T) {
	const first = `
		conn a 10.0.0.1:40001 > 10.0.0.2:80
		conn b 10.0.0.1:40002 > 10.0.0.2:80
		conn c 10.0.0.1:40003 > 10.0.0.2:80
		+0     a> S  mss=1460
		+5ms   a< S. mss=1460
		+0     a> .
		+0     a> P. "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
		+5ms   a< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		`
	const second = `
		+1ms   b> S  mss=1460
		+5ms   b< S. mss=1460
		+0     b> .
		+0     b> P. "GET /b HTTP/1.1\r\nHost: h\r\n\r\n"
		+5ms   b< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		`
	const third = `
		+1ms   c> S  mss=1460
		+5ms   c< S. mss=1460
		+0     c> .
		+0     c> P. "GET /c HTTP/1.1\r\nHost: h\r\n\r\n"
		+5ms   c< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		`
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"idle", first + second, []string{"1 for 6"}},
		{"one spare stands for one new connection, which is then spare itself", first + second + third, []string{"1 for 6", "6 for 11"}},
		{"closed by the server", first + `+0 a< F.` + second, nil},
		{"closed by the client while the new one is set up", first + `
		+1ms   b> S  mss=1460
		+0     a> F.
		+5ms   b< S. mss=1460
		+0     b> .
		+0     b> P. "GET /b HTTP/1.1\r\nHost: h\r\n\r\n"`, nil},
		{"taken by another request", first + `
		+1ms   b> S  mss=1460
		+0     a> P. "GET /c HTTP/1.1\r\nHost: h\r\n\r\n"
		+1ms   a< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		+4ms   b< S. mss=1460
		+0     b> .
		+0     b> P. "GET /b HTTP/1.1\r\nHost: h\r\n\r\n"`, nil},
		{"used again while the new one lives", first + second + `
		+1ms   a> P. "GET /c HTTP/1.1\r\nHost: h\r\n\r\n"
		+1ms   a< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"`, nil},
		{"used again when the new one is gone", first + second + `
		+0     b> F.
		+0     b< F.
		+0     b> .
		+5s    a> P. "GET /c HTTP/1.1\r\nHost: h\r\n\r\n"
		+1ms   a< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"`, []string{"1 for 6"}},
		{"another host", first + `
		+1ms   b> S  mss=1460
		+5ms   b< S. mss=1460
		+0     b> .
		+0     b> P. "GET /b HTTP/1.1\r\nHost: i\r\n\r\n"`, nil},
		{"another machine behind the address", first + `
		+1ms   b> S  mss=1460 ttl=128
		+5ms   b< S. mss=1460
		+0     b> .
		+0     b> P. "GET /b HTTP/1.1\r\nHost: h\r\n\r\n"`, nil},
	} {
		rec := &spares{}
		follow(Config{}, rec, parse(t, test.text))
		if !slices.Equal(rec.lines, test.want) {
			t.Errorf("%s: %q, want %q", test.name, rec.lines, test.want)
		}
	}
}

// TestPeakSeenByClient asks two things on two connections at the same time. The
// server is quick and gets the second when it has answered the first: at its
// side, too, two count as busy. Where the answer has had time to arrive, one.
func TestPeakSeenByClient(t *testing.T) {
	for _, test := range []struct {
		pause string
		want  string
	}{{"+20ms", "pair 2 2 peak 2"}, {"+40ms", "pair 2 2 peak 1"}} {
		rec := play(t, `
		conn a 10.0.0.1:40001 > 10.0.0.2:80
		conn b 10.0.0.1:40002 > 10.0.0.2:80
		+0     a> S  mss=1460
		+0     b> S  mss=1460
		+0     a< S. mss=1460
		+0     b< S. mss=1460
		+40ms  a> .
		+0     b> .
		+0     a> P. "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
		+1ms   a< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		`+test.pause+` b> P. "GET /b HTTP/1.1\r\nHost: h\r\n\r\n"
		+1ms   b< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"`)
		if !slices.Contains(rec.lines, test.want) {
			t.Errorf("%s: %q, want %q", test.pause, rec.lines, test.want)
		}
	}
}
