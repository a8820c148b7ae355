// Package metrics shows a live run from outside, as Prometheus metrics.
//
// A [Meter] is told what the run finds, as the report is, on the goroutine
// that analyses. There it keeps plain sums, without a lock. From time to time,
// about once a second, that goroutine publishes them; a scrape reads what was
// published last and never holds up a packet.
//
// Names follow the conventions of Prometheus: base units, _total behind what
// only grows. What a packet says never becomes a label: labels are the rules,
// severities, causes, gates and limits of the program, so that no traffic, and
// no flood of hosts, adds a series. There is no label for a server: the
// busiest few would come and go, and counters of the rest run backwards. The
// findings name servers.
package metrics
