package http1

import "connlint/capture"

// state is what the next byte of a direction is taken for.
type state uint8

const (
	atStart    state = iota // between messages
	inPreface               // what may be a PROXY protocol v2 header
	onTrial                 // in what may be a start line
	inHead                  // fields
	inBody                  // of known length
	inSize                  // a chunk-size line
	inChunk                 // a chunk's data
	afterChunk              // the line end behind them
	inTrailer               // behind the last chunk
	toClose                 // a body that ends with the connection
	lost                    // a body whose framing cannot be followed
	surplus                 // behind the end of a message
	skipping                // after a hole
	ended
)

// half is one direction. Between messages it owns no buffer.
type half struct {
	m     *Message // in progress, its start line whole
	trial *Message // bytes that may become a start line
	done  *Message // the one that ended last, while its transaction is ours

	left    uint64 // of the body or the chunk; the size while it is read
	off     uint64 // bytes so far, holes included
	skipped uint64
	line    uint32 // bytes of the line being read
	last    int32  // index of the message that ended last
	state   state
	back    state // where onTrial came from
	end     End   // how the direction ended
	first   byte  // the first byte of the line being read
	fresh   bool  // no message yet, and no hole
	edge    bool  // the last byte was a line end
	stray   bool  // line ends came before the next message
	proxied bool  // a PROXY protocol header did
	spoilt  bool  // the direction began with what is no HTTP: lines count, pieces do not
}

// Conn is one connection. It is made with [Conn.Init]; a Conn is not safe for
// use by several goroutines at once.
type Conn struct {
	pool     *Pool
	handler  Handler
	half     [2]half
	pairing  pairing
	switched bool
}

// Init makes c ready for a new connection. midstream says that the capture
// begins after the connection did: each direction is then searched for its
// first start line.
func (c *Conn) Init(pool *Pool, handler Handler, midstream bool) {
	*c = Conn{pool: pool, handler: handler}
	for dir := range c.half {
		c.half[dir].fresh = true
		if midstream {
			c.half[dir].fresh = false
			c.half[dir].state = skipping
		}
	}
}

// Reset gives what c holds back to the pool without a word to the handler.
// Init makes it usable again.
func (c *Conn) Reset() {
	if c.pool == nil {
		return
	}
	for dir := range c.half {
		h := &c.half[dir]
		c.pool.discard(h.trial)
		if h.m != nil && h.m.tx == nil {
			c.pool.discard(h.m)
		}
	}
	for t := c.pairing.head; t != nil; {
		next := t.next
		c.pool.Release(t)
		t = next
	}
	*c = Conn{}
}

// Open is the message of that direction that has begun and not ended; nil if
// there is none. Its Start is zero as long as its start line is not whole.
func (c *Conn) Open(dir Direction) *Message {
	h := &c.half[dir]
	if h.m == nil && h.back == atStart {
		return h.trial
	}
	return h.m
}

// Outstanding is how many requests wait for the first byte of their final
// response.
func (c *Conn) Outstanding() int { return c.pairing.waiting + c.pairing.dropped }

// Skipped is how many bytes of that direction belong to no message and to no
// surplus: what lies between a hole and the next start line, the hole
// included, line ends between messages and a PROXY protocol header.
func (c *Conn) Skipped(dir Direction) uint64 { return c.half[dir].skipped }

// Speaks reports whether a message was seen and HTTP/1 is still spoken.
func (c *Conn) Speaks() bool { return c.pairing.index > 0 && !c.switched }

// Data takes the next bytes of one direction, all from one frame. They are
// borrowed for the call.
func (c *Conn) Data(dir Direction, frame capture.Frame, b []byte) {
	h := &c.half[dir]
	if h.m != nil {
		h.m.Pieces++
	}
	for front := true; len(b) > 0 && !c.switched && h.state != ended; {
		n := c.step(dir, h, frame, b, front)
		if n > 0 {
			front = false
			h.edge = b[n-1] == '\n'
		}
		h.off += uint64(n)
		b = b[n:]
	}
}

// step takes some of b, at least one byte unless it changes the state. front
// says that b starts where a piece of data starts.
func (c *Conn) step(dir Direction, h *half, frame capture.Frame, b []byte, front bool) int {
	switch h.state {
	case atStart:
		return c.start(dir, h, frame, b)
	case inPreface:
		return c.preface(h, frame, b)
	case onTrial:
		if dir == Request {
			return c.tryRequest(h, frame, b)
		}
		return c.tryResponse(h, frame, b)
	case inHead:
		return c.collectHead(dir, h, frame, b)
	case inBody, inChunk, toClose:
		return c.body(dir, h, frame, b)
	case inSize:
		return c.chunkSize(dir, h, frame, b)
	case afterChunk:
		return c.chunkEnd(h, frame, b)
	case inTrailer:
		return c.trailer(dir, h, frame, b)
	}
	return c.search(dir, h, frame, b, front)
}

// Gap says that the next n bytes of one direction are missing, as the frame
// shows; 0 stands for a number that is not known. A hole within a body of
// known length or within a chunk is counted and changes nothing else.
func (c *Conn) Gap(dir Direction, frame capture.Frame, n uint64, kind GapKind) {
	h := &c.half[dir]
	if c.switched || h.state == ended {
		return
	}
	h.off += n
	h.edge = false
	if c.bridged(dir, h, frame, n) {
		return
	}
	if h.trial != nil {
		c.cutTrial(dir, h, frame, kind.end())
	}
	if h.m != nil {
		c.cutMessage(dir, h, kind.end(), frame)
	}
	if c.switched {
		return
	}
	h.state, h.fresh, h.done, h.stray = skipping, false, nil, false
	h.skipped += n
	if dir == Response {
		c.gapped(kind.end())
	}
}

// bridged accounts for a gap that leaves the framing intact.
func (c *Conn) bridged(dir Direction, h *half, frame capture.Frame, n uint64) bool {
	switch h.state {
	case inBody, inChunk:
		if n == 0 || n > h.left {
			return false
		}
		h.left -= n
	case toClose:
	default:
		return false
	}
	h.m.Body.n += n
	h.m.Missing += n
	h.m.Tail = [8]byte{}
	h.m.Last = frame
	if h.left == 0 {
		c.dataDone(dir, h, frame)
	}
	return true
}

// End says that no more bytes follow in one direction: how is CutByClose for
// a FIN, CutByReset, StillOpen at the end of the capture, or Evicted. A
// request direction that ended leaves the response direction as it is: a
// client may close its half and wait (RFC 9112 §9.6).
func (c *Conn) End(dir Direction, frame capture.Frame, how End) {
	h := &c.half[dir]
	if c.switched || h.state == ended {
		return
	}
	if h.trial != nil {
		c.endTrial(dir, h, frame, how)
	}
	if h.m != nil {
		end := how
		switch {
		case h.state == toClose && how == CutByClose:
			end = Complete
		case h.state == lost && how == CutByClose:
			end = Garbled
		}
		c.cutMessage(dir, h, end, frame)
	}
	if c.switched {
		return
	}
	h.state, h.end = ended, how
	if dir == Response {
		c.abandon(how)
	}
	c.handOver()
}

// endMessage is the one place where a message ends.
func (c *Conn) endMessage(dir Direction, h *half, end End, frame capture.Frame) {
	m := h.m
	if end == Complete && m.Last == m.reached && frame.Number() < m.Last.Number() {
		frame = m.Last
	}
	m.End, m.Ended, m.Due = end, frame, h.due(end)
	if end == Complete && m.Framing != None {
		m.Body.kind = countKnown
	}
	h.m, h.done, h.last, h.state, h.left = nil, m, int32(m.Index), atStart, 0
	c.handler.MessageEnd(m)
	c.settle(h, m)
}

// switchTo ends all that is open and leaves the connection to p.
func (c *Conn) switchTo(p Protocol, frame capture.Frame) {
	c.switched = true
	for dir := range c.half {
		h := &c.half[dir]
		if h.m != nil && h.trial != nil { // no start line any more: more of a body that got lost
			h.state = lost
			c.leave(Direction(dir), h, h.trial.Last, h.trial.HeadSize)
		}
		c.pool.discard(h.trial)
		h.trial = nil
		if h.m != nil {
			c.endMessage(Direction(dir), h, CutBySwitch, frame)
		}
		h.done = nil
	}
	c.abandon(CutBySwitch)
	c.handOver()
	c.handler.Switched(p, frame)
}
