package timeline

// Traits are plain facts of a connection that have a name in reports. They
// are no findings: nothing need be wrong.
type Traits uint64

// The traits.
const (
	TLSFullHandshake Traits = 1 << iota
	TLSResumedHandshake
	TCPFastOpen // data in the SYN, accepted
	HTTP2Cleartext
	HTTP2TLS
	WebSocketUpgrade
	ConnectTunnel
	ProtocolUpgrade // to something else than WebSocket or HTTP/2
	Pipelining      // a request was sent before the response to the one before it had come; set when it is seen
	ParallelConnections
	Preconnected  // opened well before its first request
	NotHTTP       // payload that is neither HTTP nor TLS
	ProxyProtocol // a PROXY protocol preface (HAProxy) before the first request

	// What its time went into, and what happened to its packets on the way.
	DelayedACKHarmless     // ACKs waited for their timer and nobody waited for them
	ServerThinkTime        // the server application takes its time
	ClientThinkTime        // the client application lets time pass between transactions
	ApplicationLimited     // an application delivers a message in pieces
	RateLimited            // a queue stands before a bottleneck
	PacedSending           // the sender's stack spreads packets though the window is open
	PacketLoss             // packets were lost on the way
	FastRetransmit         // a loss was repaired without waiting for a timer
	SpuriousRetransmission // bytes were sent again that had arrived
	Reordering             // packets overtook each other
)

// otherProtocols are the traits of connections on which there are no HTTP/1
// transactions, or no more of them.
const otherProtocols = HTTP2Cleartext | HTTP2TLS | WebSocketUpgrade | ConnectTunnel | ProtocolUpgrade | NotHTTP

// unexplained are those of which nothing is read into silences: streams side
// by side, and what is no protocol of questions and answers for all one knows.
const unexplained = HTTP2Cleartext | HTTP2TLS | NotHTTP

var traitNames = [...]string{
	"tls-full-handshake", "tls-resumed-handshake", "tcp-fast-open", "http2-cleartext", "http2-tls",
	"websocket-upgrade", "connect-tunnel", "protocol-upgrade", "pipelining", "parallel-connections",
	"preconnected", "not-http", "proxy-protocol",
	"delayed-ack-harmless", "server-think-time", "client-think-time", "application-limited", "rate-limited",
	"paced-sending", "packet-loss", "fast-retransmit", "spurious-retransmission", "reordering",
}

// Is reports whether any of the traits in t is among ts.
func (ts Traits) Is(t Traits) bool { return ts&t != 0 }

// Names are the traits as they stand in reports, in a fixed order.
func (ts Traits) Names() []string {
	names := []string{}
	for i, n := range traitNames {
		if ts&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return names
}

// TraitNames lists every trait there is, for the published schema.
func TraitNames() []string { return append([]string(nil), traitNames[:]...) }

// TraitName is the name of the trait with that bit.
func TraitName(bit int) string { return traitNames[bit] }
