package http1

// Limits bound what the parser keeps. A zero field stands for its default.
type Limits struct {
	Head        int // bytes of a message's head that are kept, and of its trailers; 64 KiB
	Fields      int // fields of a head; 1,000
	Interim     int // interim responses of a transaction that are kept; 256
	Outstanding int // transactions of a connection that are not handed over; 1,000
	Held        int // bytes of heads that a connection's transactions hold; 4 MiB
	All         int // bytes of heads that all connections of a pool hold; 256 MiB
	ChunkLine   int // bytes of a chunk-size line with its extensions; 4 KiB
}

func (l Limits) withDefaults() Limits {
	for _, x := range [...]struct {
		have  *int
		value int
	}{{&l.Head, 64 << 10}, {&l.Fields, 1000}, {&l.Interim, 256},
		{&l.Outstanding, 1000}, {&l.Held, 4 << 20}, {&l.All, 256 << 20}, {&l.ChunkLine, 4 << 10}} {
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
	kept         int // bytes in the buffers of messages that are in use
}

const (
	maxPooled     = 4096     // messages kept for later
	maxPooledHead = 16 << 10 // a larger buffer is left to the garbage collector
	leastHead     = 1 << 10  // of each message this much is kept whatever all of them hold
	usualHead     = 512
	usualFields   = 16
)

// NewPool makes an empty pool. Its limits hold for each connection by itself.
func NewPool(limits Limits) *Pool { return &Pool{limits: limits.withDefaults()} }

// head is how many bytes of a head, or of trailers, may be kept now: once all
// messages hold what they may, little more than a start line.
func (p *Pool) head() int {
	if p.kept < p.limits.All {
		return p.limits.Head
	}
	return min(p.limits.Head, leastHead)
}

// charge counts what a message keeps, after its buffers have changed.
func (p *Pool) charge(m *Message) {
	n := len(m.Header.buf) + len(m.Trailer.buf)
	p.kept += n - m.charged
	m.charged = n
}

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
		Header:  Header{m.Header.buf[:0], m.Header.fields[:0]},
		Trailer: Header{m.Trailer.buf[:0], m.Trailer.fields[:0]},
	}
	p.messages = append(p.messages, m)
}
