package http1

import (
	"slices"
	"strings"
	"testing"
)

// message parses the head of one response.
func message(t *testing.T, head string) *Message {
	pool := NewPool(Limits{})
	r := &recorder{pool: pool, keep: true}
	var c Conn
	c.Init(pool, r, false)
	feed(t, &c, []op{get, "< " + head, "<eof", ">eof"})
	return r.kept[0].Response
}

func TestHeader(t *testing.T) {
	m := message(t, "HTTP/1.1 200 All  is well \r\nServer:x\r\nConnection:\t close , \"a,b\" ,, X-Y\r\nconnection: keep-alive\r\n"+
		"Empty:  \r\nX: a,\r\n\t b\r\n  c  \r\nY:\r\n d\r\nContent-Length: 0\r\n\r\n")
	if string(m.Start.Reason) != "All  is well " || string(m.Start.Raw) != "HTTP/1.1 200 All  is well " {
		t.Errorf("reason %q, raw %q", m.Start.Reason, m.Start.Raw)
	}
	for name, want := range map[string]string{"SERVER": "x", "empty": "", "x": "a,    b    c", "y": "d", "content-length": "0"} {
		if got := m.Header.Get(name); got == nil || string(got) != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if m.Header.Get("serve") != nil {
		t.Error("a field that is not there was found")
	}
	var elements []string
	for e := range m.Header.Elements("Connection") {
		elements = append(elements, string(e))
	}
	if want := []string{"close", `"a,b"`, "X-Y", "keep-alive"}; !slices.Equal(elements, want) {
		t.Errorf("elements %q, want %q", elements, want)
	}
	values := 0
	for range m.Header.Values("connection") {
		values++
	}
	if values != 2 {
		t.Errorf("%d values", values)
	}
	if !m.Header.HasToken("connection", "Close") || m.Header.HasToken("connection", "clos") || m.Header.HasToken("connection", "b\"") {
		t.Error("HasToken is wrong")
	}
	var names []string
	for name := range m.Header.All() {
		names = append(names, string(name))
	}
	if want := []string{"Server", "Connection", "connection", "Empty", "X", "Y", "Content-Length"}; !slices.Equal(names, want) {
		t.Errorf("names %q", names)
	}
}

func TestTrailer(t *testing.T) {
	m := message(t, te[2:]+"0\r\nA: 1\r\nB:2\r\n\r\n")
	if string(m.Trailer.Get("a")) != "1" || string(m.Trailer.Get("b")) != "2" || !m.LastSeen || m.Overhead != 16 {
		t.Errorf("trailer %q %q, overhead %d", m.Trailer.Get("a"), m.Trailer.Get("b"), m.Overhead)
	}
}

// The start line's slices must follow the buffer when it grows.
func TestStartLineFollowsBuffer(t *testing.T) {
	long := make([]byte, 5000)
	for i := range long {
		long[i] = 'x'
	}
	m := message(t, "HTTP/1.1 200 OK\r\nA: "+string(long)+"\r\nContent-Length: 0\r\n\r\n")
	if &m.Start.Raw[0] != &m.Header.buf[0] || string(m.Start.Reason) != "OK" {
		t.Error("the start line points elsewhere")
	}
}

func TestSniff(t *testing.T) {
	for in, want := range map[string]Kind{
		"":                                     NeedMore,
		"H":                                    NeedMore,
		"HTTP/1.1 20":                          NeedMore,
		"HTTP/1.1 200 ":                        ResponseKind,
		"HTTP/1.1 200\r\n":                     ResponseKind,
		"HTTP/1.1 2000 ":                       Unknown,
		"HTTP/1.1 042 ":                        Unknown,
		"HTTPS":                                NeedMore,
		"HTTP/x":                               Unknown,
		"HEAD /":                               RequestKind,
		"GET ":                                 NeedMore,
		"GET /":                                RequestKind,
		"\r\n\r\nGET /":                        RequestKind,
		"BREW /pot HT":                         NeedMore,
		"BREW /pot HTTP/1.1\r\n":               RequestKind,
		"GET /\r\n":                            RequestKind,
		"GET x\r\n":                            Unknown,
		"\r\n":                                 NeedMore,
		"EHLO me\r\n":                          Unknown,
		"SSH":                                  NeedMore,
		"SSH-2.0-OpenSSH\r\n":                  Unknown,
		"PRI * HT":                             NeedMore,
		"PRI * HTTP/2.0\r\n":                   HTTP2Preface,
		"\x16\x03":                             NeedMore,
		"\x16\x03\x01\x02\x00\x01":             TLSClient,
		"\x16\x03\x03\x00\x7a\x02":             TLSServer,
		"\x17\x03\x03\x00\x7a\x99":             TLSOther,
		"\x16\x03\x05":                         Unknown,
		"\x16\x03\x01\x00\x00\x01":             Unknown,
		"\x17\x03\x03\xff\xff\x01":             Unknown,
		"\x00\x00\x06\x04\x00\x00\x00\x00\x00": HTTP2Settings,
		"\x00\x00\x07\x04\x00\x00\x00\x00\x00": Unknown,
		"\x00\x00\x06\x04\x01":                 Unknown,
		"PROXY TCP4":                           ProxyHeader,
		"\r\n\r\n\x00\r\nQ":                    NeedMore,
		proxyV2:                                ProxyHeader,
		"\xff\xfe":                             Unknown,
	} {
		if got := Sniff([]byte(in)); got != want {
			t.Errorf("Sniff(%q) = %d, want %d", in, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	for _, x := range []struct {
		c    Count
		text string
		n    uint64
		ok   bool
	}{{Count{}, "absent", 0, false}, {Known(0), "0", 0, true}, {AtLeast(7), "7+", 7, false}, {Malformed(), "malformed", 0, false},
		{Count{}.Plus(3), "3", 3, true}, {AtLeast(1).Plus(3), "4+", 4, false}, {Malformed().Plus(3), "malformed", 0, false}} {
		n, ok := x.c.Exact()
		if x.c.String() != x.text || ok != x.ok || x.c.Least() != x.n || ok && n != x.n {
			t.Errorf("%v: want %s, %d, %v", x.c, x.text, x.n, x.ok)
		}
	}
}

func TestIsToken(t *testing.T) {
	const tokens = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for c := range 256 {
		if got, want := isToken(byte(c)), strings.IndexByte(tokens, byte(c)) >= 0; got != want {
			t.Errorf("isToken(%q) = %v", byte(c), got)
		}
	}
}
