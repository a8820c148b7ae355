package http1

import "iter"

// Header is an ordered list of fields as sent, names and values as slices of
// one buffer. It is valid as long as its message.
type Header struct {
	buf    []byte
	fields []field
	names  uint64 // the bits of all their names, see nameBit
}

// field holds offsets, not slices: the buffer moves when it grows, and a list
// without pointers costs the garbage collector nothing.
type field struct{ name, nameEnd, value, valueEnd uint32 }

// Len is the number of fields.
func (h *Header) Len() int { return len(h.fields) }

// Field is the i-th field: the name as sent, the value without the white
// space around it; obsolete folding is replaced by spaces (RFC 9112 §5.2).
func (h *Header) Field(i int) (name, value []byte) {
	f := h.fields[i]
	return h.buf[f.name:f.nameEnd], h.value(i)
}

func (h *Header) value(i int) []byte {
	f := h.fields[i]
	return h.buf[f.value:f.valueEnd:f.valueEnd]
}

// nameBit is the bit that stands for a name in whatever case. Names may share
// one, so a bit that is set proves nothing; one that is not spares the search,
// and most of what is asked for is not there.
func nameBit[T []byte | string](name T) uint64 {
	n := len(name)
	if n == 0 {
		return 0
	}
	return 1 << ((n + 7*int(name[0]&0x1f) + 3*int(name[n-1]&0x1f)) & 63)
}

// lacks reports whether no field has that name; false may be wrong.
func (h *Header) lacks(name string) bool { return h.names&nameBit(name) == 0 }

func (h *Header) named(i int, name string) bool {
	f := h.fields[i]
	return int(f.nameEnd-f.name) == len(name) && equalFold(h.buf[f.name:f.nameEnd], name)
}

// Get is the value of the first field of that name, in whatever case; nil if
// there is none.
func (h *Header) Get(name string) []byte {
	if h.lacks(name) {
		return nil
	}
	for i := range h.fields {
		if h.named(i, name) {
			return h.value(i)
		}
	}
	return nil
}

// All yields the fields in order.
func (h *Header) All() iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		for i := range h.fields {
			if !yield(h.Field(i)) {
				return
			}
		}
	}
}

// Values yields the values of all fields of that name.
func (h *Header) Values(name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if h.lacks(name) {
			return
		}
		for i := range h.fields {
			if h.named(i, name) && !yield(h.value(i)) {
				return
			}
		}
	}
}

// Elements yields the elements of the comma-separated lists in all fields of
// that name, without the white space around them; empty ones are passed over
// (RFC 9110 §5.6.1). A comma inside a quoted string does not separate.
func (h *Header) Elements(name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if h.lacks(name) {
			return
		}
		for i := range h.fields {
			if !h.named(i, name) {
				continue
			}
			for rest := h.value(i); rest != nil; {
				var element []byte
				element, rest = cutElement(rest)
				if len(element) > 0 && !yield(element) {
					return
				}
			}
		}
	}
}

// HasToken reports whether the list in the fields of that name has the token,
// both in whatever case: HasToken("connection", "close").
func (h *Header) HasToken(name, token string) bool {
	if h.lacks(name) {
		return false
	}
	for i := range h.fields {
		if !h.named(i, name) {
			continue
		}
		for rest := h.value(i); rest != nil; {
			var element []byte
			element, rest = cutElement(rest)
			if equalFold(element, token) {
				return true
			}
		}
	}
	return false
}

// cutElement is the first element of a list and what follows its comma: nil
// if there was none.
func cutElement(b []byte) (element, rest []byte) {
	quoted := false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			return trimSpace(b[:i]), b[i+1:]
		}
	}
	return trimSpace(b), nil
}

// trimSpace removes OWS (RFC 9110 §5.6.3).
func trimSpace(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// equalFold compares ASCII without regard to case.
func equalFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		d := s[i]
		if d >= 'A' && d <= 'Z' {
			d |= 0x20
		}
		if c != d {
			return false
		}
	}
	return true
}

// isToken reports whether c may stand in a token (RFC 9110 §5.6.2). The two
// words are the set as bits: the check runs for every letter of every name.
func isToken(c byte) bool {
	const (
		low  = uint64(1)<<'!' | 1<<'#' | 1<<'$' | 1<<'%' | 1<<'&' | 1<<'\'' | 1<<'*' | 1<<'+' | 1<<'-' | 1<<'.' | 0x3ff<<'0'
		high = uint64(0x3ffffff)<<('A'-64) | 0x3ffffff<<('a'-64) | 1<<('^'-64) | 1<<('_'-64) | 1<<('`'-64) | 1<<('|'-64) | 1<<('~'-64)
	)
	switch {
	case c < 64:
		return low>>c&1 != 0
	case c < 128:
		return high>>(c-64)&1 != 0
	}
	return false
}
