package analysis

import (
	"fmt"
	"strconv"
)

// Span says how long ns nanoseconds are, as all text for people does: three
// figures and the unit that fits them, so that 1.24 ms, 43.8 ms and 1.05 s can
// be compared at a glance; from 1,000 seconds on two units, and then days.
// Seconds go that far because time-outs are set in them.
func Span(ns int64) string {
	switch {
	case ns < 0:
		return "-" + Span(-ns)
	case ns == 0:
		return "0 ms"
	case ns < 1e3:
		return strconv.FormatInt(ns, 10) + " ns"
	case ns < 999_500:
		return figures(float64(ns)/1e3) + " µs"
	case ns < 999_500e3:
		return figures(float64(ns)/1e6) + " ms"
	case ns < 999_500e6:
		return figures(float64(ns)/1e9) + " s"
	}
	s := ns / 1e9
	if ns%1e9 >= 5e8 {
		s++
	}
	switch {
	case s < 3600:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	case s < 48*3600:
		return fmt.Sprintf("%d h %d min", s/3600, s/60%60)
	default:
		return Thousands(uint64(s/(24*3600))) + " days"
	}
}

// figures is v, which is below 999.5, with three figures.
func figures(v float64) string {
	digits := 0
	switch {
	case v < 9.995:
		digits = 2
	case v < 99.95:
		digits = 1
	}
	return strconv.FormatFloat(v, 'f', digits, 64)
}

// Thousands is n with a comma behind each three digits, from the right.
func Thousands(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
