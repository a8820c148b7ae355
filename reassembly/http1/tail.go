package http1

// lastChunk is how chunked coding ends where there are no trailers, with the
// line end of the chunk before it (RFC 9112 §7.1).
const lastChunk = "\r\n0\r\n\r\n"

// keepTail notes the end of the body. Eight bytes are enough to know a last
// chunk for one, and for the size that gzip puts behind its data (RFC 1952
// §2.3.1): of two faults they are the proof, and no body need be kept.
func (m *Message) keepTail(b []byte) {
	if n := len(b); n < len(m.Tail) {
		copy(m.Tail[:], m.Tail[n:])
	}
	b = b[max(0, len(b)-len(m.Tail)):]
	copy(m.Tail[len(m.Tail)-len(b):], b)
}

// due is how much of the body or of a chunk has not come.
func (h *half) due(end End) uint64 {
	if end != Complete && (h.state == inBody || h.state == inChunk) {
		return h.left
	}
	return 0
}

// misjudged looks, where a message is cut within a chunk, whether what came
// last is the last chunk: then all was sent, and the size was too large. A
// capture that ends there proves nothing, nor does a hole.
func (h *half) misjudged(how End) {
	if h.state == inChunk && (how == CutByClose || how == CutByReset) && string(h.m.Tail[1:]) == lastChunk {
		h.m.Flaws |= ChunkSizeWrong
		h.m.Broken = h.m.Last
	}
}
