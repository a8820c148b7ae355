package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"connlint/analysis"
	"connlint/output"
)

// static is a gauge that has one value over the run.
type static struct {
	desc  *prometheus.Desc
	value float64
}

// build says what runs.
func build(program string) static {
	return static{prometheus.NewDesc("connlint_build_info", "Always 1; the labels say what runs.", nil,
		prometheus.Labels{"version": program, "schema": output.Schema}), 1}
}

// stated are the limits of a run: what memory may be taken for. What each
// takes is said where the limits are defined.
func stated(l analysis.Limits) []static {
	c, t := l.Connections, l.Timeline
	return []static{
		{describe("connections_limit", "Limit of TCP connections followed or remembered."), float64(c.Connections)},
		{describe("buffered_limit_bytes", "Limit of payload that waits behind holes."), float64(c.Buffered)},
		{describe("unacknowledged_segments_limit", "Limit of segments remembered until they are acknowledged."), float64(c.Unacknowledged)},
		{describe("pairs_limit", "Limit of pairs of a client address and a server followed."), float64(t.Pairs)},
		{describe("senders_limit", "Limit of senders whose silences are explained at a time."), float64(t.Senders)},
		{describe("hosts_limit", "Limit of hosts followed."), float64(t.Hosts)},
		{describe("legs_limit", "Limit of requests under way that may be a leg of a path through a proxy."), float64(t.Legs)},
		{describe("messages_limit_bytes", "Limit of what all HTTP messages under way hold."), float64(t.HTTP.All)},
	}
}

// eviction is how much of a kind was given up.
type eviction struct {
	kind string
	n    uint64
}

func (s *snapshot) evictions() [10]eviction {
	g := &s.givenUp
	return [...]eviction{
		{"connections", g.Connections},
		{"pairs", g.Pairs},
		{"hosts", g.Hosts},
		{"legs", g.Legs},
		{"explanations", g.Messages},
		{"holes", g.Holes},
		{"messages", g.LeftAside},
		{"fragments", s.counts.Source.GivenUp},
		{"slots", s.refused},
		{"findings", s.dropped},
	}
}
