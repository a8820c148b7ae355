package timeline

import (
	"slices"
	"testing"
)

// pipelined notes which exchanges were pipelined, and behind how many others.
type pipelined struct{ ahead []int }

func (r *pipelined) Transaction(_ *Connection, x *Transaction) {
	n := x.HTTP.Request.Ahead
	if x.Pipelined != (n > 0) {
		n = -1
	}
	r.ahead = append(r.ahead, n)
}
func (r *pipelined) Close(*Connection) {}
func (r *pipelined) Pair(*Pair)        {}

// TestAhead counts what a client still waited for when it sent a request.
func TestAhead(t *testing.T) {
	const open = `
		conn 10.0.0.1:40001 > 10.0.0.2:80
		+0     > S  mss=1460
		+1ms   < S. mss=1460
		+40ms  > .
		+0     > P. "GET /a HTTP/1.1\r\n\r\n"`
	for _, test := range []struct {
		name, text string
		want       []int
	}{
		{"one after another", `
			+1ms   < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+40ms  > P. "GET /b HTTP/1.1\r\n\r\n"
			+1ms   < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"`, []int{0, 0}},
		{"in one packet each, before any answer", `
			+0     > P. "GET /b HTTP/1.1\r\n\r\n"
			+0     > P. "GET /c HTTP/1.1\r\n\r\n"
			+1ms   < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+0     < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+0     < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"`, []int{0, 1, 2}},
		{"in the middle of an answer", `
			+1ms   < P. "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" len=100
			+1ms   > P. "GET /b HTTP/1.1\r\n\r\n"
			+1ms   < P. len=100
			+0     < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"`, []int{0, 1}},
		{"never answered", `
			+0     > P. "GET /b HTTP/1.1\r\n\r\n"
			+0     > P. "GET /c HTTP/1.1\r\n\r\n"
			+1ms   < F.
			+0     > F.`, []int{0, 1, 2}},
		{"the answer has left the server and not reached the client", `
			+1ms   < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+1ms   > P. "GET /b HTTP/1.1\r\n\r\n" ack=1
			+1ms   < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"`, []int{0, 1}},
		{"the tap has the answer late", `
			+1ms   > P. "GET /b HTTP/1.1\r\n\r\n" ack=39
			+0     < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+1ms   < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"`, []int{0, 0}},
		{"an interim answer is none", `
			+1ms   < P. "HTTP/1.1 103 Early Hints\r\n\r\n"
			+1ms   > P. "GET /b HTTP/1.1\r\n\r\n"
			+1ms   < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+1ms   < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"`, []int{0, 1}},
	} {
		rec := &pipelined{}
		follow(Config{}, rec, parse(t, open+test.text))
		if !slices.Equal(rec.ahead, test.want) {
			t.Errorf("%s: ahead %v, want %v", test.name, rec.ahead, test.want)
		}
	}
}
