package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// Connection is a TCP connection with what was said on it.
type Connection struct {
	*reassembly.Connection
	Pair   *Pair
	Traits Traits

	// Transactions is how many were reported; Complete how many of these had
	// a whole request and a whole response.
	Transactions, Complete int
	// Busy is the time that transactions took without the set-up of the
	// connection, in nanoseconds; Idle is the time from when it was ready to
	// its end in which no transaction was under way.
	Busy, Idle int64
	// ConnectTime is the time from the first SYN to the end of the handshake,
	// ns, the wait for lost packets (RetryTime) included; TLSTime that
	// from the ClientHello to when the client could send its request. Zero if the start is not in the capture.
	ConnectTime, RetryTime, TLSTime int64
	// SetupRoundTrips is how many round trips the set-up took: one for TCP
	// and those of the TLS handshake.
	SetupRoundTrips int
	// Predecessor is the end of the latest transaction that other connections
	// of the pair had finished when this one was opened: from then on it
	// could have been asked on a connection that was already there. Zero if
	// there was none, or if others opened before it had taken their place.
	Predecessor capture.Frame
	// Spare is a connection that could have carried the first request of this
	// one instead.
	Spare Spare
	// Announced is the first word that it would not be used again.
	Announced Announcement
	// LastEnd is the end of the transaction reported last, LastAnswered of the
	// last one that had a whole request and a whole response. Zero if there was
	// none.
	LastEnd, LastAnswered capture.Frame
	// Beside is how many transactions other connections of the pair had
	// between the end of this one's last and the first FIN or RST.
	Beside int
	// Skipped is how many payload bytes of each side, by sender, were read as
	// part of no message and as no surplus of one. It is set when Close is
	// called.
	Skipped [2]uint64
	// Surplus are the messages behind which more was sent than they declared,
	// at most maxSurplus of them; SurplusOmitted is how many more there were.
	Surplus        []Surplus
	SurplusOmitted int
	// Repeated is how its opening was repeated, nil if it was not. It is set
	// when Close is called.
	Repeated *Repeated
	// Unacked is how many payload bytes of the sender of the first RST were not
	// acknowledged when that came, as far as the capture point knew.
	Unacked int
	// Behind is the latest segment with payload of a side whose peer had sent
	// its FIN before: the connection is half closed and in use (RFC 9293 §3.6).
	Behind capture.Frame
	// Nagle is what speaks for and against Nagle's algorithm at each side, by
	// sender; it is set when Close is called.
	Nagle [2]NagleEvidence
	// Stalls are writes that Nagle's algorithm held back after the connection
	// had gone over to another protocol (WebSocket, a tunnel), where there are
	// no transactions. It is set when Close is called.
	Stalls []Stall
	// KeptBack are the acknowledgements that a side kept back for too long, nil
	// where there were none.
	KeptBack [2]*KeptBack
	// Heard is when the server was last heard of.
	Heard Heard
	// Tick is the distance of two ticks of the capture's clock in ns, if that is
	// a millisecond at least; 0: it is fine, or not known.
	Tick int64
	// End is when it ended, ns since the epoch: its last packet, or the end
	// of the capture if it was still open then.
	End int64

	// Reuse is the connection that had its ports before; set as Why is.
	Reuse Reuse

	// Encrypted: TLS was seen. Unspoken: its handshake was completed, and the
	// client sent nothing behind it; set when Close is called.
	Encrypted, Unspoken bool
	// Refusal is what kept the connection from carrying another request: what
	// the messages of its last transaction said, else who closed first.
	Refusal Refusal
	// LastComplete: the transaction reported last had a whole request and a
	// whole response.
	LastComplete bool
	// Why is the reason of its end, Setback what held its opening up. Both are
	// set when Close is called.
	Why     reassembly.Reason
	Setback Setback
	// FreeTails is how many short segments of a side left while full ones
	// before them were not acknowledged: Nagle's algorithm, if it is on there,
	// is Minshall's. It is set when Close is called.
	FreeTails [2]uint16
	// Products are what the sides say they are, by sender: a relay is what it
	// says itself, not what it passes on.
	Products [2]Products

	introduced [2]uint8 // how many heads were asked for that
	busySince  int64
	pairThen   int // transactions of the pair when this one's last was reported
	// What tells whether the server's FIN knew of the last request: where that
	// is and begins in the client's stream, and how much of it was acknowledged.
	lastRequest                 capture.Frame
	lastOffset, finAcknowledged uint64
	kept                        kept
	parting                     parting
}

// Surplus is bytes behind the end of a message that are no message: more was
// sent than its length said.
type Surplus struct {
	Index    int             // of the transaction
	Side     reassembly.Side // who sent it
	Declared http1.Count
	Framing  http1.Framing
	Flaws    http1.Flaws
	Status   int    // of a response
	ToHEAD   bool   // it answers a HEAD
	Method   string // of a request, its first 8 bytes at most; none of HTTP/0.9
	Bytes    uint64
	End      capture.Frame // the last packet with bytes that the length covers
	First    capture.Frame // the first packet with surplus
}

// Setup is the time that opening the connection took, ns, whether or not a
// transaction waited for it.
func (c *Connection) Setup() int64 { return c.ConnectTime + c.TLSTime }

// PlainSetup is Setup without the wait for lost packets, ns: what opening costs
// on a path that loses nothing.
func (c *Connection) PlainSetup() int64 { return max(0, c.Setup()-c.RetryTime) }

// ClientBusy is Busy as the client saw it, ns: wherever the capture was taken,
// what lies between it and the client takes a round trip of each exchange that
// the capture does not see.
func (c *Connection) ClientBusy() int64 {
	return c.Busy + int64(c.Complete)*c.Flow[reassembly.Client].MinRTT
}

// System is what the TCP of a side seems to be: Linux, Windows or unknown.
// What is not told from Linux by these marks counts as Linux.
func (c *Connection) System(side reassembly.Side) Product {
	offered := capture.OptionSet(0)
	if side == reassembly.Server {
		offered = c.Flow[reassembly.Client].Options
	}
	return system(c.Flow[side].TTL, c.Flow[side].Options, offered)
}

// Open reports whether the capture ended before the connection did.
func (c *Connection) Open() bool { return c.Why == reassembly.EndOfCapture }

// Pair is what one client address and one server endpoint have with each
// other.
type Pair struct {
	Client, Server capture.Endpoint // Client has port 0
	Source         uint16
	Connections    int // opened, or still open when an earlier record of the pair was given up
	Transactions   int
	Caller         *Caller
	Busy           int           // connections with a transaction under way, now
	PeakBusy       int           // the most at a time, as the client saw it
	Peak           capture.Frame // with the packet PeakBusy was reached
	Products       [2]Products   // of all its connections

	lastEnd     capture.Frame // of the latest transaction
	latest      *Connection   // which carried it; nil once it is closed
	highest     int           // PeakBusy before it was restarted
	free        int           // connections that others could have used, had they been kept
	lastOverlap int64         // when a transaction last began while another was under way
	failures    int           // attempts to connect that failed, while none had been accepted
	accepted    bool          // one was
	kept        keptList
	partings    partings
	slot        int
	made        uint64 // its number among the pairs of the run
	open        int    // connections not yet closed
	failed      int    // requests that failed and were not sent again, as far as they are remembered
	gone        bool
	jitter      [2]jitter    // of the hosts, by side
	numbers     [2]numbering // of their packets, by side
	prev, next  *Pair
}

// Slot is a small number that is the pair's alone while it is followed.
func (p *Pair) Slot() int { return p.slot }
