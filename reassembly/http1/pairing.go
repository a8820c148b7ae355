package http1

import "connlint/capture"

// pairing is the queue of the transactions that have not been handed over, in
// the order of their requests. Those from await on have no final response
// yet: responses come in the order of the requests (RFC 9112 §9.3.2).
type pairing struct {
	head, tail *Transaction
	await      *Transaction
	queued     int
	waiting    int // from await on
	dropped    int // requests behind the queue that were not kept
	index      int
	held       int
	// pipelines: this client was seen to send a request before the response
	// to the one before it. One that was not does not begin now, behind a
	// hole: its new request says that the ones before are answered or dead.
	pipelines bool
	unmarked  bool // some that wait may not have maybe set
	over      bool // a limit left messages out: who has no answer may have had one
}

// full reports whether another request has no place in the queue.
func (p *pairing) full(pool *Pool) bool {
	return p.dropped > 0 || p.queued >= pool.limits.Outstanding || p.held >= pool.limits.Held || pool.Crowded() && p.queued > 0
}

// add puts a new transaction at the end of the queue, waiting.
func (c *Conn) add() *Transaction {
	p := &c.pairing
	t := c.pool.transaction()
	p.index++
	t.Index = p.index
	if p.tail == nil {
		p.head = t
	} else {
		p.tail.next = t
	}
	p.tail = t
	p.queued++
	if p.await == nil {
		p.await = t
	}
	p.waiting++
	p.unmarked = true
	return t
}

// pair gives a message whose start line is whole its transaction.
func (c *Conn) pair(m *Message, frame capture.Frame) {
	if m.Dir == Request {
		c.pairRequest(m)
		return
	}
	c.pairResponse(m, frame)
}

func (c *Conn) pairRequest(m *Message) {
	p := &c.pairing
	if before := p.tail; p.await != nil && before.Request != nil && before.Request.First == m.First {
		p.pipelines = true
	}
	c.forsakeUnanswered()
	m.Ahead = p.waiting + p.dropped
	if r := c.half[Response].m; r != nil && r.tx != nil && !r.Interim() {
		m.Ahead++ // begun, and so no longer among those that wait
	}
	if p.full(c.pool) {
		p.over = true
		p.dropped++
		c.pool.dropped++
		return
	}
	t := c.add()
	t.Request, m.tx, m.Index = m, t, t.Index
	if h := &c.half[Response]; h.state == ended {
		c.forsake(h.end, 0)
	}
}

// forsakeUnanswered gives up, as a new request starts, on those before it
// whose response a hole may have held; also on interim responses to a request
// that was not seen, for the next response is the new request's.
func (c *Conn) forsakeUnanswered() {
	p := &c.pairing
	interim := c.half[Response].m // if it has not ended, its transaction is alive
	for t := p.await; t != nil && (interim == nil || interim.tx != t); t = p.await {
		if t.Request != nil && (p.pipelines || !t.maybe) {
			break
		}
		c.forsake(CutByGap, 0)
	}
	c.handOver()
}

func (c *Conn) pairResponse(m *Message, frame capture.Frame) {
	p := &c.pairing
	if request := &c.half[Request]; p.await == nil && request.trial != nil &&
		request.back == atStart && plausible(Request, request.trial.Header.buf) {
		// An answer to a request line that is not even whole: a time-out.
		c.acceptPart(Request, request, frame)
	}
	t := p.await
	if t == nil {
		if p.queued >= c.pool.limits.Outstanding || c.pool.Crowded() && p.queued > 0 {
			p.over = true
			c.pool.dropped++
			return
		}
		t = c.add()
		t.Unread = c.half[Request].unread()
		if p.dropped > 0 {
			p.dropped--
			t.Doubt |= OverLimit
		}
	} else if !t.maybe && t.next != nil {
		p.pipelines = true
	}
	m.tx, m.Index = t, t.Index
	if t.maybe {
		t.Doubt |= AfterGap
	}
	if m.Interim() {
		c.keepInterim(t, m)
		return
	}
	t.Response = m
	p.await = t.next
	p.waiting--
}

// keepInterim adds an interim response to its transaction within limits.
func (c *Conn) keepInterim(t *Transaction, m *Message) {
	if len(t.Interim) >= c.pool.limits.Interim || c.pairing.held >= c.pool.limits.Held || c.pool.Crowded() {
		t.Doubt |= InterimsDropped
		c.pool.dropped++
		m.tx = nil
		return
	}
	t.Interim = append(t.Interim, m)
}

// hold counts the bytes that a message keeps against the connection's limit.
func (c *Conn) hold(m *Message) {
	if m.tx == nil {
		return
	}
	n := len(m.Header.buf) + len(m.Trailer.buf)
	m.tx.held += uint32(n)
	c.pairing.held += n
}

// settle notes that a message ended, and lets go of one that no transaction
// keeps.
func (c *Conn) settle(h *half, m *Message) {
	t := m.tx
	c.hold(m)
	switch {
	case t == nil:
		h.done = nil
		c.pool.discard(m)
		return
	case m.Dir == Request:
		t.requestDone = true
	case t.Response == m:
		t.responseDone = true
		t.End = m.End
	}
	c.handOver()
}

// forsake gives up waiting for the response to the first that waits. doubt
// is why, beyond what its own marks say.
func (c *Conn) forsake(how End, doubt Doubt) {
	p := &c.pairing
	t := p.await
	if t.maybe {
		doubt |= InGap
	}
	if p.over {
		doubt |= OverLimit
	}
	p.await = t.next
	p.waiting--
	t.responseDone = true
	t.End = how
	t.Doubt |= doubt
}

// abandon gives up waiting for any response.
func (c *Conn) abandon(how End) {
	for c.pairing.await != nil {
		c.forsake(how, 0)
	}
	c.pairing.dropped = 0
}

// gapped draws the conclusions of a hole in the responses that may hold whole
// ones. If the client does not pipeline, all that wait but the last were
// answered in it, and the last may have been.
func (c *Conn) gapped(how End) {
	p := &c.pairing
	for !p.pipelines && p.await != nil && p.await.next != nil {
		c.forsake(how, InGap)
	}
	p.maybeAnswered()
	c.handOver()
}

// maybeAnswered marks what waits: a response to it may have passed unseen.
func (p *pairing) maybeAnswered() {
	if !p.unmarked {
		return
	}
	for t := p.await; t != nil; t = t.next {
		t.maybe = true
	}
	p.unmarked = false
}

// handOver gives the handler all at the front of the queue that is done.
func (c *Conn) handOver() {
	p := &c.pairing
	for t := p.head; t != nil && t.responseDone && (t.Request == nil || t.requestDone); t = p.head {
		p.head = t.next
		if p.head == nil {
			p.tail = nil
		}
		p.queued--
		p.held -= int(t.held)
		t.next = nil
		for dir := range c.half {
			if h := &c.half[dir]; h.done != nil && h.done.tx == t {
				h.done = nil
			}
		}
		c.handler.Transaction(t)
	}
}
