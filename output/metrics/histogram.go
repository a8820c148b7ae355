package metrics

import "github.com/prometheus/client_golang/prometheus"

// bounds are the upper ends of a histogram's buckets in seconds: from what a
// cache in the same host takes to where clients give up, 40 ms and 200 ms, the
// timers of Linux, among them.
var bounds = [...]float64{.001, .0025, .005, .01, .025, .04, .05, .1, .2, .5, 1, 2.5, 5, 10, 30, 60}

// histogram counts durations in the buckets of bounds; the last is that of
// longer ones.
type histogram struct {
	buckets [len(bounds) + 1]uint64
	sum     int64 // ns
}

// add takes a duration in ns.
func (h *histogram) add(ns int64) {
	i, s := 0, seconds(ns)
	for i < len(bounds) && s > bounds[i] {
		i++
	}
	h.buckets[i]++
	h.sum += ns
}

// metric is the histogram as Prometheus has it: a bucket holds all that is not
// longer.
func (h *histogram) metric(desc *prometheus.Desc) prometheus.Metric {
	below, n := map[float64]uint64{}, uint64(0)
	for i, upper := range bounds {
		n += h.buckets[i]
		below[upper] = n
	}
	return prometheus.MustNewConstHistogram(desc, n+h.buckets[len(bounds)], seconds(h.sum), below)
}

// seconds are ns in the base unit of Prometheus.
func seconds(ns int64) float64 { return float64(ns) / 1e9 }
