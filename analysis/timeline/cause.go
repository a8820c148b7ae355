package timeline

// Cause is what a stretch of a transaction's time was spent on.
type Cause uint8

// The causes, in the order of reports.
const (
	// Unknown is time that the capture cannot explain: a hole, one direction
	// only. It is never a rest: every other span comes from events.
	Unknown Cause = iota

	DNS          // a look-up seen before the SYN
	Connect      // first SYN to the end of the handshake
	ConnectRetry // the part of it that waited for a lost SYN or SYN-ACK
	TLS          // TLS handshake
	ClientIdle   // a handshake done, the client sends nothing yet
	Request      // bytes of the request moving
	Response     // bytes of the response moving
	Network      // the round trip that every exchange needs
	ServerWait   // request complete, no byte of the response yet, less Network
	NoResponse   // the same where none came until the connection ended; Unknown if it is still open
	ContinueWait // the client waits for 100 Continue
	Queue        // a pipelined request waits for the responses before it

	NagleDelayedAck  // a small write held until the peer's delayed ACK
	NagleWait        // the same, the peer acknowledging at once
	SlowStart        // the congestion window still grows
	CongestionWindow // it is the limit and does not grow
	PathRate         // a queue stands in the path
	ReceiveWindow    // the receiver's window is the limit
	ZeroWindow       // it is shut
	Retransmit       // loss recovery
	SenderIdle       // the sending application has nothing to send
	Paced            // the stack spreads packets though the window is open

	NumCauses
)

var causeNames = [NumCauses]string{
	"unknown", "dns", "connect", "connect_retry", "tls", "client_idle", "request", "response", "network",
	"server_wait", "no_response", "continue_wait", "queue", "nagle_delayed_ack", "nagle_wait", "slow_start",
	"congestion_window", "path_rate", "receive_window", "zero_window", "retransmit", "sender_idle", "paced",
}

// String is the cause as it stands in reports, without its unit.
func (c Cause) String() string { return causeNames[c] }

// Span is a stretch of capture time with one cause: from From up to To, in
// nanoseconds since the epoch.
type Span struct {
	Cause    Cause
	From, To int64
}

// Account is time by cause, in nanoseconds.
type Account [NumCauses]int64

// Add adds what o holds.
func (a *Account) Add(o *Account) {
	for i := range a {
		a[i] += o[i]
	}
}

// Total is the sum over all causes.
func (a *Account) Total() int64 {
	var sum int64
	for _, v := range a {
		sum += v
	}
	return sum
}

// Setup is the part spent before the first byte of the request: what a
// connection that is already open does not cost.
func (a *Account) Setup() int64 {
	return a[DNS] + a[Connect] + a[ConnectRetry] + a[TLS] + a[ClientIdle]
}

// spans builds the partition of a transaction's time: each span starts where
// the one before it ended, so that they cannot but add up.
type spans struct {
	list  []Span
	at    int64
	limit int64 // the end of the transaction
}

func (s *spans) start(at int64) { s.list, s.at = s.list[:0], at }

// until gives the time up to t to the cause. A t that lies in the past gives
// nothing, and nothing reaches beyond the end: events of the two directions
// may be captured out of their order.
func (s *spans) until(t int64, c Cause) {
	t = min(t, s.limit)
	if t <= s.at {
		return
	}
	if n := len(s.list); n > 0 && s.list[n-1].Cause == c {
		s.list[n-1].To = t
	} else {
		s.list = append(s.list, Span{c, s.at, t})
	}
	s.at = t
}
