package capture

import (
	"math/bits"
	"time"
)

// defaultResolution is if_tsresol where there is none: microseconds.
const defaultResolution = 6

// maxSeconds bounds times to what time.Time.UnixNano can tell, the years 1677
// to 2262, so that no file makes the arithmetic on them overflow.
const maxSeconds = 9_223_372_035

// clock turns the ticks of an interface into time.
type clock struct {
	unit       uint64 // ticks in a second; 0: more than 64 bits can count
	resolution uint8  // if_tsresol, §4.2: a power of ten, or with the top bit one of two
	offset     int64  // if_tsoffset: seconds to add
}

func newClock(resolution uint8, offset int64) clock {
	c := clock{resolution: resolution, offset: offset}
	if exp := uint(resolution & 0x7f); resolution&0x80 == 0 {
		c.unit = powerOfTen(exp)
	} else if exp < 64 {
		c.unit = 1 << exp
	}
	return c
}

// powerOfTen is 10^exp, 0 if that needs more than 64 bits.
func powerOfTen(exp uint) uint64 {
	if exp > 19 {
		return 0
	}
	p := uint64(1)
	for range exp {
		p *= 10
	}
	return p
}

// time is the time of a tick in UTC, whole nanoseconds, rounded down.
func (c clock) time(ticks uint64) time.Time {
	var sec, ns uint64
	switch c.unit {
	case 1e6: // constants divide faster
		sec, ns = ticks/1e6, ticks%1e6*1000
	case 1e9:
		sec, ns = ticks/1e9, ticks%1e9
	case 0:
		ns = c.belowSecond(ticks)
	default:
		sec = ticks / c.unit
		hi, lo := bits.Mul64(ticks%c.unit, 1e9)
		ns, _ = bits.Div64(hi, lo, c.unit) // hi < unit: the rest is, and 10^9 < 2^64
	}
	return time.Unix(addSeconds(sec, c.offset), int64(ns)).UTC()
}

// belowSecond is ticks in nanoseconds where 2^64 of them are no second.
func (c clock) belowSecond(ticks uint64) uint64 {
	exp := uint(c.resolution & 0x7f)
	if c.resolution&0x80 != 0 {
		hi, _ := bits.Mul64(ticks, 1e9)
		return hi >> (exp - 64)
	}
	perNano := powerOfTen(exp - 9)
	if perNano == 0 {
		return 0
	}
	return ticks / perNano
}

// addSeconds adds without overflow and stays within maxSeconds.
func addSeconds(sec uint64, offset int64) int64 {
	sum, carry := bits.Add64(sec, uint64(offset), 0)
	switch {
	case offset < 0 && carry == 0: // below the epoch
		return max(int64(sum), -maxSeconds)
	case offset >= 0 && carry == 1:
		return maxSeconds
	}
	return int64(min(sum, maxSeconds))
}
