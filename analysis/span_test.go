package analysis

import (
	"math"
	"testing"
)

func TestSpan(t *testing.T) {
	for ns, want := range map[int64]string{
		0: "0 ms", 1: "1 ns", 999: "999 ns", 1000: "1.00 µs", 2049: "2.05 µs", 42000: "42.0 µs", 420000: "420 µs",
		999499: "999 µs", 999500: "1.00 ms", 1240000: "1.24 ms", 9994999: "9.99 ms", 9995000: "10.0 ms", 43767000: "43.8 ms",
		99950000: "100 ms", 999499999: "999 ms", 999500000: "1.00 s", 1050900000: "1.05 s", 61e9: "61.0 s", 120e9: "120 s",
		350e9: "350 s", 999499999999: "999 s", 999500000000: "16 min 40 s", 3599499999999: "59 min 59 s",
		3599500000000: "1 h 0 min", 7500e9: "2 h 5 min", 142449780e9: "1,648 days", -43767000: "-43.8 ms",
		math.MaxInt64: "106,751 days",
	} {
		if got := Span(ns); got != want {
			t.Errorf("%d ns: got %q, want %q", ns, got, want)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", math.MaxUint64: "18,446,744,073,709,551,615"} {
		if got := Thousands(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}
