package capture

import (
	"math"
	"math/big"
	"testing"
	"time"
)

// The clock agrees with arithmetic of unbounded size for every value that
// if_tsresol can have.
func TestClockOfEveryResolution(t *testing.T) {
	ticks := []uint64{0, 1, 999, 1000, 1_000_001, 1<<32 - 1, 1 << 32, 1_700_000_000, 1_700_000_000_123_456, 1_700_000_000_123_456_789, 1 << 63, math.MaxUint64}
	for resolution := range 256 {
		for _, offset := range []int64{0, 1_600_000_000, -5, math.MaxInt64, math.MinInt64} {
			c := newClock(uint8(resolution), offset)
			for _, n := range ticks {
				if got, want := c.time(n), bigTime(uint8(resolution), n, offset); !got.Equal(want) {
					t.Fatalf("resolution %#x, tick %d, offset %d: %v, want %v", resolution, n, offset, got, want)
				}
			}
		}
	}
}

// bigTime is floor(ticks × 10⁹ / unit) + offset, its seconds held within
// maxSeconds.
func bigTime(resolution uint8, ticks uint64, offset int64) time.Time {
	base := int64(10)
	if resolution&0x80 != 0 {
		base = 2
	}
	unit := new(big.Int).Exp(big.NewInt(base), big.NewInt(int64(resolution&0x7f)), nil)
	ns := new(big.Int).Mul(new(big.Int).SetUint64(ticks), big.NewInt(1e9))
	ns.Div(ns, unit)
	sec, rest := new(big.Int).DivMod(ns, big.NewInt(1e9), new(big.Int))
	sec.Add(sec, big.NewInt(offset))
	if limit := big.NewInt(maxSeconds); sec.Cmp(limit) > 0 {
		sec = limit
	} else if limit.Neg(limit); sec.Cmp(limit) < 0 {
		sec = limit
	}
	return time.Unix(sec.Int64(), rest.Int64())
}
