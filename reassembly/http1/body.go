package http1

import "connlint/capture"

// body counts the bytes of a body or of a chunk.
func (c *Conn) body(dir Direction, h *half, frame capture.Frame, b []byte) int {
	m := h.m
	n := len(b)
	if h.state != toClose {
		if h.state == inBody && m.Body.n == 0 && m.orphan() {
			if v, _ := statusViable(b); v == certain {
				// The server goes on to its next response: this one
				// answered a HEAD that the capture has not.
				m.Flaws |= PresumedHEAD
				m.Framing, m.Body = None, Count{}
				c.endMessage(dir, h, Complete, m.Last)
				return 0
			}
		}
		n = int(min(uint64(n), h.left))
		h.left -= uint64(n)
	}
	m.digest(b[:n])
	m.Body.n += uint64(n)
	m.reach(frame)
	m.keepTail(b[:n])
	if h.left == 0 {
		c.dataDone(dir, h, frame)
	}
	return n
}

// orphan reports whether m is a response whose request was not seen.
func (m *Message) orphan() bool {
	return m.Dir == Response && m.tx != nil && m.tx.Request == nil
}

// dataDone goes on behind a body or a chunk that is whole.
func (c *Conn) dataDone(dir Direction, h *half, frame capture.Frame) {
	switch h.state {
	case inBody:
		c.endMessage(dir, h, Complete, frame)
	case inChunk:
		h.state, h.line = afterChunk, 0
	}
}

// The parts of a chunk-size line, kept in half.first.
const (
	sizeDigits = iota // hexadecimal digits, or nothing yet
	sizeRest          // white space and extensions
	sizeCR            // the line end has begun
)

// chunkSize reads a chunk-size line without keeping it (RFC 9112 §7.1):
// extensions are passed over, quoted or not, for no line end may be in them.
func (c *Conn) chunkSize(dir Direction, h *half, frame capture.Frame, b []byte) int {
	m := h.m
	m.reach(frame)
	if h.line == 0 {
		h.first = sizeDigits
	}
	for i, x := range b {
		empty := h.line == 0 || h.first == sizeCR && h.line == 1
		if x == '\n' && !empty {
			if h.first != sizeCR {
				m.Flaws |= BareLF
			}
			m.Overhead += uint64(i) + 1
			c.sizeDone(h)
			return i + 1
		}
		flaw := h.sizeByte(x)
		if h.line++; int(h.line) > c.pool.limits.ChunkLine {
			flaw = ChunkLineTooLong
		}
		if flaw != 0 {
			m.Overhead += uint64(i)
			c.loseFraming(h, flaw, frame)
			return i
		}
	}
	m.Overhead += uint64(len(b))
	return len(b)
}

// sizeByte takes one byte of a chunk-size line but its last, and says what is
// wrong with it.
func (h *half) sizeByte(x byte) Flaws {
	digit, isHex := hexDigit(x)
	switch {
	case x == '\n' || h.first == sizeCR:
		return ChunkSizeMalformed
	case x == '\r':
		h.first = sizeCR
	case h.first == sizeRest:
	case isHex && h.left > (1<<63-1)>>4:
		return ChunkSizeOverflow
	case isHex:
		h.left = h.left<<4 | digit
	case h.line > 0 && (x == ';' || x == ' ' || x == '\t'):
		h.first = sizeRest
	default:
		return ChunkSizeMalformed
	}
	return 0
}

func hexDigit(x byte) (uint64, bool) {
	switch {
	case x >= '0' && x <= '9':
		return uint64(x - '0'), true
	case x >= 'a' && x <= 'f':
		return uint64(x-'a') + 10, true
	case x >= 'A' && x <= 'F':
		return uint64(x-'A') + 10, true
	}
	return 0, false
}

func (c *Conn) sizeDone(h *half) {
	h.line = 0
	if h.left == 0 {
		h.m.LastSeen = true
		h.state = inTrailer
		return
	}
	h.m.Chunks++
	h.m.Chunk = h.left
	h.state = inChunk
}

// loseFraming goes on in a message whose coding contradicts itself: what
// follows counts as its body until something tells its end.
func (c *Conn) loseFraming(h *half, flaw Flaws, frame capture.Frame) {
	h.m.Flaws |= flaw
	h.m.Broken = frame
	h.state, h.left, h.line = lost, 0, 0
}

// chunkEnd takes the line end behind a chunk's data.
func (c *Conn) chunkEnd(h *half, frame capture.Frame, b []byte) int {
	m := h.m
	switch {
	case b[0] == '\r' && h.line == 0:
		h.line = 1
	case b[0] == '\n':
		if h.line == 0 {
			m.Flaws |= BareLF
		}
		h.state, h.left, h.line = inSize, 0, 0
	default:
		c.loseFraming(h, ChunkSizeWrong, frame)
		return 0
	}
	m.reach(frame)
	m.Overhead++
	return 1
}

// trailer gathers the trailer section behind the last chunk. The buffer is
// made only if there is one: usually the empty line is all.
func (c *Conn) trailer(dir Direction, h *half, frame capture.Frame, b []byte) int {
	m := h.m
	n, whole, over := h.collect(&m.Trailer.buf, b, c.pool.head())
	c.pool.charge(m)
	m.Overhead += uint64(n)
	m.reach(frame)
	if over {
		m.Flaws |= TrailerTooLarge
	}
	if whole {
		if string(m.Trailer.buf) != crlf {
			m.Flaws |= m.Trailer.parse(0, c.pool.limits.Fields)
			c.pool.charge(m)
		}
		c.endMessage(dir, h, Complete, frame)
	}
	return n
}
