package http1

import (
	"bytes"

	"connlint/capture"
)

// collectHead gathers fields up to the empty line.
func (c *Conn) collectHead(dir Direction, h *half, frame capture.Frame, b []byte) int {
	m := h.m
	n, whole, over := h.collect(&m.Header.buf, b, c.pool.head())
	c.pool.charge(m)
	m.HeadSize += uint64(n)
	m.reach(frame)
	if over {
		m.Flaws |= HeadTooLarge
	}
	if whole {
		c.headDone(dir, h, frame)
	}
	return n
}

// collect appends lines to buf until one is empty, as long as they fit; what
// does not fit is only searched for the empty line.
func (h *half) collect(buf *[]byte, b []byte, limit int) (n int, whole, over bool) {
	for n < len(b) {
		rest := b[n:]
		if h.line == 0 {
			h.first = rest[0]
		}
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			h.line = min(h.line+uint32(len(rest)), 1<<30)
			n = len(b)
			break
		}
		h.line = min(h.line+uint32(i), 1<<30)
		whole = h.line == 0 || h.line == 1 && h.first == '\r'
		h.line = 0
		n += i + 1
		if whole {
			break
		}
	}
	room := limit - len(*buf)
	if room < n {
		over = true
	}
	*buf = append(*buf, b[:max(0, min(n, room))]...)
	return n, whole, over
}

// headDone reads the head and goes where its framing says.
func (c *Conn) headDone(dir Direction, h *half, frame capture.Frame) {
	m := h.m
	m.Head = frame
	c.readHead(m)
	request := m.request()
	m.decideFraming(request)
	c.handler.Head(m)
	if dir == Response && !m.Interim() {
		c.answered(m, frame)
	}
	switch m.Framing {
	case None:
		c.headOnly(dir, h, request, frame)
	case Length:
		h.state, h.left = inBody, m.Declared.n
		if h.left == 0 {
			c.endMessage(dir, h, Complete, frame)
		}
	case Chunked:
		h.state, h.left, h.line = inSize, 0, 0
	case UntilClose:
		h.state = toClose
	case Invalid:
		h.state = lost
	}
}

// readHead reads the start line and the fields that there are.
func (c *Conn) readHead(m *Message) {
	m.rebaseStart()
	m.Flaws |= m.Header.parse(len(m.Start.Raw), c.pool.limits.Fields)
	c.pool.charge(m)
	if m.Flaws&(HeadTooLarge|TooManyFields) != 0 {
		c.pairing.over = true // without its length it may swallow the answers behind it
	}
}

// request is what the response m answers, nil if that was not seen.
func (m *Message) request() *Message {
	if m.Dir == Request || m.tx == nil {
		return nil
	}
	return m.tx.Request
}

// headOnly ends a message that has no body. With some, HTTP ends as well.
func (c *Conn) headOnly(dir Direction, h *half, request *Message, frame capture.Frame) {
	m := h.m
	p, switches := m.switches(request)
	c.endMessage(dir, h, Complete, frame)
	if switches {
		c.switchTo(p, frame)
	}
}

// switches reports whether the connection speaks something else behind m.
func (m *Message) switches(request *Message) (Protocol, bool) {
	switch {
	case m.Dir == Request:
		return 0, false
	case m.tunnels(request):
		return Tunnel, true
	case m.Start.Status != 101:
		return 0, false
	case m.Header.HasToken("upgrade", "websocket"):
		return WebSocket, true
	case m.Header.HasToken("upgrade", "h2c"):
		return HTTP2, true
	}
	return Upgraded, true
}

// answered ends a request whose framing cannot be followed: once its final
// response begins, the server has had what it wanted of it.
func (c *Conn) answered(m *Message, frame capture.Frame) {
	h := &c.half[Request]
	if h.state == lost && h.m != nil && h.m.tx != nil && h.m.tx == m.tx {
		c.endMessage(Request, h, Garbled, frame)
		h.state = surplus
	}
}

// rebaseStart makes the start line point into the buffer as it is now: it may
// have moved while it grew, and the old one would stay alive. One that was
// taken for granted before it was whole is read here.
func (m *Message) rebaseStart() {
	if !m.partial && &m.Start.Raw[0] == &m.Header.buf[0] {
		return
	}
	m.partial = false
	line, _ := trimLine(m.Header.buf[:bytes.IndexByte(m.Header.buf, '\n')+1])
	if m.Dir == Request {
		m.Start, _, _ = parseRequestLine(line, true)
		return
	}
	m.Start, _, _ = parseStatusLine(line)
}

// parse reads the fields behind the start line, which takes start bytes
// without its line end; 0 if there is none. It writes only over the line ends
// of folded values.
func (h *Header) parse(start, limit int) (flaws Flaws) {
	pos := start
	if start > 0 {
		pos += bytes.IndexByte(h.buf[start:], '\n') + 1
	}
	for pos < len(h.buf) {
		size := bytes.IndexByte(h.buf[pos:], '\n') + 1
		if size == 0 {
			return flaws // the rest of a line beyond the limit
		}
		line, bare := trimLine(h.buf[pos : pos+size])
		if bare {
			flaws |= BareLF
		}
		switch {
		case len(line) == 0:
			return flaws
		case line[0] == ' ' || line[0] == '\t':
			flaws |= h.unfold(pos, len(line))
		case len(h.fields) == limit:
			return flaws | TooManyFields
		default:
			flaws |= h.parseField(pos, line)
		}
		pos += size
	}
	return flaws
}

// parseField takes one line (RFC 9112 §5).
func (h *Header) parseField(pos int, line []byte) (flaws Flaws) {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return MalformedField
	}
	name := trimSpace(line[:colon])
	if len(name) < colon {
		flaws |= WhitespaceBeforeColon
	}
	for _, c := range name {
		if !isToken(c) {
			flaws |= MalformedField
			break
		}
	}
	value := trimSpace(line[colon+1:])
	at := pos + len(line)
	if len(value) > 0 {
		// Only the white space in front of the value moves its start.
		at = pos + colon + 1 + indent(line[colon+1:])
	}
	h.names |= nameBit(name)
	h.fields = append(h.fields, field{uint32(pos), uint32(pos + len(name)), uint32(at), uint32(at + len(value))})
	return flaws
}

// indent is how much white space b starts with.
func indent(b []byte) int {
	n := 0
	for n < len(b) && (b[n] == ' ' || b[n] == '\t') {
		n++
	}
	return n
}

// unfold joins a line that starts with white space to the value before it:
// what lies between the two becomes spaces (RFC 9112 §5.2).
func (h *Header) unfold(pos, size int) Flaws {
	if len(h.fields) == 0 {
		return MalformedField
	}
	f := &h.fields[len(h.fields)-1]
	line := trimSpace(h.buf[pos : pos+size])
	if len(line) == 0 {
		return ObsFold
	}
	at := pos + indent(h.buf[pos:pos+size])
	if f.value == f.valueEnd {
		f.value = uint32(at)
	} else {
		for i := int(f.valueEnd); i < at; i++ {
			h.buf[i] = ' '
		}
	}
	f.valueEnd = uint32(at + len(line))
	return ObsFold
}
