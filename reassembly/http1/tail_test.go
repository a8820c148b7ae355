package http1

import (
	"strings"
	"testing"
)

// TestTailAndDue asserts what is kept of a body's end, however it was cut into
// pieces.
func TestTailAndDue(t *testing.T) {
	for _, c := range []struct {
		name   string
		ops    []op
		tail   string
		due    uint64
		chunk  uint64
		pieces uint64
		broken uint64 // frame
	}{
		{"whole", []op{get, ok5}, "\x00\x00\x00hello", 0, 0, 1, 0},
		{"in pieces", []op{get, "< HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nabc", "< defgh", "< ij"}, "cdefghij", 2, 0, 3, 0},
		{"one long piece", []op{get, "< HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\nabcdefghijklmnopqrstuvwxyz"}, "stuvwxyz", 0, 0, 1, 0},
		{"hole before the end", []op{get, "< HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\nabcdefghij", "<gap 3", "< nop"}, "\x00\x00\x00\x00\x00nop", 10, 0, 2, 0},
		{"within a chunk", []op{get, te + "5\r\nhello\r\n1a\r\nabc", "<fin"}, "hello" + "abc", 23, 26, 1, 0},
		{"behind a chunk", []op{get, te + "5\r\nhello\r\n", "<fin"}, "\x00\x00\x00hello", 0, 5, 1, 0},
		{"size too small", []op{get, te, "< 3\r\nhel", "< lo\r\n0\r\n\r\n", "<fin"}, "\x00\x00\x00\x00\x00hel", 0, 3, 3, 4},
		{"size too large", []op{get, te, "< 20\r\nhello\r\n0\r\n\r\n", "<fin"}, "o\r\n0\r\n\r\n", 20, 32, 2, 3},
	} {
		pool := NewPool(Limits{})
		r := &recorder{pool: pool, keep: true}
		var conn Conn
		conn.Init(pool, r, false)
		feed(t, &conn, c.ops)
		feed(t, &conn, []op{"<eof", ">eof"})
		m := r.kept[0].Response
		if string(m.Tail[:]) != c.tail || m.Due != c.due || m.Chunk != c.chunk || m.Pieces != c.pieces || m.Broken.Number() != c.broken {
			t.Errorf("%s: tail %q, due %d, chunk %d, pieces %d, broken at %d; want %q, %d, %d, %d, %d", c.name,
				m.Tail, m.Due, m.Chunk, m.Pieces, m.Broken.Number(), c.tail, c.due, c.chunk, c.pieces, c.broken)
		}
	}
}

func TestToHEAD(t *testing.T) {
	for _, c := range []struct {
		ops  []op
		want bool
	}{
		{[]op{"> HEAD /a HTTP/1.1\r\n\r\n", "< HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"}, true},
		{[]op{get, ok5}, false},
	} {
		pool := NewPool(Limits{})
		r := &recorder{pool: pool, keep: true}
		var conn Conn
		conn.Init(pool, r, false)
		feed(t, &conn, c.ops)
		if got := r.kept[0].Response.ToHEAD; got != c.want {
			t.Errorf("%q: %v", c.ops, got)
		}
	}
}

// TestUnread asserts when a response without a request may be the answer to
// something after all.
func TestUnread(t *testing.T) {
	long := "> GET /" + strings.Repeat("a", 300) + " HTTP/1.1\r\n\r\n"
	for _, c := range []struct {
		name string
		ops  []op
		want bool
	}{
		{"nothing sent", []op{ok5}, false},
		{"behind an exchange", []op{get, ok5, ok3}, false},
		{"while a body is sent", []op{"> POST /a HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc", ok5, ok3}, false},
		{"noise", []op{"> \x01\x02\x03 noise\r\n", ok5}, true},
		{"bytes behind a request", []op{get, ok5, "> noise?\r\n", ok3}, true},
		{"a hole", []op{get, ok5, ">gap 10", ok3}, true},
		{"a request line beyond the limit", []op{long, ok5, long, ok3}, true},
	} {
		pool := NewPool(Limits{Head: 100})
		r := &recorder{pool: pool, keep: true}
		var conn Conn
		conn.Init(pool, r, false)
		feed(t, &conn, c.ops)
		feed(t, &conn, []op{">eof", "<eof"})
		last := r.kept[len(r.kept)-1]
		if last.Request != nil || last.Unread != c.want {
			t.Errorf("%s: unread is %v, with request %v", c.name, last.Unread, last.Request)
		}
	}
}
