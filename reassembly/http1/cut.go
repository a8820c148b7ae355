package http1

import (
	"bytes"

	"connlint/capture"
)

// endTrial decides about a possible start line that will never be whole.
func (c *Conn) endTrial(dir Direction, h *half, frame capture.Frame, how End) {
	if dir == Response && h.back == atStart && h.fresh && c.awaitsHeadless(h.trial.Header.buf) {
		if v, _ := statusViable(h.trial.Header.buf); v == notViable || c.awaitsSimple() {
			c.headless(h, frame)
			return
		}
	}
	c.cutTrial(dir, h, frame, how)
}

// cutTrial keeps a start line that was cut if there is enough of it to know
// it for one: then it is a message that ended so.
func (c *Conn) cutTrial(dir Direction, h *half, frame capture.Frame, how End) {
	if plausible(dir, h.trial.Header.buf) {
		c.acceptPart(dir, h, frame)
		c.cutMessage(dir, h, how, frame)
		return
	}
	first, n := h.trial.First, h.trial.HeadSize
	h.state = h.back
	if h.back == atStart {
		// Behind a message it is surplus, on a fresh connection nothing.
		h.state = surplus
		if h.fresh {
			h.state = skipping
		}
	}
	c.dropTrial(h)
	c.leave(dir, h, first, n)
}

// cutMessage ends a message before its end. What there is of a head is read:
// under a snap length that is all there will ever be.
func (c *Conn) cutMessage(dir Direction, h *half, how End, frame capture.Frame) {
	m := h.m
	h.misjudged(how)
	if h.state != inHead {
		c.endMessage(dir, h, how, frame)
		return
	}
	if !m.partial {
		c.readHead(m)
	}
	p, switches := m.switches(m.request())
	c.endMessage(dir, h, how, frame)
	if switches {
		c.switchTo(p, frame)
	}
}

// plausible reports whether the beginning of a start line is enough to take
// it for one.
func plausible(dir Direction, b []byte) bool {
	if dir == Response {
		v, _ := statusViable(b)
		return v == certain || v == viable && len(b) >= len("HTTP/")
	}
	method, _, ok := bytes.Cut(b, []byte{' '})
	return ok && knownMethod(method) && requestViable(b, 0, true)
}

// acceptPart accepts a start line that is not whole.
func (c *Conn) acceptPart(dir Direction, h *half, frame capture.Frame) {
	m := h.trial
	m.Start, m.partial = partialStart(dir, m.Header.buf), true
	c.accept(dir, h, frame)
	h.line = uint32(len(m.Header.buf)) // the line goes on, if at all
}

// awaitsHeadless reports whether b may be the first bytes of a response
// without a head: there is a request that it may answer, and b is not how a
// server of another protocol greets.
func (c *Conn) awaitsHeadless(b []byte) bool {
	t := c.pairing.await
	return t != nil && t.Request != nil && t.requestDone && !bytes.HasPrefix(b, []byte(sshGreeting))
}

// awaitsSimple reports whether the request that is next to be answered is one
// of HTTP/0.9.
func (c *Conn) awaitsSimple() bool {
	t := c.pairing.await
	return t != nil && t.Request != nil && t.Request.Start.Major == 0 && t.Request.Start.Minor == 9
}

// headless makes the trial a response that is all body (RFC 1945 §6: a
// simple response). What was taken for a start line is its first bytes.
func (c *Conn) headless(h *half, frame capture.Frame) {
	m := h.trial
	if !c.awaitsSimple() {
		m.Flaws |= Headless
	}
	m.Start = StartLine{Major: 0, Minor: 9}
	m.Framing, m.Body = UntilClose, AtLeast(m.HeadSize)
	m.HeadSize = 0
	m.Header.buf = m.Header.buf[:0]
	c.accept(Response, h, frame)
	h.state = toClose
	c.handler.Head(m)
}
