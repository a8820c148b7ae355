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
