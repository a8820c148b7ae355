package timeline

import (
	"bytes"

	"connlint/capture"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// held is a transaction whose last byte may still turn out to have come with
// a later transmission: it is final with the ACK that covers it, the next
// request, or the end.
type held struct {
	http   *http1.Transaction
	x      Transaction
	covers uint64 // offset in the server's stream that its last ACK must reach
	cont   capture.Frame
	waited capture.Frame
	next   capture.Frame // the start of the request behind one without a response
}

// expectation is the wait of a request with Expect: 100-continue.
type expectation struct {
	index int
	head  capture.Frame
	body  capture.Frame // first byte of the body
}

// MessageStart is part of http1.Handler.
func (k *tracked) MessageStart(m *http1.Message) {
	if m.Dir != http1.Request {
		if k.t.paths != nil && !m.Interim() {
			k.t.paths.answer(k, m)
		}
		return
	}
	k.pipelines(m)
	if k.http.Outstanding() <= 1 {
		k.release(len(k.waiting)) // the client goes on: it has what came before
	}
	k.work(m.First.Time)
}

// Head is part of http1.Handler.
func (k *tracked) Head(m *http1.Message) {
	if m.Flaws.Has(http1.ProxyPreface) {
		k.conn.Traits |= ProxyProtocol
	}
	k.findSpare(m)
	k.introduce(m)
	if m.Dir == http1.Request && m.Header.HasToken("expect", "100-continue") {
		k.expect = expectation{index: m.Index, head: m.Head}
	}
	if m.Dir == http1.Request && k.t.paths != nil {
		k.t.paths.begin(k, m)
	}
}

// MessageEnd is part of http1.Handler.
func (k *tracked) MessageEnd(m *http1.Message) {
	k.bodyBegan(m)
	k.remember(m)
	if m.Dir == http1.Request {
		k.lately.ask(m)
	}
}

// bodyBegan notes the first byte of a body that was held for 100 Continue.
func (k *tracked) bodyBegan(m *http1.Message) {
	if e := &k.expect; m != nil && m.Dir == http1.Request && m.Index == e.index && e.body.IsZero() && m.Body.Least() > 0 {
		e.body = k.now
	}
}

// Transaction is part of http1.Handler: it takes x over.
func (k *tracked) Transaction(x *http1.Transaction) {
	t := k.t
	var h *held
	if n := len(t.held); n > 0 {
		h = t.held[n-1]
		t.held = t.held[:n-1]
	} else {
		h = new(held)
	}
	*h = held{http: x, x: Transaction{Spans: h.x.Spans[:0], Stalls: h.x.Stalls[:0], Ramps: h.x.Ramps[:0], RetryOf: k.attempt(x)},
		covers: k.position[reassembly.Server]}
	if k.expect.index == x.Index && x.Request != nil {
		h.cont, h.waited = k.continued(x), k.expect.head
		k.expect = expectation{}
	}
	if n := len(k.waiting); n > 0 && k.waiting[n-1].http.Response == nil {
		if x.Request != nil {
			k.waiting[n-1].next = x.Request.First
		}
		k.release(n)
	}
	k.waiting = append(k.waiting, h)
	if k.http.Outstanding() == 0 && k.http.Open(http1.Request) == nil && k.http.Open(http1.Response) == nil {
		k.idle(k.now)
		k.keep(x)
	}
	if len(k.waiting) > maxWaiting || t.pool.Crowded() {
		k.release(len(k.waiting))
	}
}

// maxWaiting bounds the transactions held back on one connection: a pipeline
// answered in one burst. Where messages are many in all, none is held back.
const maxWaiting = 64

// continued is what ended the wait for 100 Continue: the first interim
// response, or the client's patience.
func (k *tracked) continued(x *http1.Transaction) capture.Frame {
	if len(x.Interim) > 0 {
		if f := x.Interim[0].First; k.expect.body.IsZero() || f.Time <= k.expect.body.Time {
			return f
		}
	}
	return k.expect.body
}

// acknowledged looks whether the client's ACK makes transactions final, and
// whether it answers a later transmission of the last byte than the first:
// where the capture was taken near the server, a tail that was lost on the way
// ended with its repetition. A D-SACK says that it had come, and so does a
// capture taken at the client.
func (k *tracked) acknowledged(r *reassembly.Reading) {
	done := k.conn.Flow[reassembly.Server].AckedOffset()
	n := 0
	for n < len(k.waiting) && k.waiting[n].covers <= done {
		if h := k.waiting[n]; h.covers == done && h.http.Response != nil && h.http.End == http1.Complete &&
			r.Answers == k.repair && !r.Events.Is(reassembly.DSACK) && k.conn.Vantage() != reassembly.AtClient && r.Answers.Time > h.http.Response.Last.Time {
			h.http.Response.Last, h.http.Response.Ended = r.Answers, r.Answers
		}
		n++
	}
	k.release(n)
	if n > 0 && !r.Events.Is(reassembly.Data) && len(k.waiting) == 0 && k.http.Outstanding() == 0 && k.http.Open(http1.Request) == nil && k.http.Open(http1.Response) == nil {
		k.restSenders()
	}
}

// release makes the first n transactions that wait final.
func (k *tracked) release(n int) {
	for _, h := range k.waiting[:n] {
		k.report(h)
	}
	k.waiting = append(k.waiting[:0], k.waiting[n:]...)
}

func (k *tracked) report(h *held) {
	t, c := k.t, &k.conn
	e := exchangeOf(c, h.http)
	if e.blind && h.http.Response == nil && !h.next.IsZero() && h.next.Time >= e.requestEnd.Time {
		e.end = h.next // its answer had come by then, unseen
	}
	e.established = k.established()
	e.previousEnd = k.lastAnswer
	e.continued, e.waited = h.cont, h.waited
	x := &h.x
	x.HTTP = h.http
	x.Request, x.RequestEnd, x.Response = e.request, e.requestEnd, e.response
	if m := h.http.Request; m != nil {
		x.RequestBytes = m.Size()
	}
	if m := h.http.Response; m != nil {
		x.ResponseBytes = m.Size()
	}
	c.Refusal = refusalOf(h.http)
	c.announce(h.http, e.end)
	x.Complete = e.answered && h.http.Request != nil && h.http.Request.End == http1.Complete
	leg := k.leg(h.http.Index)
	x.Relayed = leg != nil && leg.relayed
	k.emit(x, &e)
	if leg != nil {
		t.paths.over(k, leg, x)
	} else if t.paths != nil {
		t.paths.close(k, h.http.Index)
	}
	t.pool.Release(h.http)
	h.http, x.HTTP = nil, nil
	t.held = append(t.held, h)
}

// emit makes the account and hands the transaction on.
func (k *tracked) emit(x *Transaction, e *exchange) {
	t, c := k.t, &k.conn
	x.Pipelined = x.HTTP != nil && x.HTTP.Request != nil && x.HTTP.Request.Ahead > 0
	k.settle(e.end.Time)
	t.account(k, e, x)
	k.proofs(x)
	x.continued(e)
	c.follow(x)
	if e.first && e.established != 0 && !e.request.IsZero() && x.Start != c.Handshake.SYN {
		c.Traits |= Preconnected
	}
	c.Transactions++
	x.Index = c.Transactions
	if x.Complete {
		c.Complete++
	}
	c.Busy += x.Exchange()
	if x.Start != c.Handshake.SYN {
		c.Idle += max(0, x.Start.Time-max(k.lastEnd, k.ready()))
	}
	k.habits.add(k, x)
	k.lastEnd = max(k.lastEnd, x.End.Time)
	if !x.Response.IsZero() {
		k.lastAnswer = x.End.Time
	}
	p := k.pair()
	p.Transactions++
	c.pairThen = p.Transactions
	t.stats.Transactions++
	t.h.Transaction(c, x)
	k.forget(x)
}

// past is what is remembered of a message after its transaction has gone.
type past struct {
	index    int
	declared http1.Count
	framing  http1.Framing
	flaws    http1.Flaws
	last     capture.Frame
	status   int
	toHEAD   bool
	method   [8]byte // its beginning
}

// remember keeps what surplus behind the message will be judged by. An interim
// response counts: bytes may stand behind that, too.
func (k *tracked) remember(m *http1.Message) {
	if m.Index == 0 {
		return
	}
	if m.Flaws&(http1.HeadTooLarge|http1.TooManyFields|http1.TrailerTooLarge|http1.ChunkLineTooLong) != 0 {
		k.conn.Caveats |= reassembly.LimitReached
	}
	p := &k.past[m.Dir]
	*p = past{index: m.Index, declared: m.Declared, framing: m.Framing, flaws: m.Flaws, last: m.Last,
		status: m.Start.Status, toHEAD: m.ToHEAD}
	if m.Start.Major > 0 {
		copy(p.method[:], m.Start.Method)
	}
}

// Surplus is part of http1.Handler.
func (k *tracked) Surplus(dir http1.Direction, index int, n uint64, f capture.Frame) {
	c := &k.conn
	side := reassembly.Side(dir)
	for i := range c.Surplus {
		if x := &c.Surplus[i]; x.Index == index && x.Side == side {
			x.Bytes += n
			return
		}
	}
	if len(c.Surplus) >= maxSurplus {
		c.SurplusOmitted++
		return
	}
	s := Surplus{Index: index, Side: side, Bytes: n, First: f}
	if p := &k.past[dir]; p.index == index {
		s.Declared, s.Framing, s.Flaws, s.End = p.declared, p.framing, p.flaws, p.last
		s.Status, s.ToHEAD = p.status, p.toHEAD
		s.Method = string(bytes.TrimRight(p.method[:], "\x00"))
	}
	c.Surplus = append(c.Surplus, s)
}

const maxSurplus = 16

// established is when the TCP handshake was over; 0 if it was not seen.
func (k *tracked) established() int64 {
	if h := &k.conn.Handshake; h.Done() {
		return h.ACK.Time
	}
	return 0
}
