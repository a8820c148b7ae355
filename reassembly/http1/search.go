package http1

import (
	"bytes"

	"connlint/capture"
)

// start takes what stands between messages: line ends before a request
// (RFC 9112 §2.2), then the first byte of a start line.
func (c *Conn) start(dir Direction, h *half, frame capture.Frame, b []byte) int {
	if dir == Request {
		if h.fresh && h.off == 0 && b[0] == proxyV2[0] {
			h.state, h.line, h.left = inPreface, 0, 0
			return 0
		}
		if n := len(b) - len(trimStrays(b)); n > 0 {
			c.strays(h, n)
			return n
		}
	}
	c.beginTrial(dir, h, frame, 0)
	return 0
}

// strays records line ends: behind a request's body while that is known
// (old clients add one), else before the request to come.
func (c *Conn) strays(h *half, n int) {
	h.skipped += uint64(n)
	if h.done != nil && h.done.Framing != None {
		h.done.Flaws |= TrailingCRLF
		return
	}
	h.stray = true
}

// leave accounts for n bytes that are part of no start line, by the state.
func (c *Conn) leave(dir Direction, h *half, frame capture.Frame, n uint64) {
	if n == 0 {
		return
	}
	switch h.state {
	case lost:
		h.m.Body.n += n
		h.m.reach(frame)
	case surplus:
		if h.done != nil {
			h.done.Surplus = h.done.Surplus.Plus(n)
		}
		c.handler.Surplus(dir, int(h.last), n, frame)
	default:
		h.skipped += n
		if dir == Response {
			c.pairing.maybeAnswered()
		}
	}
}

// search looks for the next start line.
func (c *Conn) search(dir Direction, h *half, frame capture.Frame, b []byte, front bool) int {
	front = front && !h.spoilt
	if h.state == skipping && front && c.pairing.index == 0 {
		if k := Sniff(b); k == TLSClient || k == TLSServer || k == TLSOther || k == HTTP2Preface {
			c.switchTo(protocolOf(k), frame)
			return 0
		}
	}
	i := h.candidate(dir, b, front || h.edge)
	if i < 0 {
		c.leave(dir, h, frame, uint64(len(b)))
		return len(b)
	}
	c.leave(dir, h, frame, uint64(i))
	c.beginTrial(dir, h, frame, i)
	return i
}

// candidate is the position in b of what may be a start line, or -1. edge
// says that a line or a piece of data begins with b.
func (h *half) candidate(dir Direction, b []byte, edge bool) int {
	if dir == Response && h.state != skipping {
		for i := 0; ; i++ {
			next := bytes.IndexByte(b[i:], 'H')
			if next < 0 {
				return -1
			}
			i += next
			if v, _ := statusViable(b[i:]); v != notViable {
				return i
			}
		}
	}
	for i := 0; i < len(b); {
		if (i > 0 || edge) && startsLine(dir, b[i:]) {
			return i
		}
		next := bytes.IndexByte(b[i:], '\n')
		if next < 0 {
			return -1
		}
		i += next + 1
	}
	return -1
}

// startsLine reports whether b may begin with a start line; where the whole
// line is there, whether it does.
func startsLine(dir Direction, b []byte) bool {
	if dir == Response {
		v, _ := statusViable(b)
		return v != notViable
	}
	line, _, whole := bytes.Cut(b, []byte{'\n'})
	if !requestViable(line, 0, true) {
		return false
	}
	if whole {
		line = bytes.TrimSuffix(line, []byte{'\r'})
		_, _, ok := parseRequestLine(line, false)
		return ok
	}
	return true
}
