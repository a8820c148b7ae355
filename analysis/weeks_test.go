package analysis_test

import (
	"testing"

	"connlint/capture"
)

// TestWeeks is a busy service for days of capture time, told of at intervals of
// a minute: what the run keeps is the same after twice the time, and the pairs
// that never end are told of all along.
func TestWeeks(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	service := attack{name: "service", start: segments(func() func(int, *capture.Segment) {
		w := newWire()
		w.clients = func(conn int) capture.Endpoint { // ten that come back every half minute, and ever new ones
			if conn%2 == 0 {
				return capture.Endpoint4([]byte{172, 16, 0, byte(conn / 2 % 10)}, uint16(1024+conn/20%60000))
			}
			return manyHosts(conn)
		}
		w.servers = func(conn int) capture.Endpoint {
			return capture.Endpoint4([]byte{192, 168, byte(conn % 2 * (conn % 7)), 1}, 80)
		}
		return func(i int, s *capture.Segment) {
			exchange(w, i/7, i%7, s)
			if s.Time = floodStart + int64(i)*250e6; i%7 == 6 {
				w.over(i / 7)
			}
		}
	})}
	limits := tight()
	limits.Interval = 60e9
	const n = 350_000 // a day
	once, twice := service.run(t, n, limits), service.run(t, 2*n, limits)
	if more := twice.live - once.live; more > 1<<20 {
		t.Errorf("%d bytes after a day, %d more after two", once.live, more)
	}
	const rule = "keepalive/connection-per-request"
	if a, b := once.sum.Findings[rule], twice.sum.Findings[rule]; a < 1000 || b < 2*a-a/10 {
		t.Errorf("%s: %d findings in a day, %d in two", rule, a, b)
	}
	t.Logf("%d bytes after a day, %d after two; %d and %d findings of %s", once.live, twice.live, once.sum.Findings[rule], twice.sum.Findings[rule], rule)
}
