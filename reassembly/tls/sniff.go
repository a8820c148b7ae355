package tls

const (
	headerLen = 5
	// maxRecord is the longest length field in use: 2^14 and 2048 bytes of
	// expansion up to TLS 1.2 (RFC 5246 §6.2.3), 256 in TLS 1.3.
	maxRecord = 1<<14 + 2048
)

// IsRecord reports whether b starts with a plausible record header: a known
// content type, a version from SSL 3.0 to TLS 1.3 and a length within bounds.
// Fewer than 5 bytes are never plausible.
func IsRecord(b []byte) bool {
	return len(b) >= headerLen &&
		b[0] >= typeCCS && b[0] <= typeHeartbeat &&
		b[1] == 3 && b[2] <= 4 &&
		int(b[3])<<8|int(b[4]) <= maxRecord
}

// IsClientHello reports whether b starts like a connection's first bytes from
// a TLS client: a handshake record with a ClientHello (RFC 8446 §4.1.2). It
// needs 6 bytes; what it sees of the next 5 must fit too.
func IsClientHello(b []byte) bool {
	if !IsRecord(b) || len(b) < 6 || b[0] != typeHandshake || b[5] != helloClient {
		return false
	}
	if int(b[3])<<8|int(b[4]) < 4 {
		return false
	}
	// 24 bits of length with the first byte set would be 64 KiB and more.
	if len(b) > 6 && b[6] != 0 {
		return false
	}
	return len(b) <= 9 || b[9] == 3
}
