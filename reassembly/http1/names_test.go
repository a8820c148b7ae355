package http1

import (
	"strings"
	"testing"
)

// A field is found in whatever case it was sent and is asked for, and one that
// only shares the bit of a name is not taken for it.
func TestNamesAreFoundInAnyCase(t *testing.T) {
	for _, name := range []string{"host", "a", "x-1", "content-length", "connection", "!#$%&'*+-.^_`|~", "ab"} {
		for _, sent := range []string{name, strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:]} {
			h := Header{buf: []byte("GET / HTTP/1.1\r\n" + sent + ": v\r\n\r\n")}
			h.parse(len("GET / HTTP/1.1"), 10)
			for _, asked := range []string{name, strings.ToUpper(name)} {
				if h.lacks(asked) || string(h.Get(asked)) != "v" || !h.HasToken(asked, "V") {
					t.Errorf("sent %q, asked %q: not found", sent, asked)
				}
			}
		}
	}
}

func TestNamesThatShareABit(t *testing.T) {
	h := Header{buf: []byte("GET / HTTP/1.1\r\nabc: 1\r\n\r\n")}
	h.parse(len("GET / HTTP/1.1"), 10)
	if nameBit("abc") != nameBit("axc") {
		t.Fatal("the names do not share a bit, and this tests nothing")
	}
	if h.Get("axc") != nil || h.HasToken("axc", "1") || !h.lacks("host") {
		t.Error("a name was taken for another")
	}
	for range h.Values("axc") {
		t.Error("a value of another name")
	}
	for range h.Elements("axc") {
		t.Error("an element of another name")
	}
}
