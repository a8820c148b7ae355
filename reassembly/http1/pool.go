package http1

// Limits bound what the parser keeps. A zero field stands for its default.
type Limits struct {
	Head        int // bytes of a message's head that are kept, and of its trailers; 64 KiB
	Fields      int // fields of a head; 1,000
	Interim     int // interim responses of a transaction that are kept; 256
	Outstanding int // transactions of a connection that are not handed over; 1,000
	Held        int // bytes of heads that a connection's transactions hold; 4 MiB
	All         int // bytes that all connections of a pool hold in messages, see [Pool.Crowded]; 1 GiB
	ChunkLine   int // bytes of a chunk-size line with its extensions; 4 KiB
}

// WithDefaults is l with the defaults in place of what is zero.
func (l Limits) WithDefaults() Limits {
	for _, x := range [...]struct {
		have  *int
		value int
	}{{&l.Head, 64 << 10}, {&l.Fields, 1000}, {&l.Interim, 256},
		{&l.Outstanding, 1000}, {&l.Held, 4 << 20}, {&l.All, 1 << 30}, {&l.ChunkLine, 4 << 10}} {
		if *x.have <= 0 {
			*x.have = x.value
		}
	}
	return l
}

// Pool holds the messages and transactions that are not in use, for all the
// connections of one goroutine: a connection between two messages owns none.
// It is not safe for use by several goroutines at once.
type Pool struct {
	limits       Limits
	messages     []*Message
	transactions []*Transaction
	kept         int    // bytes that the messages in use take, their buffers included
	dropped      uint64 // messages left aside
}

const (
	maxPooled     = 4096     // messages kept for later
	maxPooledHead = 16 << 10 // a larger buffer is left to the garbage collector
	leastHead     = 1 << 10  // of each message this much is kept whatever all of them hold
	usualHead     = 512
	usualFields   = 16
	messageSize   = 640 // bytes that a message takes without its buffers, its share of a transaction included
	fieldSize     = 16
)

// NewPool makes an empty pool. Its limits hold for each connection by itself.
func NewPool(limits Limits) *Pool { return &Pool{limits: limits.WithDefaults()} }

// Dropped is how many messages were left aside because a limit of their
// connection or of the pool was reached.
func (p *Pool) Dropped() uint64 { return p.dropped }

// Crowded reports whether all messages together hold what they may. Then a head
// is kept to little more than its start line, and a connection keeps one
// transaction and no interim response: what the connections hold is bounded by
// their number from there on.
func (p *Pool) Crowded() bool { return p.kept >= p.limits.All }

// head is how many bytes of a head, or of trailers, may be kept now.
func (p *Pool) head() int {
	if p.Crowded() {
		return min(p.limits.Head, leastHead)
	}
	return p.limits.Head
}

// charge counts what a message takes, after its buffers have changed. A
// request of 20 bytes takes fifty times as much.
func (p *Pool) charge(m *Message) {
	n := messageSize + m.Header.size() + m.Trailer.size()
	p.kept += n - m.charged
	m.charged = n
}

// size is what the buffers of a header take, bytes.
func (h *Header) size() int { return cap(h.buf) + fieldSize*cap(h.fields) }

func (p *Pool) message(dir Direction) *Message {
	n := len(p.messages)
	if n == 0 {
		return &Message{Dir: dir, Header: Header{
			buf:    make([]byte, 0, usualHead),
			fields: make([]field, 0, usualFields),
		}}
	}
	m := p.messages[n-1]
	p.messages = p.messages[:n-1]
	m.Dir = dir
	return m
}

func (p *Pool) transaction() *Transaction {
	n := len(p.transactions)
	if n == 0 {
		return new(Transaction)
	}
	t := p.transactions[n-1]
	p.transactions = p.transactions[:n-1]
	return t
}

// Release takes back a transaction that was handed over, with its messages:
// none of their slices may be used afterwards. To release is a kindness, not a
// duty; to release twice is a mistake.
func (p *Pool) Release(t *Transaction) {
	p.discard(t.Request)
	p.discard(t.Response)
	interim := t.Interim
	for i, m := range interim {
		p.discard(m)
		interim[i] = nil
	}
	if cap(interim) > usualFields {
		interim = nil
	}
	*t = Transaction{Interim: interim[:0]}
	if len(p.transactions) < maxPooled {
		p.transactions = append(p.transactions, t)
	}
}

func (p *Pool) discard(m *Message) {
	if m == nil {
		return
	}
	p.kept -= m.charged
	m.charged = 0
	if len(p.messages) >= maxPooled || cap(m.Header.buf) > maxPooledHead || cap(m.Trailer.buf) > maxPooledHead {
		return
	}
	*m = Message{
		Header:  Header{buf: m.Header.buf[:0], fields: m.Header.fields[:0]},
		Trailer: Header{buf: m.Trailer.buf[:0], fields: m.Trailer.fields[:0]},
	}
	p.messages = append(p.messages, m)
}
