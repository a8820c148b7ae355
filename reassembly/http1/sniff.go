package http1

import (
	"bytes"
	"encoding/binary"
)

// Kind is what the first bytes of one direction of a connection are.
type Kind uint8

// The kinds.
const (
	NeedMore      Kind = iota // too few bytes to tell
	Unknown                   // none of those below
	RequestKind               // an HTTP/1 request line
	ResponseKind              // an HTTP/1 status line
	TLSClient                 // a TLS record with a ClientHello
	TLSServer                 // a TLS record with a ServerHello
	TLSOther                  // another TLS record: the handshake is past
	HTTP2Preface              // a client that speaks HTTP/2 (RFC 9113 §3.4)
	HTTP2Settings             // a server that does
	ProxyHeader               // a PROXY protocol header, version 1 or 2
)

const (
	crlf         = "\r\n"
	http2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	proxyV1      = "PROXY "
	sshGreeting  = "SSH-" // RFC 4253 §4.2
	maxProxyV1   = 105    // without its line end
	proxyV2      = "\r\n\r\n\x00\r\nQUIT\n"
	// maxUndecided bounds how long a line with a method that nobody knows is
	// waited for.
	maxUndecided = 4096
)

// Sniff tells what a direction's first bytes are, on whatever port. It
// serves to find HTTP at all, and to tell client from server where a capture
// starts in the middle of a connection. Line ends before a request are passed
// over (RFC 9112 §2.2).
func Sniff(b []byte) Kind {
	if k := sniffServer(b); k != Unknown {
		return k
	}
	for _, known := range [...]struct {
		prefix string
		kind   Kind
	}{{http2Preface[:16], HTTP2Preface}, {proxyV1, ProxyHeader}, {proxyV2, ProxyHeader}} {
		n := min(len(b), len(known.prefix))
		if string(b[:n]) != known.prefix[:n] {
			continue
		}
		if n == len(known.prefix) {
			return known.kind
		}
		return NeedMore
	}
	return knownStart(trimStrays(b))
}

// sniffServer knows what a server may begin with, and TLS.
func sniffServer(b []byte) Kind {
	switch v, _ := statusViable(b); v {
	case certain:
		return ResponseKind
	case viable:
		return NeedMore
	}
	if len(b) < len(sshGreeting) && string(b) == sshGreeting[:len(b)] {
		return NeedMore
	}
	switch b[0] {
	case 0x14, 0x15, 0x16, 0x17:
		return sniffTLS(b)
	case 0x00:
		return sniffSettings(b)
	}
	return Unknown
}

func trimStrays(b []byte) []byte { return bytes.TrimLeft(b, "\r\n") }

// knownStart judges a request line, whole or not.
func knownStart(b []byte) Kind {
	line, _, whole := bytes.Cut(b, []byte{'\n'})
	if !requestViable(line, 0, false) {
		return Unknown
	}
	if whole {
		line, _ = trimLine(b[:len(line)+1])
		if _, _, ok := parseRequestLine(line, true); ok {
			return RequestKind
		}
		return Unknown
	}
	if method, target, ok := bytes.Cut(line, []byte{' '}); ok && knownMethod(method) && len(target) > 0 {
		return RequestKind
	}
	if len(line) >= maxUndecided {
		return Unknown
	}
	return NeedMore
}

// sniffTLS takes a record header (RFC 8446 §5.1) and, of a handshake record,
// the message type behind it.
func sniffTLS(b []byte) Kind {
	switch {
	case len(b) > 1 && b[1] != 3, len(b) > 2 && b[2] > 4:
		return Unknown
	case len(b) < 6:
		return NeedMore
	}
	// 2^14 bytes and what encryption may add before version 1.3.
	if n := binary.BigEndian.Uint16(b[3:]); n == 0 || n > 1<<14+2048 {
		return Unknown
	}
	if b[0] == 0x16 {
		switch b[5] {
		case 1:
			return TLSClient
		case 2:
			return TLSServer
		}
	}
	return TLSOther
}

// sniffSettings takes the header of an HTTP/2 SETTINGS frame without ACK on
// stream 0 (RFC 9113 §6.5), which a server's first frame must be.
func sniffSettings(b []byte) Kind {
	const zeros = "\x04\x00\x00\x00\x00\x00"
	for i := 3; i < min(len(b), 9); i++ {
		if b[i] != zeros[i-3] {
			return Unknown
		}
	}
	if len(b) < 9 {
		return NeedMore
	}
	if n := int(b[1])<<8 | int(b[2]); n%6 != 0 {
		return Unknown
	}
	return HTTP2Settings
}
