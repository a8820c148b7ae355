package output

import (
	"math/bits"
	"strconv"

	"connlint/capture"
)

// encoder appends one JSON record to a buffer that is used again for the
// next: nothing is allocated for a record once the buffer has grown.
// Keys are constants of this package and need no escaping.
type encoder struct {
	buf   []byte
	where whereabouts // of packets
}

// begin starts a record.
func (e *encoder) begin(kind string) {
	e.buf = append(e.buf[:0], `{"type":"`...)
	e.buf = append(e.buf, kind...)
	e.buf = append(e.buf, '"')
}

// next puts a comma where one is due.
func (e *encoder) next() {
	switch e.buf[len(e.buf)-1] {
	case '{', '[':
	default:
		e.buf = append(e.buf, ',')
	}
}

func (e *encoder) key(k string) {
	e.next()
	e.buf = append(e.buf, '"')
	e.buf = append(e.buf, k...)
	e.buf = append(e.buf, '"', ':')
}

// object and array open a value that close ends; without a key it is an
// element of an array.
func (e *encoder) object(k string) { e.open(k, '{') }
func (e *encoder) array(k string)  { e.open(k, '[') }

func (e *encoder) open(k string, bracket byte) {
	if k == "" {
		e.next()
	} else {
		e.key(k)
	}
	e.buf = append(e.buf, bracket)
}

func (e *encoder) close(bracket byte) { e.buf = append(e.buf, bracket) }

func (e *encoder) null(k string) {
	e.key(k)
	e.buf = append(e.buf, "null"...)
}

func (e *encoder) bool(k string, v bool) {
	e.key(k)
	e.buf = strconv.AppendBool(e.buf, v)
}

func (e *encoder) uint(k string, n uint64) {
	e.key(k)
	e.buf = strconv.AppendUint(e.buf, n, 10)
}

func (e *encoder) int(k string, n int) {
	e.key(k)
	e.buf = strconv.AppendInt(e.buf, int64(n), 10)
}

func (e *encoder) float(k string, v float64) {
	e.key(k)
	e.buf = appendFloat(e.buf, v)
}

// ms is a duration given in nanoseconds.
func (e *encoder) ms(k string, ns int64) {
	e.key(k)
	e.buf = appendMS(e.buf, ns)
}

// time is a moment in ns since the epoch.
func (e *encoder) time(k string, ns int64) {
	e.key(k)
	e.buf = append(e.buf, '"')
	e.buf = appendTime(e.buf, ns)
	e.buf = append(e.buf, '"')
}

// text is a string of the program's own or of its user.
func (e *encoder) text(k, s string) {
	e.key(k)
	e.buf = appendQuoted(e.buf, s, false)
}

// element is a string in an array.
func (e *encoder) element(s string) {
	e.next()
	e.buf = appendQuoted(e.buf, s, false)
}

// fromPacket is a string that came from packets.
func (e *encoder) fromPacket(k string, s []byte) {
	e.key(k)
	head, more := cut(s)
	e.buf = appendQuoted(e.buf, head, true)
	if more {
		e.buf = append(e.buf[:len(e.buf)-1], `…"`...)
	}
}

// slug is one of the program's own names with spaces, as one word.
func (e *encoder) slug(k, name string) {
	e.key(k)
	e.buf = append(e.buf, '"')
	e.buf = appendSlug(e.buf, name)
	e.buf = append(e.buf, '"')
}

// appendSlug appends a name of the program's own in the form of enums:
// "cut by close" is "cut-by-close".
func appendSlug(b []byte, name string) []byte {
	for i := range len(name) {
		switch c := name[i]; {
		case c == ' ':
			b = append(b, '-')
		case c >= 'A' && c <= 'Z':
			b = append(b, c|0x20)
		default:
			b = append(b, c)
		}
	}
	return b
}

func (e *encoder) texts(k string, all []string) {
	e.array(k)
	for _, s := range all {
		e.element(s)
	}
	e.close(']')
}

// set is the names of the bits in a set.
func (e *encoder) set(k string, set uint64, name func(bit int) string) {
	e.array(k)
	for ; set != 0; set &= set - 1 {
		e.element(name(bits.TrailingZeros64(set)))
	}
	e.close(']')
}

// endpoint is "10.0.0.1:80"; without a port it is the address alone, and ""
// if there is none.
func (e *encoder) endpoint(k string, p capture.Endpoint) {
	e.key(k)
	e.buf = append(e.buf, '"')
	e.buf = appendEndpoint(e.buf, p)
	e.buf = append(e.buf, '"')
}

func appendEndpoint(b []byte, p capture.Endpoint) []byte {
	switch {
	case p.IsZero():
		return b
	case p.Port() == 0:
		return p.Addr().AppendTo(b)
	}
	return p.AddrPort().AppendTo(b)
}

// frame is a packet's number, null if it was not seen.
func (e *encoder) frame(k string, f capture.Frame) {
	if f.IsZero() {
		e.null(k)
		return
	}
	e.uint(k, f.Number())
}
