package analysis

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"connlint/analysis/timeline"
	"connlint/capture"
)

// TestPercentiles holds percentiles against those of the sorted values.
func TestPercentiles(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var d Durations
		var all []int64
		scale := math.Pow(10, 3+9*rng.Float64())
		for range 1 + rng.IntN(2000) {
			ns := int64(scale * rng.ExpFloat64())
			d.Add(ns)
			all = append(all, ns)
		}
		slices.Sort(all)
		for _, p := range []int{1, 50, 95, 99, 100} {
			want := all[max(0, (len(all)*p+99)/100-1)]
			got := d.Percentile(p)
			if off := math.Abs(float64(got - want)); off > 0.02*float64(want)+float64(durationUnit) {
				t.Fatalf("p%d of %d values is %d, want %d", p, len(all), got, want)
			}
		}
	}
}

// TestDurationsForYears: more durations than a bucket can count leave the
// percentiles where they are.
func TestDurationsForYears(t *testing.T) {
	var d, o Durations
	for range 500 { // in all 15,000 million short ones, 5,000 million long ones
		d.addN(1e6, 3e7)
		d.addN(9e6, 1e7)
		o.addN(1e6, 3e7)
		o.addN(9e6, 1e7)
	}
	d.addN(2e9, 1)
	for _, sum := range []string{"one", "merged"} {
		if sum == "merged" {
			d.merge(&o)
		}
		for p, want := range map[int]float64{1: 1e6, 50: 1e6, 73: 1e6, 77: 9e6, 99: 9e6} {
			if got := float64(d.Percentile(p)); math.Abs(got-want) > 0.02*want {
				t.Errorf("%s: p%d is %.0f, want %.0f", sum, p, got, want)
			}
		}
	}
	if d.N != 40e9+1 || d.Max != 2e9 {
		t.Errorf("N %d, Max %d", d.N, d.Max)
	}
}

// TestServersAreBounded: a flood of servers costs no more memory than the limit,
// and no time is lost.
func TestServersAreBounded(t *testing.T) {
	s := newSummary()
	for i := range uint16(5000) {
		key := serverKey{server: capture.Endpoint4([]byte{10, 0, byte(i >> 8), byte(i)}, 80)}
		at := s.servers.of[key]
		if at == nil {
			at = s.servers.open(key)
		}
		at.Time[timeline.Response] += 1e6
		at.Transactions.Add(1e6)
	}
	top, rest := s.Servers(10)
	if len(top) != 10 || rest == nil || len(s.servers.of) != maxServers {
		t.Fatalf("%d listed of %d", len(top), len(s.servers.of))
	}
	sum := rest.Transactions.N
	for _, at := range top {
		sum += at.Transactions.N
	}
	if sum != 5000 || rest.Time[timeline.Response] != 4990e6 {
		t.Errorf("%d transactions, %d ns at the rest", sum, rest.Time[timeline.Response])
	}
}
