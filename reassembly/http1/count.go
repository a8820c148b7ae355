package http1

import "strconv"

// Count is a number of bytes that may not be known: that is a value of its
// own, never zero. The zero Count is absent.
type Count struct {
	n    uint64
	kind countKind
}

type countKind uint8

const (
	countAbsent countKind = iota
	countKnown
	countAtLeast
	countMalformed
)

// Known is exactly n bytes.
func Known(n uint64) Count { return Count{n, countKnown} }

// AtLeast is n bytes and perhaps more: what was seen of something cut.
func AtLeast(n uint64) Count { return Count{n, countAtLeast} }

// Malformed is a count that was given as something that is no number.
func Malformed() Count { return Count{kind: countMalformed} }

// Exact is the number and whether it is known exactly.
func (c Count) Exact() (n uint64, ok bool) { return c.n, c.kind == countKnown }

// Least is the number of bytes that there are at least: 0 if nothing is known.
func (c Count) Least() uint64 { return c.n }

// IsAbsent reports whether nothing was said or nothing is there.
func (c Count) IsAbsent() bool { return c.kind == countAbsent }

// IsMalformed reports whether what was said is no number.
func (c Count) IsMalformed() bool { return c.kind == countMalformed }

// Plus is c with n bytes more: absent becomes exactly n, malformed stays.
func (c Count) Plus(n uint64) Count {
	switch c.kind {
	case countAbsent:
		return Known(n)
	case countMalformed:
		return c
	}
	c.n += n
	return c
}

// String is "12", "12+", "absent" or "malformed".
func (c Count) String() string {
	switch c.kind {
	case countKnown:
		return strconv.FormatUint(c.n, 10)
	case countAtLeast:
		return strconv.FormatUint(c.n, 10) + "+"
	case countMalformed:
		return "malformed"
	}
	return "absent"
}
