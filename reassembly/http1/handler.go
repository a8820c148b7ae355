package http1

import "connlint/capture"

// Handler is told what a connection says. Arguments are borrowed for the
// call, but for the transaction that Transaction hands over. The handler may
// ask the Conn (Open, Outstanding), not feed it.
type Handler interface {
	// MessageStart: the start line of a message is whole.
	MessageStart(*Message)
	// Head: the head is whole, its fields are read, its framing is decided.
	Head(*Message)
	// MessageEnd: the message ended; its End says how.
	MessageEnd(*Message)
	// Surplus: n bytes that belong to no message follow the end of the one
	// in direction dir of transaction index.
	Surplus(dir Direction, index int, n uint64, frame capture.Frame)
	// Transaction hands over a transaction that is done with.
	Transaction(*Transaction)
	// Switched: the connection speaks something else from here on, and the
	// Conn is deaf. All transactions have been handed over.
	Switched(Protocol, capture.Frame)
}

// Protocol is what is spoken where HTTP/1 ends.
type Protocol uint8

// The protocols.
const (
	NotHTTP   Protocol = iota // it never was HTTP
	TLS                       // a TLS record in place of a message
	HTTP2                     // by its preface, or by "Upgrade: h2c"
	WebSocket                 // 101 with "Upgrade: websocket" (RFC 6455)
	Upgraded                  // 101 to something else
	Tunnel                    // 2xx to CONNECT (RFC 9110 §9.3.6)
)

// String is the protocol's name.
func (p Protocol) String() string {
	return [...]string{"not HTTP", "TLS", "HTTP/2", "WebSocket", "upgraded", "tunnel"}[p]
}

// GapKind is why bytes are missing.
type GapKind uint8

// The kinds of gap.
const (
	Hole    GapKind = iota // the capture has no packet with these bytes
	Snaplen                // it has, but cut
)

func (k GapKind) end() End {
	if k == Snaplen {
		return CutBySnaplen
	}
	return CutByGap
}
