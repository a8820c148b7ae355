package tls

import "connlint/capture"

// Kind says what a record holds, as far as can be said without keys. The
// package documentation has the heuristics for TLS 1.3.
type Kind uint8

// The kinds of record.
const (
	Unknown            Kind = iota // bytes outside any record: after a gap, or no TLS
	HandshakePlain                 // handshake messages in the clear
	HandshakeEncrypted             // Finished and, in TLS 1.3, all behind ServerHello
	ChangeCipherSpec               // of meaning up to TLS 1.2 only (RFC 8446 §5)
	Ticket                         // TLS 1.3 NewSessionTicket, a guess
	Data                           // application data, early data included
	Alert                          // certain up to TLS 1.2, a guess in TLS 1.3
	Other                          // heartbeat (RFC 6520)
)

// String is the name that reports show.
func (k Kind) String() string {
	names := [...]string{"unknown", "handshake", "handshake-encrypted", "change-cipher-spec",
		"ticket", "data", "alert", "other"}
	if int(k) < len(names) {
		return names[k]
	}
	return "invalid"
}

// Stretch is the part of one record that one piece of bytes held. A record
// has one stretch for each packet that carries some of it; its first one
// comes when the 5 bytes of its header are complete.
type Stretch struct {
	// Began is the packet with the first byte of the record's header. It may
	// be earlier than that of the first stretch.
	Began capture.Frame
	// Bytes is how many bytes of the wire this stretch covers. The header is
	// counted in the first stretch, wherever it came: over a record without
	// gap they add up to 5 + Length.
	Bytes int
	// Length is the record's length field: bytes after the header.
	Length int
	Type   uint8 // outer content type (RFC 8446 §5.1); 0 if Kind is Unknown
	Kind   Kind
	First  bool // the record's header is in it
	Last   bool // the record is complete with it
	Unsure bool // Kind is a guess that what comes later may contradict; set in the first stretch only
}

// Handler is told of records as their bytes come.
type Handler interface {
	// Record is called for each stretch in the order of the bytes, after the
	// facts that follow from it are known. frame is the packet of the bytes.
	Record(fromClient bool, frame capture.Frame, s Stretch)
}

// Outer content types (RFC 8446 §5.1, RFC 6520 §3).
const (
	typeCCS       = 20
	typeAlert     = 21
	typeHandshake = 22
	typeData      = 23
	typeHeartbeat = 24
)
