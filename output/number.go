package output

import (
	"math"
	"strconv"
	"time"
)

// appendMS appends ns nanoseconds as milliseconds, exactly: up to six digits
// behind the point and no rounding through a float.
func appendMS(b []byte, ns int64) []byte {
	u := uint64(ns)
	if ns < 0 {
		b = append(b, '-')
		u = -u
	}
	b = strconv.AppendUint(b, u/1e6, 10)
	rest := u % 1e6
	if rest == 0 {
		return b
	}
	b = append(b, '.')
	for unit := uint64(1e5); rest > 0; unit /= 10 {
		b = append(b, byte('0'+rest/unit))
		rest %= unit
	}
	return b
}

// appendFloat appends a measured value: at most six digits behind the point,
// since what a rule computed has no more that mean anything. What is no
// number becomes null, as JSON has no word for it.
func appendFloat(b []byte, v float64) []byte {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return append(b, "null"...)
	case math.Abs(v) >= 1e15:
		return strconv.AppendFloat(b, v, 'g', -1, 64)
	}
	start := len(b)
	b = strconv.AppendFloat(b, v, 'f', 6, 64)
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	if b[len(b)-1] == '.' {
		b = b[:len(b)-1]
	}
	if string(b[start:]) == "-0" {
		b = append(b[:start], '0')
	}
	return b
}

// appendTime appends ns since the epoch as RFC 3339 with nanoseconds, in UTC.
func appendTime(b []byte, ns int64) []byte {
	return time.Unix(0, ns).UTC().AppendFormat(b, "2006-01-02T15:04:05.000000000Z")
}
