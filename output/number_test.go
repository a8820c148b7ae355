package output

import (
	"encoding/json"
	"math"
	"math/big"
	"testing"
)

func checkMS(t *testing.T, ns int64) {
	got := string(appendMS(nil, ns))
	if !json.Valid([]byte(got)) {
		t.Fatalf("%d ns: %q is no JSON number", ns, got)
	}
	r, ok := new(big.Rat).SetString(got)
	if !ok || r.Cmp(big.NewRat(ns, 1e6)) != 0 {
		t.Fatalf("%d ns: %q is not exact", ns, got)
	}
}

func TestMillisecondsAreExact(t *testing.T) {
	for ns, want := range map[int64]string{
		0: "0", 1: "0.000001", 100: "0.0001", 999999: "0.999999", 1e6: "1", 42800000: "42.8", -1500000: "-1.5",
		9007199254740993: "9007199254.740993", // beyond what a float holds exactly
	} {
		if got := string(appendMS(nil, ns)); got != want {
			t.Errorf("%d ns: got %s, want %s", ns, got, want)
		}
		checkMS(t, ns)
	}
	checkMS(t, math.MaxInt64)
	checkMS(t, math.MinInt64)
}

func FuzzMilliseconds(f *testing.F) {
	for _, ns := range []int64{0, 1, -1, 1e6, 1234567890, math.MaxInt64, math.MinInt64} {
		f.Add(ns, float64(ns)/7)
	}
	f.Fuzz(func(t *testing.T, ns int64, v float64) {
		checkMS(t, ns)
		if b := appendFloat(nil, v); !json.Valid(b) {
			t.Fatalf("%g is written %s", v, b)
		}
	})
}

func TestFloats(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.97: "0.97", 30: "30", 42.800000000000004: "42.8", -0.0000001: "0", 100: "100",
		1e300: "1e+300", math.Inf(1): "null",
	} {
		if got := string(appendFloat(nil, v)); got != want {
			t.Errorf("%g: got %s, want %s", v, got, want)
		}
	}
	if got := string(appendFloat(nil, math.NaN())); got != "null" {
		t.Errorf("NaN: got %s", got)
	}
}

func TestTimesHaveNineDigits(t *testing.T) {
	if got, want := string(appendTime(nil, 1700000000000000100)), "2023-11-14T22:13:20.000000100Z"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
