package http1

import (
	"strings"
	"testing"

	"connlint/capture"
)

// digests feeds the request in pieces of n bytes and returns its digests.
func digests(t *testing.T, request string, n int) (head, body uint64, whole bool) {
	t.Helper()
	pool := NewPool(Limits{})
	r := &recorder{pool: pool, keep: true}
	var c Conn
	c.Init(pool, r, false)
	for i := 0; i < len(request); i += n {
		c.Data(Request, capture.NewFrame(0, uint64(i+1), 1), []byte(request[i:min(i+n, len(request))]))
	}
	c.End(Request, capture.NewFrame(0, 9999, 1), CutByReset)
	c.End(Response, capture.NewFrame(0, 9999, 1), CutByReset)
	if len(r.kept) != 1 {
		t.Fatalf("%d transactions", len(r.kept))
	}
	head, ok := r.kept[0].Request.HeadDigest()
	if !ok {
		t.Fatal("no digest of the head")
	}
	body, whole = r.kept[0].Request.BodyDigest()
	return head, body, whole
}

// TestDigestsDoNotHangOnTheCut reads one request in pieces of every size.
func TestDigestsDoNotHangOnTheCut(t *testing.T) {
	for _, request := range []string{
		"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n" + strings.Repeat("x", 4999) + "y",
		"POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n",
	} {
		head, body, whole := digests(t, request, len(request))
		if !whole {
			t.Fatal("the body is whole and has no digest")
		}
		for _, n := range []int{1, 2, 3, 7, 1460} {
			if h, b, _ := digests(t, request, n); h != head || b != body {
				t.Errorf("pieces of %d bytes: digests %x %x, want %x %x", n, h, b, head, body)
			}
		}
	}
}

// TestDigestsTellApart holds requests that differ in one thing against each
// other, and what need not be equal in a retry against the same.
func TestDigestsTellApart(t *testing.T) {
	const body = "\r\nContent-Length: 4\r\n\r\nbody"
	head, digest, _ := digests(t, "POST /a HTTP/1.1\r\nHost: h"+body, 1<<20)
	for _, other := range []string{"PUT /a HTTP/1.1\r\nHost: h", "POST /b HTTP/1.1\r\nHost: h", "POST /a HTTP/1.1\r\nHost: g",
		"POST /a HTTP/1.1\r\nHost: h\r\nRange: bytes=0-"} {
		if h, _, _ := digests(t, other+body, 1<<20); h == head {
			t.Errorf("%q has the same digest", other)
		}
	}
	if h, b, _ := digests(t, "POST /a HTTP/1.1\r\nHost: h\r\nDate: today\r\nX-Try: 2"+body, 1<<20); h != head || b != digest {
		t.Error("fields that change from try to try change the digest")
	}
	if _, b, _ := digests(t, "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nBODY", 1<<20); b == digest {
		t.Error("another body has the same digest")
	}
	if _, _, whole := digests(t, "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 40\r\n\r\nbody", 1<<20); whole {
		t.Error("a body that was cut has a digest")
	}
}
