package trace

import (
	"strings"

	"connlint/capture"
)

// minFiller is the shortest run that Format writes as len=: below it the
// letters themselves read better.
const minFiller = 16

// filler is the byte at offset at of a stream (0 is the first byte after the
// SYN). It depends on nothing else, so that a retransmission of filler is one.
func filler(at uint32) byte { return 'a' + byte(at%26) }

// fill writes the filler of the stream from offset at on.
func fill(b []byte, at uint32) {
	for i := range b {
		b[i] = filler(at + uint32(i))
	}
}

// fillerRun is how many bytes at the head of b are filler, if b stands at
// offset at of its stream.
func fillerRun(b []byte, at uint32) int {
	for i := range b {
		if b[i] != filler(at+uint32(i)) {
			return i
		}
	}
	return len(b)
}

// offset is where in its stream the segment's first payload byte stands.
func offset(s *capture.Segment, isn capture.Seq) uint32 {
	at := uint32(s.Seq - isn - 1)
	if s.Flags.Has(capture.SYN) {
		at++
	}
	return at
}

// piece is a part of a payload: text, or so much filler.
type piece struct {
	text string
	n    int
}

// join makes the bytes of a payload that starts at offset at; size is their
// sum. It keeps no more than limit bytes.
func join(pieces []piece, size, limit int, at uint32) []byte {
	if size = min(size, limit); size == 0 {
		return nil
	}
	b := make([]byte, size)
	done := 0
	for _, p := range pieces {
		if done >= size {
			break
		}
		if p.n > 0 {
			end := min(size, done+p.n)
			fill(b[done:end], at+uint32(done))
			done = end
		} else {
			done += copy(b[done:], p.text)
		}
	}
	return b
}

// split is the inverse of join for a payload of size bytes on the wire of
// which b were captured: what is missing counts as filler. A piece of n bytes
// is filler, one with text is not.
func split(b []byte, size int, at uint32) []piece {
	var pieces []piece
	start := 0 // of the text that is not yet in a piece
	for i := 0; i < len(b); {
		run := fillerRun(b[i:], at+uint32(i))
		if run < minFiller && !(i+run == len(b) && len(b) < size && run > 0) {
			i += max(run, 1)
			continue
		}
		if i > start {
			pieces = append(pieces, piece{text: string(b[start:i])})
		}
		pieces = append(pieces, piece{n: run})
		i += run
		start = i
	}
	if start < len(b) {
		pieces = append(pieces, piece{text: string(b[start:])})
	}
	if missing := size - len(b); missing > 0 {
		if n := len(pieces); n > 0 && pieces[n-1].n > 0 {
			pieces[n-1].n += missing
		} else {
			pieces = append(pieces, piece{n: missing})
		}
	}
	return pieces
}

// quote is text as Parse reads it back: printable ASCII stands for itself.
func quote(text string) string {
	const hex = "0123456789abcdef"
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(text) {
		switch {
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			b.WriteString(`\x`)
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
