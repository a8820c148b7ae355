package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"connlint/analysis"
	"connlint/analysis/timeline"
)

// families are the metrics of a run.
type families struct {
	plain                                   []plain
	time, evicted                           *prometheus.Desc
	findings, events, lost, saved, unjudged *prometheus.Desc
	durations                               *prometheus.Desc
}

// plain is a metric without labels.
type plain struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(*snapshot) float64
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("connlint_"+name, help, labels, nil)
}

func counter(name, help string, value func(*snapshot) uint64) plain {
	return plain{describe(name, help), prometheus.CounterValue, func(s *snapshot) float64 { return float64(value(s)) }}
}

func newFamilies() families {
	return families{
		plain: append(capturePlain(), runPlain()...),
		time: describe("transaction_seconds_total",
			"Time of HTTP transactions by its cause; the causes add up to the whole, and what ran side by side counts each.", "cause"),
		durations: describe("transaction_duration_seconds", "How long HTTP transactions took, from the first byte of the request, or the handshake made for it, to the last of the response."),
		findings:  describe("findings_total", "Findings, by rule and severity.", "rule", "severity"),
		events:    describe("finding_events_total", "Single events that findings tell of, by rule.", "rule"),
		lost:      describe("finding_lost_seconds_total", "Time that findings say was lost, by rule; rules may speak of the same time.", "rule"),
		saved:     describe("finding_saving_seconds_total", "Time that mending what was found would save, by rule.", "rule"),
		unjudged:  describe("skipped_connections_total", "Connections that a rule could not judge, by what the capture lacked.", "rule", "gate"),
		evicted:   describe("evicted_total", "What was given up because a limit was reached, by kind.", "kind"),
	}
}

// capturePlain is what the source counts.
func capturePlain() []plain {
	return []plain{
		counter("packets_total", "Packets captured, whatever they carry.", func(s *snapshot) uint64 { return s.counts.Source.Packets }),
		counter("captured_bytes_total", "Length of the captured packets on the wire.", func(s *snapshot) uint64 { return s.counts.Source.Bytes }),
		counter("segments_total", "TCP segments analysed.", func(s *snapshot) uint64 { return s.counts.Source.Segments }),
		counter("dropped_packets_total", "Packets that the kernel dropped because they were not read in time.", func(s *snapshot) uint64 { return s.counts.Source.Dropped }),
		counter("undecoded_packets_total", "Packets of link types and encapsulations that are not decoded.", func(s *snapshot) uint64 { return s.counts.Source.Undecoded }),
		counter("malformed_packets_total", "Packets whose headers contradict themselves or stop short.", func(s *snapshot) uint64 { return s.counts.Source.Malformed }),
		counter("cut_packets_total", "Packets cut by the snap length.", func(s *snapshot) uint64 { return s.counts.Source.Cut }),
		counter("duplicate_segments_total", "TCP segments set aside as copies of others.", func(s *snapshot) uint64 {
			return s.counts.Source.TunnelCopies + s.counts.Connections.Copies
		}),
		counter("unseen_bytes_total", "Payload bytes that their receiver acknowledged and the capture lacks.", func(s *snapshot) uint64 { return s.counts.Connections.Unseen }),
		{describe("last_packet_timestamp_seconds", "Capture time of the latest packet, since the Unix epoch; 0 before the first."), prometheus.GaugeValue,
			func(s *snapshot) float64 { return seconds(s.counts.Source.Last) }},
	}
}

// runPlain is what the analysis counts.
func runPlain() []plain {
	return []plain{
		counter("connections_opened_total", "TCP connections seen.", func(s *snapshot) uint64 { return s.counts.Connections.Connections }),
		counter("connections_closed_total", "TCP connections seen that are over: closed, idle for too long, or given up.", func(s *snapshot) uint64 {
			return s.counts.Connections.Connections - s.counts.Connections.Open
		}),
		{describe("connections_open", "TCP connections followed now, also those that closed two seconds ago or less."), prometheus.GaugeValue, func(s *snapshot) float64 { return float64(s.counts.Connections.Open) }},
		counter("transactions_total", "HTTP transactions, and turns of encrypted connections.", func(s *snapshot) uint64 { return s.transactions }),
		counter("incomplete_transactions_total", "Transactions without a whole request and a whole response.", func(s *snapshot) uint64 { return s.incomplete }),
		counter("output_dropped_records_total", "Records of the report that were dropped because it was not read in time.", func(s *snapshot) uint64 { return s.unwritten }),
	}
}

// Describe is part of prometheus.Collector.
func (m *Meter) Describe(to chan<- *prometheus.Desc) {
	f := &m.families
	for _, p := range f.plain {
		to <- p.desc
	}
	for _, d := range [...]*prometheus.Desc{f.time, f.durations, f.findings, f.events, f.lost, f.saved, f.unjudged, f.evicted} {
		to <- d
	}
	for _, s := range m.static {
		to <- s.desc
	}
}

// Collect is part of prometheus.Collector. It may be called at any time from
// any goroutine; all that it gives is of one moment.
func (m *Meter) Collect(to chan<- prometheus.Metric) {
	s, f := m.published.Load(), &m.families
	for _, p := range f.plain {
		to <- prometheus.MustNewConstMetric(p.desc, p.kind, p.value(s))
	}
	to <- s.durations.metric(f.durations)
	for cause := range timeline.NumCauses {
		to <- count(f.time, seconds(s.time[cause]), cause.String())
	}
	m.collectRules(s, to)
	for _, k := range s.skipped {
		to <- count(f.unjudged, float64(k.connections), k.rule, k.gate)
	}
	for _, e := range s.evictions() {
		to <- count(f.evicted, float64(e.n), e.kind)
	}
	for _, t := range m.static {
		to <- prometheus.MustNewConstMetric(t.desc, prometheus.GaugeValue, t.value)
	}
}

// collectRules gives each rule its own severity from the start, so that a rate
// over the first finding is right.
func (m *Meter) collectRules(s *snapshot, to chan<- prometheus.Metric) {
	f := &m.families
	for i, r := range m.rules {
		n := &s.rules[i]
		for sev := analysis.Note; sev <= analysis.Error; sev++ {
			if sev == r.Severity || n.findings[sev] > 0 {
				to <- count(f.findings, float64(n.findings[sev]), r.Name, sev.String())
			}
		}
		to <- count(f.events, float64(n.events), r.Name)
		to <- count(f.lost, seconds(n.lost), r.Name)
		to <- count(f.saved, seconds(n.saved), r.Name)
	}
}

func count(desc *prometheus.Desc, v float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(desc, prometheus.CounterValue, v, labels...)
}
