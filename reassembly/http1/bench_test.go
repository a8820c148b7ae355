package http1

import (
	"bytes"
	"testing"

	"connlint/capture"
)

// discardHandler gives everything back at once.
type discardHandler struct{ pool *Pool }

func (d discardHandler) MessageStart(*Message)                         {}
func (d discardHandler) Head(*Message)                                 {}
func (d discardHandler) MessageEnd(*Message)                           {}
func (d discardHandler) Surplus(Direction, int, uint64, capture.Frame) {}
func (d discardHandler) Transaction(t *Transaction)                    { d.pool.Release(t) }
func (d discardHandler) Switched(Protocol, capture.Frame)              {}

const (
	browserGet = "GET /static/app.js?v=17 HTTP/1.1\r\nHost: shop.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\n" +
		"Accept: */*\r\nAccept-Encoding: gzip, deflate, br\r\nAccept-Language: en-GB,en;q=0.9\r\nReferer: http://shop.example.com/\r\n" +
		"Cookie: session=0123456789abcdef; theme=dark\r\nConnection: keep-alive\r\n\r\n"
	serverHead = "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Type: text/javascript\r\n" +
		"Last-Modified: Wed, 31 Dec 2025 00:00:00 GMT\r\nETag: \"abc\"\r\nCache-Control: max-age=3600\r\nConnection: keep-alive\r\n"
)

func benchConn() (*Conn, capture.Frame) {
	pool := NewPool(Limits{})
	c := new(Conn)
	c.Init(pool, discardHandler{pool}, false)
	return c, capture.NewFrame(0, 1, 1)
}

// A small request and a small response, each in one segment.
func BenchmarkKeepAlive(b *testing.B) {
	c, frame := benchConn()
	request := []byte(browserGet)
	response := []byte(serverHead + "Content-Length: 5\r\n\r\nhello")
	b.SetBytes(int64(len(request) + len(response)))
	b.ReportAllocs()
	for b.Loop() {
		c.Data(Request, frame, request)
		c.Data(Response, frame, response)
	}
}

// A segment of a body of known length.
func BenchmarkBody(b *testing.B) {
	c, frame := benchConn()
	c.Data(Request, frame, []byte(browserGet))
	c.Data(Response, frame, []byte(serverHead+"Content-Length: 9000000000000000000\r\n\r\n"))
	segment := make([]byte, 1448)
	b.SetBytes(int64(len(segment)))
	b.ReportAllocs()
	for b.Loop() {
		c.Data(Response, frame, segment)
	}
}

// A segment of chunks of 8 KiB, cut where TCP cuts.
func BenchmarkChunked(b *testing.B) {
	c, frame := benchConn()
	c.Data(Request, frame, []byte(browserGet))
	c.Data(Response, frame, []byte(serverHead+"Transfer-Encoding: chunked\r\n\r\n"))
	chunk := append(append([]byte("2000\r\n"), make([]byte, 8192)...), "\r\n"...)
	stream := bytes.Repeat(chunk, 1448/2) // a whole number of segments
	at := 0
	b.SetBytes(1448)
	b.ReportAllocs()
	for b.Loop() {
		c.Data(Response, frame, stream[at:at+1448])
		if at += 1448; at == len(stream) {
			at = 0
		}
	}
}

// Binary data behind a hole, searched for a start line.
func BenchmarkResync(b *testing.B) {
	c, frame := benchConn()
	c.Init(c.pool, c.handler, true)
	segment := make([]byte, 1448)
	x := uint32(1)
	for i := range segment {
		x = x*1664525 + 1013904223
		segment[i] = byte(x >> 24)
	}
	b.SetBytes(int64(len(segment)))
	b.ReportAllocs()
	for b.Loop() {
		c.Data(Response, frame, segment)
	}
}
