package http1

import (
	"slices"
	"strings"
	"testing"
)

type script struct {
	name      string
	midstream bool
	ops       []op
}

const (
	get  = "> GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
	getB = "> GET /b HTTP/1.1\r\nHost: h\r\n\r\n"
	getC = "> GET /c HTTP/1.1\r\nHost: h\r\n\r\n"
	ok5  = "< HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
	ok3  = "< HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
	te   = "< HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
)

// framings hold no gap and do not start in the middle: they must come out the
// same however the bytes are cut.

func framings() []script {
	return []script{
		{name: "plain", ops: []op{get, ok5}},
		{name: "keep-alive", ops: []op{get, ok5, getB, ok3}},
		{name: "post", ops: []op{"> POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", ok5}},
		{name: "HEAD with length", ops: []op{"> HEAD /a HTTP/1.1\r\n\r\n", "< HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", getB, ok5}},
		{name: "HEAD chunked", ops: []op{"> HEAD /a HTTP/1.1\r\n\r\n", te, getB, ok5}},
		{name: "304 with length", ops: []op{get, "< HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n", getB, ok5}},
		{name: "204", ops: []op{get, "< HTTP/1.1 204 No Content\r\n\r\n", getB, ok5}},
		{name: "204 with length", ops: []op{get, "< HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", getB, ok5}},
		{name: "205 goes by its length", ops: []op{get, "< HTTP/1.1 205 Reset\r\nContent-Length: 0\r\n\r\n", getB, ok5}},
		{name: "100 then 200", ops: []op{"> POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n", "< HTTP/1.1 100 Continue\r\n\r\n", "> abc", ok5}},
		{name: "103, 102, 200", ops: []op{get, "< HTTP/1.1 103 Early Hints\r\nLink: </s>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n", ok5, getB, ok3}},
		{name: "100 with a length is no body", ops: []op{get, "< HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n", ok5}},
		{name: "websocket", ops: []op{get, ok5, "> GET /w HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "< HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\n\r\n\x81\x05hello", "> GET /no HTTP/1.1\r\n\r\n"}},
		{name: "upgrade to h2c", ops: []op{"> GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n", "< HTTP/1.1 101 X\r\nUpgrade: h2c\r\n\r\n"}},
		{name: "upgrade to something", ops: []op{"> POST / HTTP/1.1\r\nContent-Length: 3\r\nUpgrade: tcp\r\n\r\nab", "< HTTP/1.1 101 X\r\nUpgrade: tcp\r\n\r\n"}},
		{name: "CONNECT", ops: []op{"> CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", "< HTTP/1.1 200 OK\r\n\r\n", "> \x16\x03\x01GET / HTTP/1.1\r\n\r\n"}},
		{name: "CONNECT with length", ops: []op{"> CONNECT h:443 HTTP/1.1\r\n\r\n", "< HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"}},
		{name: "CONNECT refused", ops: []op{"> CONNECT h:443 HTTP/1.1\r\n\r\n", "< HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno", getB, ok5}},
		{name: "pipelined", ops: []op{get + "GET /b HTTP/1.1\r\n\r\nHEAD /c HTTP/1.1\r\n\r\n", ok5 + "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"}},
		{name: "pipeline cut", ops: []op{get + getB[2:] + getC[2:], ok5, "<fin", ">fin"}},
		{name: "early response", ops: []op{"> POST /a HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc", "< HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n", "> def", getB, ok5}},
		{name: "early response, upload given up", ops: []op{"> POST /a HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc", "< HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n", "<fin", ">rst"}},
		{name: "half-close by the client", ops: []op{get, ">fin", "< HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe", "< llo", "<fin"}},
		{name: "until close", ops: []op{get, "< HTTP/1.0 200 OK\r\n\r\nabc", "< def", "<fin"}},
		{name: "until close, reset", ops: []op{get, "< HTTP/1.0 200 OK\r\n\r\nabc", "<rst"}},
		{name: "until close, capture ends", ops: []op{get, "< HTTP/1.0 200 OK\r\n\r\nabc"}},
		{name: "length cut by close", ops: []op{get, "< HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", "<fin"}},
		{name: "length cut by reset", ops: []op{get, "< HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", "<rst"}},
		{name: "response head cut", ops: []op{get, "< HTTP/1.1 200 OK\r\nServer: x", "<fin"}},
		{name: "status line cut", ops: []op{get, "< HTTP/1.1 20", "<fin"}},
		{name: "request head cut", ops: []op{"> GET /a HTTP/1.1\r\nHo", ">fin"}},
		{name: "request line cut", ops: []op{"> GET /a HT", ">fin"}},
		{name: "request line hardly begun", ops: []op{"> GE", ">fin"}},
		{name: "no response", ops: []op{get, "<fin", ">fin"}},
		{name: "no response, capture ends", ops: []op{get}},
		{name: "request into a closed connection", ops: []op{get, ok5, "<fin", getB, ">rst"}},
		{name: "408 unasked", ops: []op{get, ok5, "< HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n", "<fin"}},
		{name: "408 at once", ops: []op{"< HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n", "<fin"}},
		{name: "408 to half a request", ops: []op{"> GET /a HTTP/1.1\r\nHost", "< HTTP/1.1 408 T\r\nContent-Length: 0\r\n\r\n", "<fin", ">fin"}},
		{name: "408 to half a request line", ops: []op{"> GET /a HT", "< HTTP/1.1 408 T\r\nContent-Length: 0\r\n\r\n", "<fin", ">fin"}},
		{name: "half a request line answered goes on", ops: []op{"> GET /a HT", "< HTTP/1.1 408 T\r\nContent-Length: 0\r\n\r\n", "> TP/1.1\r\nHost: h\r\n\r\n"}},

		{name: "HTTP/0.9", ops: []op{"> GET /a\r\n", "< <html>", "< more", "<fin"}},
		{name: "HTTP/0.9, short body", ops: []op{"> GET /a\r\n", "< HT", "<fin"}},
		{name: "HTTP/0.9, answered with a head", ops: []op{"> GET /a\r\n", ok5, "<fin"}},
		{name: "HTTP/0.9 near miss", ops: []op{"> GET a\r\n", "< 550\r\n"}},
		{name: "headless response", ops: []op{get, "< <html>", "<fin"}},
		{name: "HTTP/1.0 Keep-Alive", ops: []op{"> GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "< HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", "> GET /b HTTP/1.0\r\n\r\n"}},
		{name: "odd versions", ops: []op{"> GET /a HTTP/1.10\r\n\r\n", "< HTTP/3.7 200 OK\r\nContent-Length: 3\r\n\r\nabc"}},
		{name: "misspelt request line", ops: []op{"> GET / HTTP/1.\r\nHost: h\r\n\r\n", "< HTTP/1.0 400 Bad Request\r\n\r\n", "<fin"}},
		{name: "misspelt near miss", ops: []op{"> GET key\r\n", "< VALUE\r\n"}},
		{name: "space in the target", ops: []op{"> GET /a b HTTP/1.1\r\n\r\n", ok5}},
		{name: "WebDAV and unknown methods", ops: []op{"> PROPFIND /a HTTP/1.1\r\n\r\n", ok5, "> M-SEARCH * HTTP/1.1\r\n\r\n", ok5, "> BREW /pot HTTP/1.1\r\n\r\n", ok5}},
		{name: "method beyond the limit", ops: []op{"> " + strings.Repeat("A", 33) + " / HTTP/1.1\r\n\r\n", "< +OK"}},

		{name: "leading CRLF", ops: []op{"> \r\n\r\n" + get[2:], ok5, "> \n" + getB[2:], ok5}},
		{name: "CRLF behind a POST", ops: []op{"> POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc\r\n", ok5, getB, ok5}},
		{name: "CRLF behind an answered POST", ops: []op{"> POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", ok5, "> \r\n", getB, ok5}},
		{name: "bare LF", ops: []op{"> GET /a HTTP/1.1\nHost: h\n\n", "< HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"}},
		{name: "bare LF in fields only", ops: []op{"> GET /a HTTP/1.1\r\nHost: h\nA: b\r\n\n", ok5}},
		{name: "obsolete folding", ops: []op{get, "< HTTP/1.1 200 OK\r\nContent-Length:\r\n 5\r\nX: a,\r\n\tb\r\n  \r\n\r\nhello"}},
		{name: "space before the colon", ops: []op{"> POST /a HTTP/1.1\r\nContent-Length : 3\r\n\r\nabc", ok5}},
		{name: "lines that are no fields", ops: []op{"> GET /a HTTP/1.1\r\n folded\r\nnothing\r\n: empty\r\nA(b): c\r\n\r\n", ok5}},

		{name: "equal lengths", ops: []op{get, "< HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\nContent-Length: 5\r\n\r\nhello"}},
		{name: "differing lengths", ops: []op{get, "< HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nhello", getB, ok5}},
		{name: "length is no number", ops: []op{get, "< HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", getB, ok5}},
		{name: "length with a sign", ops: []op{"> POST /a HTTP/1.1\r\nContent-Length: +3\r\n\r\nabc", ok5, "> \r\n" + getB[2:], ok5}},
		{name: "largest length", ops: []op{get, "< HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\nabc", "<fin"}},
		{name: "length beyond 2^63", ops: []op{get, "< HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\nabc", "<fin"}},
		{name: "empty length", ops: []op{get, "< HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nabc", "<fin"}},
		{name: "length too short, then close", ops: []op{get, ok5 + "surplus", "<fin"}},
		{name: "length too short, then more", ops: []op{get, ok5 + "surpHTHTTP/lus", getB, ok3 + "HTTP/1.1 99", "< HTTP/1.1 2000 ", getC, "< xHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}},
		{name: "length too short, pipelined", ops: []op{get + getB[2:], ok5 + "surplus" + ok3[2:]}},
		{name: "body to HEAD", ops: []op{"> HEAD /a HTTP/1.1\r\n\r\n", ok5, getB, ok5}},
		{name: "request length too short", ops: []op{"> POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc{\"d\":1}\n" + getB[2:], ok5, ok3}},
		{name: "stray status-like text in a body", ops: []op{get, "< HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", getB, ok5}},

		{name: "chunked", ops: []op{get, te + "5\r\nhello\r\n0\r\n\r\n", getB, ok5}},
		{name: "chunked, fancy", ops: []op{get, te + "0005;a=b;c=\"d;e\"\r\nhello\r\n1A \r\nabcdefghijklmnopqrstuvwxyz\r\na\r\n0123456789\r\n000\r\nX-A: 1\r\nX-B: 2\r\n\r\n", getB, ok5}},
		{name: "chunked request", ops: []op{"> POST /a HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + getB[2:], ok5, ok3}},
		{name: "chunked with bare LF", ops: []op{get, te + "5\nhello\n0\n\n", getB, ok5}},
		{name: "chunked and length", ops: []op{get, "< HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", getB, ok5}},
		{name: "chunked in 1.0", ops: []op{get, "< HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "<fin"}},
		{name: "gzip, chunked", ops: []op{get, "< HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: , chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", getB, ok5}},
		{name: "chunked, gzip", ops: []op{get, "< HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "<fin"}},
		{name: "chunked twice", ops: []op{get, "< HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", getB, ok5}},
		{name: "quoted chunked is not chunked", ops: []op{get, "< HTTP/1.1 200 OK\r\nTransfer-Encoding: x;y=\"a, chunked\"\r\n\r\nhello", "<fin"}},
		{name: "identity", ops: []op{get, "< HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello", getB, ok5}},
		{name: "request with an unknown coding", ops: []op{"> POST /a HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nhello", "< HTTP/1.1 501 No\r\nContent-Length: 0\r\n\r\n", "> \r\n" + getB[2:], ok5}},
		{name: "last chunk missing", ops: []op{get, te + "5\r\nhello\r\n", "<fin"}},
		{name: "cut within a chunk", ops: []op{get, te + "5\r\nhel", "<fin"}},
		{name: "cut within the trailer", ops: []op{get, te + "5\r\nhello\r\n0\r\n", "<fin"}},
		{name: "chunk size wrong", ops: []op{get, te + "3\r\nhello\r\n0\r\n\r\n", "<fin"}},
		{name: "chunk size too large", ops: []op{get, te + "20\r\nhello\r\n0\r\n\r\n", "<fin"}},
		{name: "chunk size too large, capture ends", ops: []op{get, te + "20\r\nhello\r\n0\r\n\r\n"}},
		{name: "chunk size wrong, then the next", ops: []op{get, te + "3\r\nhello\r\n0\r\n\r\n", getB, ok5}},
		{name: "chunk size no number", ops: []op{get, te + "xyz\r\nhello", "<fin"}},
		{name: "chunk size empty", ops: []op{get, te + "\r\nhello", "<rst"}},
		{name: "chunk size negative", ops: []op{get, te + "-1\r\nhello", "<fin"}},
		{name: "chunk size with 0x", ops: []op{get, te + "0x5\r\nhello", "<fin"}},
		{name: "chunk size, CR alone", ops: []op{get, te + "5\rx\r\nhello", "<fin"}},
		{name: "chunk size largest", ops: []op{get, te + "7fffffffffffffff\r\nhello", "<fin"}},
		{name: "chunk size beyond 2^63", ops: []op{get, te + "8000000000000000\r\nhello", "<fin"}},
		{name: "chunk size with zeros in front", ops: []op{get, te + "00000000000000000000005\r\nhello\r\n0\r\n\r\n", "<fin"}},
		{name: "second last chunk", ops: []op{get, te + "5\r\nhello\r\n0\r\n\r\n0\r\n\r\n", getB, ok5}},
		{name: "request chunk size wrong", ops: []op{"> POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n", ok5, getB, ok5}},

		{name: "TLS", ops: []op{"> \x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "< \x16\x03\x03\x00\x7a\x02"}},
		{name: "TLS server first seen", ops: []op{"< \x16\x03\x03\x00\x7a\x02\x00"}},
		{name: "HTTP/2", ops: []op{"> PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00", "< \x00\x00\x06\x04\x00\x00\x00\x00\x00"}},
		{name: "HTTP/2, server first", ops: []op{"< \x00\x00\x06\x04\x00\x00\x00\x00\x00"}},
		{name: "SSH", ops: []op{"< SSH-2.0-x\r\n"}},
		{name: "GET to an SSH server", ops: []op{get, "< SSH-2.0-x\r\n"}},
		{name: "SMTP", ops: []op{"< 220 mail ready\r\n"}},
		{name: "FTP-like client", ops: []op{"> USER joe\r\n", "< 331 go on\r\n"}},
		{name: "garbage", ops: []op{"> \x05\x01\x02", "< \x05\x00"}},
		{name: "TLS near miss", ops: []op{"> \x16\x04\x01\x02\x00\x01", "< \x05\x00"}},
		{name: "request spoilt beyond recognition", ops: []op{"> GET/HTTP/1.1\r\n\r\n", "< HTTP/1.1 400 Bad Request\r\nContent-Length: 5\r\n\r\nhello", getB, ok5}},
		{name: "nobody answers garbage", ops: []op{"> \x05\x01\x02", ">fin"}},
		{name: "PROXY v1", ops: []op{"> PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n" + get[2:], ok5}},
		{name: "PROXY v2", ops: []op{"> " + proxyV2 + "\x21\x11\x00\x0c\x0a\x00\x00\x01\x0a\x00\x00\x02\x00\x01\x00\x02" + get[2:], ok5}},
		{name: "PROXY v2, local", ops: []op{"> " + proxyV2 + "\x20\x00\x00\x00" + get[2:], ok5}},
		{name: "PROXY v1, then TLS", ops: []op{"> PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n\x16\x03\x01\x02\x00\x01"}},
		{name: "PROXY v2 near miss", ops: []op{"> \r\n\r\n\x00\r\nQUIX\n"}},
	}
}

// holes hold gaps or start in the middle.
func holes() []script {
	body := "< HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"
	return []script{
		{name: "gap within a body", ops: []op{get, body, "<gap 3", "< 89", getB, ok5}},
		{name: "gap up to the end of a body", ops: []op{get, body, "<gap 5", getB, ok5}},
		{name: "gap across the end of a body", ops: []op{get, body, "<gap 6", "< rest\r\n", getB, ok5}},
		{name: "gap of unknown size in a body", ops: []op{get, body, "<gap 0", getB, ok5}},
		{name: "gap in a body until close", ops: []op{get, "< HTTP/1.0 200 OK\r\n\r\nabc", "<gap 7", "< z", "<fin"}},
		{name: "gap in a head", ops: []op{get, "< HTTP/1.1 200 OK\r\nContent-", "<gap 20", "< hello", getB, ok5}},
		{name: "gap in a status line", ops: []op{get, "< HTTP/1.", "<gap 20", "< hello", getB, ok5}},
		{name: "gap in a request head", ops: []op{"> GET /a HTTP/1.1\r\nHo", ">gap 9", ok5, getB, ok3}},
		{name: "gap in a request line", ops: []op{"> GET /a", ">gap 9", ok5, getB, ok3}},
		{name: "gap in a request's body", ops: []op{"> POST /a HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc", ">gap 6", ok5, getB, ok3}},
		{name: "gap in a chunk", ops: []op{get, te + "a\r\nhello", "<gap 3", "< 89\r\n0\r\n\r\n", getB, ok5}},
		{name: "gap of a whole chunk's data", ops: []op{get, te + "a\r\n", "<gap 10", "< \r\n0\r\n\r\n", getB, ok5}},
		{name: "gap across a chunk", ops: []op{get, te + "a\r\nhello", "<gap 12", "< 5\r\nhello\r\n0\r\n\r\n", getB, ok5}},
		{name: "gap in a chunk size", ops: []op{get, te + "a", "<gap 1", "< hello", getB, ok5}},
		{name: "gap in a trailer", ops: []op{get, te + "0\r\nX", "<gap 1", "< hello", getB, ok5}},
		{name: "response dropped", ops: []op{get, "<gap 44", getB, ok5}},
		{name: "response dropped, seen late", ops: []op{get, ok3, getB, getC, "<gap 44", ok5}},
		{name: "response head dropped, body seen", ops: []op{get, "<gap 40", "< hello", getB, ok5}},
		{name: "two responses dropped", ops: []op{get, getB, getC, "<gap 88", ok5}},
		{name: "response dropped, then the capture ends", ops: []op{get, "<gap 44"}},
		{name: "request dropped", ops: []op{get, ok5, ok3, ">gap 30", getC, ok5}},
		{name: "gap in pipelined responses", ops: []op{get + getB[2:], ok5, ok3, get + getB[2:] + getC[2:], "<gap 44", ok5, ok3}},
		{name: "pipelined in one frame, first response dropped", ops: []op{get + getB[2:] + getC[2:], "<gap 44", ok5, ok3}},
		{name: "snaplen", ops: []op{"> GET /a HTTP/1.1\r\nHo", ">cut 9", "< HTTP/1.1 200 OK\r\nCo", "<cut 100", "< body in a segment", "<cut 100",
			"> GET /b HTTP/1.1\r\nHo", ">cut 9", "< HTTP/1.1 304 Not M", "<cut 50"}},
		{name: "snaplen, websocket", ops: []op{"> GET /w HTTP/1.1\r\nUpgrade: websocket\r\nX", ">cut 9", "< HTTP/1.1 101 Swit", "<cut 50", "> GET /no HTTP/1.1\r\n\r\n"}},
		{name: "snaplen, websocket, fields seen", ops: []op{"> GET /w HTTP/1.1\r\nUpgrade: websocket\r\nX", ">cut 9", "< HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nX", "<cut 50", "> GET /no HTTP/1.1\r\n\r\n"}},
		{name: "snaplen, long target", ops: []op{"> HEAD /a/very/long", ">cut 90", "< HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", "> GET /b HTTP/1.1\r\nX", ">cut 90", ok3}},
		{name: "snaplen in a body", ops: []op{get, "< HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello", "<cut 395", "< x", "<cut 99", getB, ok5}},
		{name: "start line behind a hole only at a line's start", ops: []op{get, "<gap 10", "< xHTTP/1.1 404 No\r\n\r\n", "< a\r\nHTTP/1.1 201 OK\r\nContent-Length: 0\r\n\r\n"}},
		{name: "text behind a hole is no request", ops: []op{get, ok5, ">gap 10", "> get / HTTP/1.1\r\nab GET / HTTP/1.1\r\nGO / HTTP/1.1\r\nGET /b HTTP/1.1\r\n\r\n", ok5}},
		{name: "starts in a response", midstream: true, ops: []op{"< of a body", "< and more", get, ok5, getB, ok5}},
		{name: "starts before a response", midstream: true, ops: []op{ok3, get, ok5}},
		{name: "starts between request and 100", midstream: true, ops: []op{"< HTTP/1.1 100 Continue\r\n\r\n", ok3, get, ok5}},
		{name: "100 and no more", midstream: true, ops: []op{"< HTTP/1.1 100 Continue\r\n\r\n", get, ok5}},
		{name: "starts in TLS", midstream: true, ops: []op{"> \x17\x03\x03\x00\x20abcdef"}},
		{name: "one direction", midstream: true, ops: []op{ok5, ok3, "< HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", ok3, ok5}},
		{name: "client only", ops: []op{get, getB, getC, ">fin"}},
		{name: "gap at once, then TLS", ops: []op{">gap 100", "> \x17\x03\x03\x00\x20abcdef"}},
	}
}

func TestScripts(t *testing.T) {
	want := wanted()
	for _, s := range slices.Concat(framings(), holes()) {
		t.Run(s.name, func(t *testing.T) {
			r := run(t, s.midstream, Limits{}, s.ops)
			got := append([]string{}, r.done...)
			for _, e := range r.events {
				if strings.HasPrefix(e, "surplus") {
					got = append(got, e)
				}
			}
			if !slices.Equal(got, want[s.name]) {
				t.Errorf("got\n\t%q,\nwant\n\t%q", strings.Join(got, "\n\t"), strings.Join(want[s.name], "\n\t"))
			}
		})
	}
	if n := len(framings()) + len(holes()); len(want) != n {
		t.Errorf("%d scripts, %d expectations", n, len(want))
	}
}
