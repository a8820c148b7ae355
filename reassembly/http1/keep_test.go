package http1

import (
	"slices"
	"strings"
	"testing"
)

// requests parses requests and returns their messages.
func requests(t *testing.T, heads ...string) []*Message {
	t.Helper()
	r := &recorder{pool: NewPool(Limits{}), keep: true}
	var c Conn
	c.Init(r.pool, r, false)
	for _, head := range heads {
		feed(t, &c, []op{op("> " + head)})
	}
	feed(t, &c, []op{">eof", "<eof"})
	var all []*Message
	for _, x := range r.kept {
		all = append(all, x.Request)
	}
	return all
}

// A kept head says what the message said, and still does when the message's
// memory has another use and the copy has been used before.
func TestKeep(t *testing.T) {
	long := "GET /long HTTP/1.1\r\nX: " + strings.Repeat("x", 200) + "\r\n\r\n"
	ms := requests(t, long, "PUT http://h/a?b HTTP/1.0\r\nHost:  h \r\nConnection: close, X-Y\r\n\r\n", "PUT http://h/a?b HTTP/1.0\r\nHost: h\r\nConnection: close, X-Y\r\n\r\n")
	var h, o Head
	if !h.Keep(ms[0], 1000) || h.Size() < 200 {
		t.Fatalf("the long head was not kept: %d bytes", h.Size())
	}
	if !h.Keep(ms[1], 1000) {
		t.Fatal("the short head was not kept")
	}
	clear(ms[1].Header.buf)
	if string(h.Start.Method) != "PUT" || string(h.Start.Target) != "http://h/a?b" || h.Start.AtLeast(1, 1) {
		t.Errorf("%q %q", h.Start.Method, h.Start.Target)
	}
	if h.Header.Len() != 2 || string(h.Header.Get("host")) != "h" || !h.Header.HasToken("connection", "x-y") {
		t.Errorf("%d fields, host %q", h.Header.Len(), h.Header.Get("host"))
	}
	if !h.Header.Has([]byte("HOST"), []byte("h")) || h.Header.Has([]byte("host"), []byte("H")) || h.Header.Has([]byte("hos"), []byte("h")) {
		t.Error("Has is wrong")
	}
	if o.Keep(ms[2], 1000); h.Same(&o) {
		t.Error("two spaces are not one")
	}
	if again := slices.Clone(h.Header.buf); !h.Same(&Head{Header: Header{buf: again}}) {
		t.Error("a head is not the same as itself")
	}
	if h.Keep(ms[2], 10) || h.Header.Len() != 0 || h.Start.Method != nil {
		t.Error("a head over the limit was kept")
	}
}
