package output

import (
	"unicode"
	"unicode/utf8"
)

// maxText is how many bytes of a string from a packet a report shows.
const maxText = 2048

const hexDigits = "0123456789abcdef"

// cut shortens s to maxText bytes, at a character's start.
func cut[S string | []byte](s S) (head S, more bool) {
	if len(s) <= maxText {
		return s, false
	}
	n := maxText
	for back := 0; back < utf8.UTFMax && !utf8.RuneStart(s[n]); back++ {
		n--
	}
	return s[:n], true
}

// appendQuoted appends s as a JSON string (RFC 8259 §7). A byte that is no
// UTF-8 becomes \xNN in the text itself. With doubled, a backslash in s is
// doubled in the text too, which makes that reversible.
func appendQuoted[S string | []byte](b []byte, s S, doubled bool) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			i++
			switch {
			case c == '"':
				b = append(b, '\\', '"')
			case c == '\\' && doubled:
				b = append(b, `\\\\`...)
			case c == '\\':
				b = append(b, `\\`...)
			case c < ' ' || c == 0x7f || c == '<':
				b = appendUnit(b, uint16(c))
			default:
				b = append(b, c)
			}
			continue
		}
		r, size := decode(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(b, '\\', '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
		case unicode.IsPrint(r):
			b = append(b, s[i:i+size]...)
		case r > 0xffff:
			b = appendUnit(b, uint16(0xd800+(r-0x10000)>>10))
			b = appendUnit(b, uint16(0xdc00+(r-0x10000)&0x3ff))
		default:
			b = appendUnit(b, uint16(r))
		}
		i += size
	}
	return append(b, '"')
}

// appendUnit appends a UTF-16 unit as JSON escapes it.
func appendUnit(b []byte, u uint16) []byte {
	return append(b, '\\', 'u', hexDigits[u>>12], hexDigits[u>>8&15], hexDigits[u>>4&15], hexDigits[u&15])
}

// decode is the first character of s; it copies at most its bytes.
func decode[S string | []byte](s S) (rune, int) {
	var first [utf8.UTFMax]byte
	return utf8.DecodeRune(first[:copy(first[:], s)])
}

// appendPrintable appends s for a terminal: what does not print is escaped as
// in a Go string, so that no control character, escape sequence or bidi
// control gets through and what stands there can be told from what was sent.
func appendPrintable[S string | []byte](b []byte, s S) []byte {
	for i := 0; i < len(s); {
		r, size := decode(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(b, '\\', 'x', hexDigits[s[i]>>4], hexDigits[s[i]&15])
		case r == '\\':
			b = append(b, '\\', '\\')
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r == '\t':
			b = append(b, '\\', 't')
		case unicode.IsPrint(r):
			b = append(b, s[i:i+size]...)
		case r < utf8.RuneSelf:
			b = append(b, '\\', 'x', hexDigits[r>>4&15], hexDigits[r&15])
		case r > 0xffff:
			b = append(b, '\\', 'U', '0', '0')
			b = appendHex(b, uint32(r), 6)
		default:
			b = append(b, '\\', 'u')
			b = appendHex(b, uint32(r), 4)
		}
		i += size
	}
	return b
}

func appendHex(b []byte, v uint32, digits int) []byte {
	for d := digits - 1; d >= 0; d-- {
		b = append(b, hexDigits[v>>(4*d)&15])
	}
	return b
}

// printable is appendPrintable of a string, at most maxText bytes of it.
func printable(s string) string {
	head, more := cut(s)
	b := appendPrintable(nil, head)
	if more {
		b = append(b, "…"...)
	}
	return string(b)
}
