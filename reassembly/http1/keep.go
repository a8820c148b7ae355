package http1

import "bytes"

// Head is a copy of a message's start line and fields for those who need them
// longer than the message lasts. Its memory is its own and is used again by
// the next Keep.
type Head struct {
	Start  StartLine
	Header Header
}

// Keep copies the head of a request. It keeps nothing and is false if the head
// is not known whole or longer than limit bytes.
func (h *Head) Keep(m *Message, limit int) bool {
	h.Header.buf, h.Header.fields, h.Header.names, h.Start = h.Header.buf[:0], h.Header.fields[:0], 0, StartLine{}
	if m.Dir != Request || m.Head.IsZero() || len(m.Header.buf) > limit || m.Flaws&(HeadTooLarge|TooManyFields) != 0 {
		return false
	}
	h.Header.buf = append(h.Header.buf, m.Header.buf...)
	h.Header.fields = append(h.Header.fields, m.Header.fields...)
	h.Header.names = m.Header.names
	line := h.Header.buf[:min(len(m.Start.Raw), len(h.Header.buf))]
	var ok bool
	h.Start, _, ok = parseRequestLine(line, true)
	return ok
}

// Size is how many bytes of memory the copy holds on to.
func (h *Head) Size() int { return cap(h.Header.buf) + 16*cap(h.Header.fields) }

// Same reports whether two heads are the same to the last byte.
func (h *Head) Same(o *Head) bool { return bytes.Equal(h.Header.buf, o.Header.buf) }

// Has reports whether there is a field of that name with that value, the name
// in whatever case.
func (h *Header) Has(name, value []byte) bool {
	for i := range h.fields {
		f := h.fields[i]
		if int(f.nameEnd-f.name) == len(name) && int(f.valueEnd-f.value) == len(value) &&
			bytes.EqualFold(h.buf[f.name:f.nameEnd], name) && bytes.Equal(h.value(i), value) {
			return true
		}
	}
	return false
}
