package reassembly

import (
	"testing"

	"connlint/capture"
)

// watched runs packets of one interface with these times, ms, through a clock,
// and is the number of the first packet behind the latest step.
func watched(at ...float64) (step uint64, tick int64) {
	var k clock
	for i, t := range at {
		k.see(&capture.Segment{Frame: capture.NewFrame(0, uint64(i+1), 1e18+int64(t*1e6))})
	}
	return k.step, k.grain.tick()
}

func TestClockIsSetBack(t *testing.T) {
	for _, c := range []struct {
		name string
		at   []float64
		step uint64
	}{
		{"steady", []float64{0, 0.1, 0.2, 10, 500, 501.3}, 0},
		{"2 s back", []float64{5000, 5000.1, 3000.2, 3000.3}, 3},
		{"20 ms back", []float64{5000, 5000.1, 4980.1, 4980.2, 4980.3}, 3},
		{"one packet 20 ms late in the file", []float64{5000, 5000.1, 4980.1, 5000.2, 5000.3, 5000.4}, 0},
		{"two of them", []float64{5000, 4980.1, 4980.2, 5000.3, 4980.4, 5001}, 0},
		{"8 ms out of order all the time", []float64{5000, 4992.1, 5001, 4993, 5002.1, 4994, 5003, 4995.3}, 0},
		{"a stamp from a week before", []float64{700e6, 700e6 + 1, 0, 700e6 + 2}, 0},
		{"a year on: it is one from its first packet on", append([]float64{0, 1}, years(20)...), 3},
		{"a pause is no step", []float64{0, 0.1, 40000.3, 40000.4}, 0},
	} {
		if step, _ := watched(c.at...); step != c.step {
			t.Errorf("%s: step at packet %d, want %d", c.name, step, c.step)
		}
	}
}

func TestCoarseClock(t *testing.T) {
	for _, c := range []struct {
		name string
		at   []float64
		tick int64
	}{
		{"microseconds", []float64{0, 10, 20, 30.001, 40, 50}, 0},
		{"three ticks tell nothing", []float64{0, 0, 10, 20, 20}, 0},
		{"10 ms", []float64{0, 0, 10, 10, 30, 40}, 10 * 1e6},
		{"10 ms at even places", []float64{0, 20, 60, 80, 120}, 20 * 1e6},
		{"15.625 ms", []float64{3.125, 18.75, 18.75, 50, 65.625}, 15625e3},
		{"1 ms", []float64{0, 7, 11, 18, 29}, 1 * 1e6},
		{"coarse until a finer stamp comes", []float64{0, 10, 20, 30, 40, 40.5}, 0},
	} {
		if _, tick := watched(c.at...); tick != c.tick {
			t.Errorf("%s: ticks of %d ns, want %d", c.name, tick, c.tick)
		}
	}
}

// A clock of Windows that ticks 64 times a second, told in units of 100 ns.
func TestUnevenTicks(t *testing.T) {
	var at []float64
	for i := range 400 {
		at = append(at, float64(i/2*2)*15.6001+float64(i/2%3)*1e-4)
	}
	for i := range 200 {
		at = append(at, at[399]+float64(i+1)*15.6001+float64(i%3)*1e-4)
	}
	if _, tick := watched(at...); tick < 15*1e6 || tick > 16*1e6 {
		t.Errorf("ticks of %d ns", tick)
	}
}

// peers plays timestamps of two hosts, each at real time real and stamped
// off ms later by the capture, and reports whether they agree that it was set.
func peers(c *Connection, hz [2]float64, stopped Side, steps ...[2]float64) bool {
	ws, agreed := new(witnesses), false
	for i, s := range steps {
		real, off := s[0], s[1]
		for _, side := range [2]Side{Client, Server} {
			val := uint32(1000 + real*hz[side]/1000)
			if stopped == side && off > 0 {
				val = uint32(1000 + (real-off)*hz[side]/1000)
			}
			seg := capture.Segment{Frame: capture.NewFrame(0, uint64(i+2), 1e18+int64((real+off)*1e6)), Flags: capture.ACK}
			seg.Options.TSVal = val
			agreed = ws.agree(c, &seg, side) || agreed
		}
	}
	return agreed
}

func TestHostsTellTheClockWasSet(t *testing.T) {
	c := &Connection{First: capture.NewFrame(0, 1, 1e18), slot: 1}
	both := [2]float64{1000, 1000}
	const nobody = Side(2)
	for _, x := range []struct {
		name  string
		hz    [2]float64
		steps [][2]float64
		want  bool
	}{
		{"steady", both, [][2]float64{{0, 0}, {100, 0}, {200, 0}, {40000, 0}}, false},
		{"30 s forward", both, [][2]float64{{0, 0}, {100, 0}, {200, 0}, {210, 30000}}, true},
		{"30 s forward before any rate is known", both, [][2]float64{{0, 0}, {10, 30000}}, true},
		{"2 s back in a silence of 5", both, [][2]float64{{0, 0}, {100, 0}, {5000, -2000}}, true},
		{"clocks of 100 and 250 Hz", [2]float64{100, 250}, [][2]float64{{0, 0}, {300, 0}, {310, 1000}}, true},
		{"slewed by a tenth", both, [][2]float64{{0, 0}, {100, 0}, {4000, 400}, {8000, 800}}, true},
		{"a crystal off by 200 ppm", both, [][2]float64{{0, 0}, {100, 0}, {3600e3, 720}}, false},
		{"300 ms of queue", both, [][2]float64{{0, 0}, {100, 0}, {200, 300}}, false},
	} {
		if got := peers(c, x.hz, nobody, x.steps...); got != x.want {
			t.Errorf("%s: %v", x.name, got)
		}
	}
}

// A host whose clock stands still was asleep: the other says that time passed.
func TestOneHostAsleepIsNoStep(t *testing.T) {
	c := &Connection{First: capture.NewFrame(0, 1, 1e18), slot: 1}
	ws := new(witnesses)
	for i, x := range []struct {
		at   int64
		side Side
		val  uint32
	}{{0, Client, 100}, {0, Server, 900}, {100, Client, 200}, {100, Server, 1000}, {30100, Server, 31000}, {30110, Client, 210}, {30120, Server, 31020}, {30200, Client, 300}} {
		s := capture.Segment{Frame: capture.NewFrame(0, uint64(i+2), 1e18+x.at*1e6), Flags: capture.ACK}
		s.Options.TSVal = x.val
		if ws.agree(c, &s, x.side) {
			t.Errorf("packet %d: a step", i+2)
		}
	}
}

// years are n packets a year later.
func years(n int) (at []float64) {
	for i := range n {
		at = append(at, 3e10+float64(i)*1.7)
	}
	return at
}
