package http1

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"connlint/capture"
)

// generator makes well-formed messages.
type generator struct{ *rand.Rand }

func (g generator) pick(of ...string) string { return of[g.IntN(len(of))] }

func (g generator) fields() string {
	var b strings.Builder
	for i := range g.IntN(8) {
		fmt.Fprintf(&b, "X-%d:%sv%d%s\r\n", i%5, strings.Repeat(" ", g.IntN(3)), g.IntN(1000), strings.Repeat("\t", g.IntN(2)))
	}
	return b.String()
}

func (g generator) body() string {
	n := g.IntN(300)
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(g.Uint32())
	}
	switch g.IntN(3) {
	case 0:
		return fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", g.fields(), n, b)
	case 1:
		return g.fields() + "Transfer-Encoding: " + g.pick("chunked", "Chunked") + "\r\n\r\n" + g.chunks(b)
	}
	return g.fields() + "Content-Length: 0\r\n\r\n"
}

func (g generator) chunks(b []byte) string {
	var out strings.Builder
	for len(b) > 0 {
		n := 1 + g.IntN(len(b))
		fmt.Fprintf(&out, g.pick("%x", "%X", "00%x"), n)
		out.WriteString(g.pick("", "", ";a=b", ";a=\"b c\"") + "\r\n")
		out.Write(b[:n])
		out.WriteString("\r\n")
		b = b[n:]
	}
	out.WriteString("0\r\n")
	for i := range g.IntN(3) {
		fmt.Fprintf(&out, "T-%d: %d\r\n", i, g.IntN(100))
	}
	return out.String() + "\r\n"
}

func (g generator) request() string {
	line := g.pick("GET", "POST", "HEAD", "PROPFIND", "OPTIONS") + " " + g.pick("/", "/a/b?c=d", "http://h/x", "/%20") + " HTTP/1." + g.pick("1", "1", "1") + "\r\nHost: h\r\n"
	if g.IntN(2) == 0 {
		return line + g.fields() + "\r\n"
	}
	return line + g.body()
}

func (g generator) response() string {
	status := 200 + g.IntN(400)
	line := "HTTP/1.1 " + strconv.Itoa(status) + " " + g.pick("OK", "", "Not Found") + "\r\n"
	if status == 204 || status == 304 {
		return line + g.fields() + "\r\n"
	}
	return line + g.body()
}

// On what is well formed, net/http has the same opinion of the start line,
// the fields, the body's size and the trailers.
func TestAgainstNetHTTP(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(3, 4))}
	for round := range 3000 {
		request, response := g.request(), g.response()
		pool := NewPool(Limits{})
		r := &recorder{pool: pool, keep: true}
		var c Conn
		c.Init(pool, r, false)
		for dir, data := range []string{request, response} {
			for b := []byte(data); len(b) > 0; {
				n := 1 + g.IntN(len(b))
				c.Data(Direction(dir), capture.NewFrame(0, 1, 0), b[:n])
				b = b[n:]
			}
		}
		asked, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request)))
		if err != nil {
			t.Fatalf("net/http: %v\n%q", err, request)
		}
		requestBody, _ := io.ReadAll(asked.Body)
		answered, err := http.ReadResponse(bufio.NewReader(strings.NewReader(response)), asked)
		if err != nil {
			t.Fatalf("net/http: %v\n%q", err, response)
		}
		responseBody, _ := io.ReadAll(answered.Body)
		if asked.Method == "HEAD" && !bytes.HasSuffix([]byte(response), []byte("\r\n\r\n")) {
			continue // the generator's body to HEAD is surplus
		}
		if len(r.kept) != 1 {
			t.Fatalf("round %d: %d transactions of\n%q\n%q", round, len(r.kept), request, response)
		}
		tx := r.kept[0]
		if string(tx.Request.Start.Method) != asked.Method || string(tx.Request.Start.Target) != asked.RequestURI || tx.Response.Start.Status != answered.StatusCode {
			t.Fatalf("start lines differ: %s, %s", describe(tx.Request), describe(tx.Response))
		}
		compare(t, tx.Request, asked.Header, asked.Trailer, requestBody)
		compare(t, tx.Response, answered.Header, answered.Trailer, responseBody)
	}
}

func compare(t *testing.T, m *Message, header, trailer http.Header, body []byte) {
	t.Helper()
	if m.Body.Least() != uint64(len(body)) || m.End != Complete || m.Flaws != 0 {
		t.Fatalf("%s: net/http reads %d bytes", describe(m), len(body))
	}
	for _, x := range []struct {
		ours   *Header
		theirs http.Header
	}{{&m.Header, header}, {&m.Trailer, trailer}} {
		for name, values := range x.theirs {
			var got []string
			for v := range x.ours.Values(name) {
				got = append(got, string(v))
			}
			if !slices.Equal(got, values) {
				t.Fatalf("%s: %q, net/http has %q", name, got, values)
			}
		}
	}
}
