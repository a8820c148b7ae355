package http1

import (
	"bytes"

	"connlint/capture"
)

// beginTrial takes the bytes from i on for a start line until they prove to
// be none.
func (c *Conn) beginTrial(dir Direction, h *half, frame capture.Frame, i int) {
	h.trial = c.pool.message(dir)
	h.trial.First = frame
	h.trial.Offset = h.off + uint64(i)
	h.back, h.state = h.state, onTrial
}

// tryRequest adds to a possible request line.
func (c *Conn) tryRequest(h *half, frame capture.Frame, b []byte) int {
	m := h.trial
	n := bytes.IndexByte(b, '\n') + 1
	whole := n > 0
	if !whole {
		n = len(b)
	}
	from := len(m.Header.buf)
	keep := max(0, min(n, c.pool.head()-from))
	m.Header.buf = append(m.Header.buf, b[:keep]...)
	c.pool.charge(m)
	m.HeadSize += uint64(n)
	m.reach(frame)
	switch {
	case keep < n:
		c.reject(Request, h, frame)
	case !requestViable(m.Header.buf, from, !h.fresh):
		if !h.fresh || Sniff(m.Header.buf) != NeedMore {
			c.reject(Request, h, frame)
		}
	case whole:
		c.decideRequest(h, frame)
	}
	return n
}

// decideRequest judges a whole line.
func (c *Conn) decideRequest(h *half, frame capture.Frame) {
	m := h.trial
	line, bare := trimLine(m.Header.buf)
	start, flaws, ok := parseRequestLine(line, h.fresh)
	switch {
	case ok && start.Major == 2 && string(start.Method) == "PRI":
		c.switchTo(HTTP2, frame)
		return
	case !ok && h.fresh && !h.proxied && len(line) <= maxProxyV1 && bytes.HasPrefix(line, []byte(proxyV1)):
		h.proxied = true
		h.skipped += m.HeadSize
		c.dropTrial(h)
		h.state = atStart
		return
	case !ok && h.fresh && misspelt(line):
		start, flaws = partialStart(Request, line), MalformedVersion
	case !ok:
		c.reject(Request, h, frame)
		return
	}
	m.Start = start
	m.Flaws |= flaws
	if bare {
		m.Flaws |= BareLF
	}
	c.accept(Request, h, frame)
	if start.Major == 0 && start.Minor == 9 && bytes.HasSuffix(line, start.Target) {
		m.Head, m.Framing = frame, None
		c.handler.Head(m)
		c.endMessage(Request, h, Complete, frame)
	}
}

// misspelt reports whether a connection's first line means to be a request
// line and is none, as in "GET / HTTP/1.": the server's 400 tells the rest.
func misspelt(line []byte) bool {
	method, _, _ := bytes.Cut(line, []byte{' '})
	return knownMethod(method) && bytes.Contains(line, []byte("HTTP/"))
}

// tryResponse adds to a possible status line. As long as it is not certain,
// only as much is taken as fits, so that the byte that does not may begin the
// next trial.
func (c *Conn) tryResponse(h *half, frame capture.Frame, b []byte) int {
	m := h.trial
	had := len(m.Header.buf)
	n := bytes.IndexByte(b, '\n') + 1
	whole := n > 0
	if !whole {
		n = len(b)
	}
	if had < statusPrefix && n > statusPrefix-had {
		// What is no status line shows it here: no need to copy a body.
		n, whole = statusPrefix-had, false
	}
	if had+n > c.pool.head() {
		m.HeadSize += uint64(n)
		c.reject(Response, h, frame)
		return n
	}
	m.Header.buf = append(m.Header.buf, b[:n]...)
	c.pool.charge(m)
	v, fits := certain, 0
	if had < statusPrefix {
		v, fits = statusViable(m.Header.buf)
	}
	if v == notViable {
		return c.noStatusLine(h, frame, had, n, fits)
	}
	m.HeadSize += uint64(n)
	m.reach(frame)
	if whole {
		c.decideResponse(h, frame)
	}
	return n
}

// noStatusLine gives up a trial of which fits bytes were in order, and
// returns how many of the n bytes just added are taken by it.
func (c *Conn) noStatusLine(h *half, frame capture.Frame, had, n, fits int) int {
	m := h.trial
	if h.back == atStart && h.fresh {
		m.HeadSize += uint64(n)
		m.reach(frame)
		kind := sniffServer(m.Header.buf)
		switch {
		case kind == NeedMore:
		case kind == Unknown && c.awaitsHeadless(m.Header.buf):
			c.headless(h, frame)
		default:
			c.reject(Response, h, frame)
		}
		return n
	}
	m.Header.buf = m.Header.buf[:fits]
	c.pool.charge(m)
	m.HeadSize = uint64(fits)
	c.reject(Response, h, frame)
	return fits - had
}

func (c *Conn) decideResponse(h *half, frame capture.Frame) {
	m := h.trial
	line, bare := trimLine(m.Header.buf)
	start, flaws, ok := parseStatusLine(line)
	if !ok {
		c.reject(Response, h, frame)
		return
	}
	m.Start = start
	m.Flaws |= flaws
	if bare {
		m.Flaws |= BareLF
	}
	c.accept(Response, h, frame)
}

// accept makes the trial the message in progress.
func (c *Conn) accept(dir Direction, h *half, frame capture.Frame) {
	m := h.trial
	h.trial = nil
	if h.m != nil {
		c.endMessage(dir, h, Garbled, m.First)
	}
	if h.stray {
		m.Flaws |= LeadingCRLF
	}
	if h.proxied {
		m.Flaws |= ProxyPreface
	}
	m.Pieces = 1
	h.m, h.done, h.state, h.line = m, nil, inHead, 0
	h.back, h.fresh, h.stray, h.proxied, h.spoilt = atStart, false, false, false, false
	c.pair(m, frame)
	c.handler.MessageStart(m)
}

// reject gives up the trial: its bytes are what they would have been.
func (c *Conn) reject(dir Direction, h *half, frame capture.Frame) {
	m := h.trial
	if h.back == atStart && h.fresh {
		kind := sniffServer(m.Header.buf)
		if dir == Request {
			kind = Sniff(m.Header.buf)
		}
		p := protocolOf(kind)
		if p == NotHTTP && dir == Request && c.half[Response].off == 0 {
			c.wait(h)
			return
		}
		c.switchTo(p, frame)
		return
	}
	h.state = h.back
	if h.back == atStart {
		h.state = surplus
	}
	first, n := m.First, m.HeadSize
	if h.state == lost {
		first = frame
	}
	c.dropTrial(h)
	c.leave(dir, h, first, n)
}

// wait passes over what a client said that is no HTTP until its server has
// answered: an answer that is HTTP, most likely a 400, makes it a request
// spoilt beyond recognition.
func (c *Conn) wait(h *half) {
	h.skipped += h.trial.HeadSize
	c.dropTrial(h)
	h.state, h.fresh, h.spoilt = skipping, false, true
}

func protocolOf(k Kind) Protocol {
	switch k {
	case TLSClient, TLSServer, TLSOther:
		return TLS
	case HTTP2Preface, HTTP2Settings:
		return HTTP2
	}
	return NotHTTP
}

func (c *Conn) dropTrial(h *half) {
	c.pool.discard(h.trial)
	h.trial, h.back = nil, atStart
}
