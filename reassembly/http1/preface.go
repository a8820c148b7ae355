package http1

import "connlint/capture"

// preface follows a PROXY protocol v2 header: the signature, four bytes, and
// as many more as the last two of them say.
func (c *Conn) preface(h *half, frame capture.Frame, b []byte) int {
	const fixed = len(proxyV2) + 4
	for i, x := range b {
		switch at := int(h.line); {
		case at == fixed:
			n := int(min(uint64(len(b)-i), h.left))
			h.left -= uint64(n)
			h.skipped += uint64(n)
			if h.left == 0 {
				h.state = atStart
			}
			return i + n
		case at < len(proxyV2) && x != proxyV2[at]:
			if at > len(crlf)*2 {
				c.switchTo(NotHTTP, frame)
			}
			h.state, h.stray = atStart, true
			return i
		case at >= fixed-2:
			h.left = h.left<<8 | uint64(x)
		}
		h.line++
		h.skipped++
		if int(h.line) == fixed {
			h.proxied = true
			if h.left == 0 {
				h.state = atStart
				return i + 1
			}
		}
	}
	return len(b)
}
