package metrics

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"connlint/analysis"
	"connlint/analysis/rules"
	"connlint/analysis/timeline"
	"connlint/capture"
)

// read takes a source through all rules and publishes what comes out.
func read(t *testing.T, src capture.Source) (*Meter, analysis.Counts, *analysis.Summary) {
	t.Helper()
	m := New("test", rules.All(), analysis.Limits{})
	engine, err := analysis.New(analysis.Config{}, rules.All(), m)
	if err != nil {
		t.Fatal(err)
	}
	counts, err := analysis.Read(src, engine, analysis.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	m.Publish(State{counts, engine.Summary(), 7})
	return m, counts, engine.Summary()
}

func readMixed(t *testing.T) (*Meter, analysis.Counts, *analysis.Summary) {
	t.Helper()
	const path = "../../testdata/lab/13-mixed/client.pcap.gz"
	r, err := capture.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	src := capture.NewFile(r, path, 0)
	defer src.Close()
	return read(t, src)
}

// scrape is what a GET of the metrics gives: values by series.
func scrape(t *testing.T, m *Meter) map[string]float64 {
	t.Helper()
	h, err := m.Handler()
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	series := map[string]float64{}
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		v, err := strconv.ParseFloat(strings.TrimSpace(line[at:]), 64)
		if err != nil {
			t.Fatal(err)
		}
		series[line[:at]] = v
	}
	return series
}

func TestMetricsAgreeWithTheSummary(t *testing.T) {
	m, counts, summary := readMixed(t)
	got := scrape(t, m)
	want := map[string]float64{
		"connlint_packets_total":                      float64(counts.Source.Packets),
		"connlint_captured_bytes_total":               float64(counts.Source.Bytes),
		"connlint_segments_total":                     float64(counts.Source.Segments),
		"connlint_connections_opened_total":           float64(summary.Connections),
		"connlint_connections_closed_total":           float64(summary.Connections),
		"connlint_connections_open":                   0,
		"connlint_transactions_total":                 float64(summary.Transactions),
		"connlint_incomplete_transactions_total":      float64(summary.Incomplete),
		"connlint_transaction_duration_seconds_count": float64(summary.Transactions),
		"connlint_transaction_duration_seconds_sum":   seconds(summary.Spent.Transactions.Sum),
		"connlint_output_dropped_records_total":       7,
		"connlint_connections_limit":                  1 << 20,
		"connlint_buffered_limit_bytes":               256 << 20,
		"connlint_hosts_limit":                        4096,
		"connlint_last_packet_timestamp_seconds":      seconds(counts.Source.Last),
		`connlint_evicted_total{kind="connections"}`:  0,
	}
	for cause, ns := range summary.Spent.Time {
		want[fmt.Sprintf("connlint_transaction_seconds_total{cause=%q}", timeline.Cause(cause))] = seconds(ns)
	}
	for _, r := range rules.All() {
		want[fmt.Sprintf("connlint_findings_total{rule=%q,severity=%q}", r.Name, r.Severity)] = 0
	}
	for _, r := range rules.All() {
		cost := func(m map[string]*analysis.Cost) float64 {
			if m[r.Name] == nil {
				return 0
			}
			return seconds(m[r.Name].Time)
		}
		found := 0.0
		for series, v := range got {
			if strings.HasPrefix(series, fmt.Sprintf("connlint_findings_total{rule=%q,", r.Name)) {
				found += v
				delete(want, series)
			}
		}
		if found != float64(summary.Findings[r.Name]) {
			t.Errorf("%s: %v findings, want %d", r.Name, found, summary.Findings[r.Name])
		}
		want[fmt.Sprintf("connlint_finding_events_total{rule=%q}", r.Name)] = float64(summary.Events[r.Name])
		want[fmt.Sprintf("connlint_finding_lost_seconds_total{rule=%q}", r.Name)] = cost(summary.Lost)
		want[fmt.Sprintf("connlint_finding_saving_seconds_total{rule=%q}", r.Name)] = cost(summary.Saved)
	}
	if len(summary.Findings) < 3 || summary.Transactions == 0 {
		t.Fatal("the capture has too little in it to prove anything")
	}
	for series, v := range want {
		if have, ok := got[series]; !ok || have != v {
			t.Errorf("%s: got %v (there: %t), want %v", series, have, ok, v)
		}
	}
	for _, series := range [...]string{"go_goroutines", "go_memstats_heap_inuse_bytes", "process_resident_memory_bytes"} {
		if got[series] <= 0 {
			t.Errorf("%s: %v", series, got[series])
		}
	}
}

func TestSkippedConnections(t *testing.T) {
	m := New("test", rules.All(), analysis.Limits{})
	m.Publish(State{Summary: &analysis.Summary{SlotsRefused: 3, FindingsDropped: 4,
		Skipped: map[string]map[string]uint64{"tcp/nagle-delayed-ack-stall": {"Vantage": 2, "Handshake": 5}}}})
	got := scrape(t, m)
	for series, want := range map[string]float64{
		`connlint_skipped_connections_total{gate="Vantage",rule="tcp/nagle-delayed-ack-stall"}`:   2,
		`connlint_skipped_connections_total{gate="Handshake",rule="tcp/nagle-delayed-ack-stall"}`: 5,
		`connlint_evicted_total{kind="slots"}`:                                                    3,
		`connlint_evicted_total{kind="findings"}`:                                                 4,
	} {
		if got[series] != want {
			t.Errorf("%s: %v, want %v", series, got[series], want)
		}
	}
}

// The names are as Prometheus wants them, and each family has a help text.
func TestMetricsAreLinted(t *testing.T) {
	m, _, _ := readMixed(t)
	all := prometheus.NewPedanticRegistry()
	if err := all.Register(m); err != nil {
		t.Fatal(err)
	}
	problems, err := testutil.GatherAndLint(all)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	families, err := all.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if len(f.GetHelp()) < 10 || !strings.HasSuffix(f.GetHelp(), ".") || !strings.HasPrefix(f.GetName(), "connlint_") {
			t.Errorf("%s: help %q", f.GetName(), f.GetHelp())
		}
	}
}

// flood is a connection with one transaction for each of many servers, each
// with a name of its own.
type flood struct {
	servers, at int
	packet      capture.Packet
}

func (f *flood) Next() (*capture.Packet, error) {
	conn, step := f.at/6, f.at%6
	if conn == f.servers {
		return nil, io.EOF
	}
	client := capture.Endpoint4([]byte{192, 0, 2, 1}, uint16(1024+conn%60000))
	server := capture.Endpoint4([]byte{10, byte(conn >> 16), byte(conn >> 8), byte(conn)}, 80)
	request := fmt.Appendf(nil, "GET /%d HTTP/1.1\r\nHost: host%d.example\r\n\r\n", conn, conn)
	response := []byte("HTTP/1.1 204 No Content\r\n\r\n")
	s := &f.packet.Segment
	*s = capture.Segment{Frame: capture.NewFrame(0, uint64(f.at+1), int64(1e18)+int64(f.at)*1e5), Src: client, Dst: server, Window: 65535}
	turn := func() { s.Src, s.Dst = server, client }
	switch step {
	case 0:
		s.Flags, s.Seq = capture.SYN, 999
	case 1:
		turn()
		s.Flags, s.Seq, s.Ack = capture.SYN|capture.ACK, 4999, 1000
	case 2:
		s.Flags, s.Seq, s.Ack, s.Payload = capture.ACK|capture.PSH, 1000, 5000, request
	case 3:
		turn()
		s.Flags, s.Seq, s.Ack, s.Payload = capture.ACK|capture.PSH, 5000, capture.Seq(1000+len(request)), response
	case 4:
		s.Flags, s.Seq, s.Ack = capture.ACK|capture.FIN, capture.Seq(1000+len(request)), capture.Seq(5000+len(response))
	case 5:
		turn()
		s.Flags, s.Seq, s.Ack = capture.ACK|capture.FIN, capture.Seq(5000+len(response)), capture.Seq(1001+len(request))
	}
	s.Len = len(s.Payload)
	f.packet.Kind = capture.TCP
	f.at++
	return &f.packet, nil
}

func (f *flood) Stats() capture.Stats { return capture.Stats{Packets: uint64(f.at)} }
func (f *flood) Close() error         { return nil }

// A hundred thousand servers add no series.
func TestManyServersAreNotManySeries(t *testing.T) {
	const servers = floodServers
	few, _, _ := read(t, &flood{servers: 10})
	many, counts, summary := read(t, &flood{servers: servers})
	if summary.Transactions != servers || counts.Connections.Connections != servers {
		t.Fatalf("the flood has %d transactions on %d connections", summary.Transactions, counts.Connections.Connections)
	}
	a, b := scrape(t, few), scrape(t, many)
	if b["connlint_transactions_total"] != servers {
		t.Errorf("%v transactions", b["connlint_transactions_total"])
	}
	for series := range b {
		// What could not be judged may differ between a few and a flood; it is bounded by rules and gates.
		if _, ok := a[series]; !ok && !strings.HasPrefix(series, "connlint_skipped_connections_total{") && strings.HasPrefix(series, "connlint_") {
			t.Errorf("new with many servers: %s", series)
		}
		if strings.Contains(series, "10.0.") || strings.Contains(series, "example") {
			t.Errorf("a packet became a label: %s", series)
		}
	}
	if limit := 5*len(rules.All()) + 200; len(b) > limit+len(maps.Collect(maps.All(summary.Skipped)))*9 {
		t.Errorf("%d series", len(b))
	}
}

// Scrapes go on while the run counts and publishes; what a scrape reads is of
// one moment. Run with the race detector.
func TestScrapesBesideARun(t *testing.T) {
	m := New("test", rules.All(), analysis.Limits{})
	h, err := m.Handler()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var scrapers sync.WaitGroup
	for range 3 {
		scrapers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
				var transactions, count string
				for line := range strings.Lines(w.Body.String()) {
					if v, ok := strings.CutPrefix(line, "connlint_transactions_total "); ok {
						transactions = v
					}
					if v, ok := strings.CutPrefix(line, "connlint_transaction_duration_seconds_count "); ok {
						count = v
					}
				}
				if w.Code == http.StatusOK && (transactions == "" || transactions != count) {
					t.Errorf("one scrape, two moments: %q transactions, %q durations", transactions, count)
				}
			}
		})
	}
	x := &timeline.Transaction{}
	finding := &analysis.Finding{Rule: rules.All()[0], Severity: analysis.Error, Count: 1}
	for i := range 5_000 {
		m.Transaction(nil, x)
		m.Finding(finding)
		if i%100 == 0 {
			m.Publish(State{})
		}
	}
	close(done)
	scrapers.Wait()
}

// Counting allocates nothing: it stands in the path of each transaction.
func TestCountingAllocatesNothing(t *testing.T) {
	m := New("test", rules.All(), analysis.Limits{})
	x, f := &timeline.Transaction{}, &analysis.Finding{Rule: rules.All()[0], Severity: analysis.Note, Count: 1}
	if n := testing.AllocsPerRun(100, func() { m.Transaction(nil, x); m.Finding(f) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestHistogramBuckets(t *testing.T) {
	var h histogram
	for _, ns := range [...]int64{0, 1e6, 1e6 + 1, 40e6, 60e9, 61e9} {
		h.add(ns)
	}
	if h.buckets[0] != 2 || h.buckets[1] != 1 || h.buckets[5] != 1 || h.buckets[len(bounds)-1] != 1 || h.buckets[len(bounds)] != 1 {
		t.Error(h.buckets)
	}
}
