package output

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
)

func endpoint(s string) capture.Endpoint { return capture.EndpointFrom(netip.MustParseAddrPort(s)) }

func finding(rule string, server string, lost int64) *analysis.Finding {
	f := &analysis.Finding{Rule: &analysis.Rule{Name: rule}, Severity: analysis.Warning, Confidence: 1, Culprit: analysis.Server,
		Message: "a sentence about " + server, Count: 1, Lost: analysis.Cost{Time: lost},
		Subject: analysis.Subject{Kind: analysis.OfConnection, Connections: []uint64{1},
			Client: endpoint("10.0.0.1:40000"), Server: endpoint(server)}}
	f.Evidence.Cite(capture.NewFrame(0, 7, 1), "late ACK")
	return f
}

func totals() *Totals {
	engine, err := analysis.New(analysis.Config{}, nil, newText(io.Discard))
	if err != nil {
		panic(err)
	}
	return &Totals{Analysis: engine.Summary(), Sources: make([]Source, 1)}
}

func newWriter(t *testing.T, format string, w io.Writer) Writer {
	t.Helper()
	report, err := New(format, w, Findings|Connections|Transactions)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestUnknownNamesAreRefused(t *testing.T) {
	if _, err := New("xml", io.Discard, 0); err == nil {
		t.Error("the format xml is there")
	}
	if _, err := ParseRecords([]string{"finding", "packet"}); err == nil {
		t.Error("records of packets are there")
	}
	for i, name := range RecordNames() {
		if set, err := ParseRecords([]string{name}); err != nil || set != 1<<i {
			t.Errorf("%s: %v, %v", name, set, err)
		}
	}
}

// A document is whole where a source failed, and says so.
func TestDocumentIsWholeAfterAnError(t *testing.T) {
	var b bytes.Buffer
	w := newWriter(t, "json", &b)
	w.Begin(&Run{Sources: []string{"a\xff.pcap"}})
	w.Finding(finding("tcp/x", "10.0.0.2:80", 1))
	end := totals()
	end.Sources[0].Err = errors.New("a.pcap: packet 7: cut")
	if err := w.End(end); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Records []struct {
			Type, Source string
			Sources      []string
			Errors       []string
		}
	}
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatalf("%v: %s", err, b.Bytes())
	}
	r := doc.Records
	if len(r) != 3 || r[0].Type != "run" || r[1].Type != "finding" || r[2].Type != "summary" {
		t.Fatalf("records: %+v", r)
	}
	if r[0].Sources[0] != `a\xff.pcap` || r[1].Source != r[0].Sources[0] || len(r[2].Errors) != 1 {
		t.Errorf("records: %+v", r)
	}
}

// broken takes some bytes and then fails for good.
type broken struct{ left, calls int }

func (w *broken) Write(b []byte) (int, error) {
	w.calls++
	if w.left -= len(b); w.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

var errFull = errors.New("full")

func TestWriteErrorsStay(t *testing.T) {
	for _, format := range Formats() {
		w := &broken{}
		report := newWriter(t, format, w)
		report.Begin(&Run{Sources: []string{"a"}})
		for range 10000 {
			report.Finding(finding("tcp/x", "10.0.0.2:80", 1))
		}
		if format == "jsonl" && report.Err() != errFull {
			t.Errorf("%s: the error of a full buffer is not told", format)
		}
		if err := report.End(totals()); err != errFull {
			t.Errorf("%s: got %v", format, err)
		}
		if w.calls > 1 {
			t.Errorf("%s: %d writes after the first had failed", format, w.calls-1)
		}
	}
}

func TestRecordsAreChosen(t *testing.T) {
	for format, ends := range map[string]string{"jsonl": "\n", "json": "\n]}\n"} {
		var b bytes.Buffer
		w, err := New(format, &b, 0)
		if err != nil {
			t.Fatal(err)
		}
		w.Begin(&Run{})
		w.Finding(finding("tcp/x", "10.0.0.2:80", 1))
		if err := w.End(totals()); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); strings.Contains(got, `"type":"finding"`) || !strings.HasSuffix(got, ends) || strings.Count(got, `"type":`) != 2 {
			t.Errorf("%s: %s", format, got)
		}
	}
}

// The report folds findings by rule and server and leads with the dearest.
func TestTextFolds(t *testing.T) {
	var b bytes.Buffer
	w := newText(&b)
	w.Begin(&Run{Sources: []string{"a.pcap"}})
	for i := range 1204 {
		w.Finding(finding("tcp/cheap", "10.0.0.2:80", int64(i)))
	}
	w.Finding(finding("tcp/dear", "[2001:db8::2]:8080", 2e9))
	damage := finding("framing/broken", "10.0.0.2:80", 0)
	damage.Severity = analysis.Error
	w.Finding(damage)
	if err := w.End(totals()); err != nil {
		t.Fatal(err)
	}
	at := -1
	for _, want := range []string{"error    framing/broken", "warning  tcp/dear  10.0.0.1 > [2001:db8::2]:8080", "cost: 2.00 s", "warning  tcp/cheap", "on 1,204 connections; for example: a sentence", "cost: 724 µs"} {
		i := strings.Index(b.String(), want)
		if i <= at {
			t.Errorf("%q is not there, or too early, in\n%s", want, b.String())
		}
		at = i
	}
	if n := strings.Count(b.String(), "tcp/cheap"); n != 1 {
		t.Errorf("tcp/cheap stands there %d times", n)
	}
}

// What the reader has to know of the silence is said.
func TestTextSaysWhatItIsBlindTo(t *testing.T) {
	var b bytes.Buffer
	w := newText(&b)
	w.Begin(&Run{Sources: []string{"a.pcap"}, Rules: []string{"tcp/x", "tcp/y"}})
	end := totals()
	end.Sources[0].Stats = capture.Stats{Packets: 40, Segments: 15, Malformed: 1,
		Fragments: 12, Unassembled: 3, GivenUp: 1, TunnelCopies: 8, Untimed: 2}
	end.Live = Live{RingFull: 3, Interruptions: 2}
	end.Analysis.Traits["http2-tls"], end.Analysis.Traits["pipelining"] = 2, 1
	end.Analysis.Caveats["capture-drops"] = 1
	end.Analysis.Skipped["tcp/x"] = map[string]uint64{"Plaintext": 2}
	end.Analysis.Skipped["tcp/y"] = map[string]uint64{"Plaintext": 3}
	if err := w.End(end); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"No TCP connections (4 packets of other protocols), so nothing to judge.\n",
		"  2 connections: HTTP/2 is not taken apart\n",
		"  3 connections: the messages are encrypted\n    2 rules: tcp/x, tcp/y. Capture where the messages are in clear",
		"  capture-drops: 1 connection: packets that arrived are not in the capture\n",
		"  malformed: 1 packet\n",
		"  IP fragments of packets that are not whole in the capture: 3 packets\n",
		"  captured inside and outside of a tunnel, judged once: 8 packets\n",
		"  without a capture time (pcapng simple packets), so that waits cannot be judged: 2 packets\n",
		"  the ring was full 3 times: a larger --ring",
		"  the interface went down or came back 2 times: what passed meanwhile is not known\n",
		"  1 fragmented packet given up because too many waited for pieces\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
}

// The table of time has three figures in every row, one small cause its own
// name.
func TestTimeTable(t *testing.T) {
	for _, tt := range []struct {
		ns   map[timeline.Cause]int64
		want string
	}{
		{map[timeline.Cause]int64{timeline.Network: 2e9, timeline.Connect: 8e9, timeline.Request: 1e3},
			"connect 8.00 s 80.0 % in 1 transaction network 2.00 s 20.0 % in 1 transaction request 1.00 µs <0.1 % in 1 transaction"},
		{map[timeline.Cause]int64{timeline.Network: 5e6, timeline.Connect: 10e3, timeline.Request: 3e3, timeline.Queue: 1e3},
			"network 5.00 ms 99.7 % in 1 transaction connect 10.0 µs 0.2 % in 1 transaction 2 others 4.00 µs 0.1 %"},
	} {
		var b bytes.Buffer
		w := newText(&b)
		var a analysis.Spent
		for cause, ns := range tt.ns {
			a.Time[cause] = ns
			a.Causes[cause].Add(ns)
		}
		w.time(&a, 0)
		w.out.Flush()
		_, table, _ := strings.Cut(strings.TrimSpace(b.String()), "\n")
		if got := strings.Join(strings.Fields(table), " "); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

// Time that was waited outside of transactions is said beside their table,
// which adds up without it.
func TestTimeOutsideTransactions(t *testing.T) {
	var a analysis.Spent
	a.Time[timeline.Network] = 5e6
	a.Causes[timeline.Network].Add(5e6)
	for rule, want := range map[string]string{
		unanswered:          "  Not in this table: 462 s of waiting on 9 connections that nothing answered, so that there was no\n  transaction.\n",
		"connect/syn-retry": "",
	} {
		var b bytes.Buffer
		w := newText(&b)
		w.Begin(&Run{Sources: []string{"a.pcap"}})
		for server, lost := range map[string]analysis.Cost{
			"10.0.0.2:80": {Time: 400e9, Connections: 7}, "10.0.0.3:80": {Time: 62e9, Connections: 2}} {
			f := finding(rule, server, 0)
			f.Lost = lost
			w.Finding(f)
		}
		w.time(&a, 0)
		w.out.Flush()
		_, got, _ := strings.Cut(b.String(), "in 1 transaction\n")
		if got != want {
			t.Errorf("%s: %q, want %q", rule, got, want)
		}
	}
}

// A reason names two rules, and counts more by their area.
func TestAreas(t *testing.T) {
	w := newText(io.Discard)
	w.run.Rules = []string{"a/1", "a/2", "b/1", "b/2", "b/3"}
	for list, want := range map[string]string{
		"b/3":                 "1 rule: b/3",
		"a/1 b/3":             "2 rules: a/1, b/3",
		"a/1 b/1 b/2":         "3 rules: a 1, b 2",
		"a/1 a/2 b/1 b/2 b/3": "5 rules: a all 2, b all 3",
		"a/1 a/2 alone":       "3 rules: a all 2, alone all 1",
	} {
		if got := strings.ReplaceAll(w.areas(strings.Fields(list)), glue, " "); got != want {
			t.Errorf("%s: %q, want %q", list, got, want)
		}
	}
}

// A filter names each address once.
func TestDisplayFilter(t *testing.T) {
	host := endpoint("127.0.0.1:0")
	for want, ends := range map[string][2]capture.Endpoint{
		"ip.addr==127.0.0.1 && tcp.port==80":                        {host, endpoint("127.0.0.1:80")},
		"ip.addr==10.0.0.1 && ip.addr==10.0.0.2 && tcp.port==80":    {endpoint("10.0.0.1:0"), endpoint("10.0.0.2:80")},
		"ipv6.addr==2001:db8::1 && tcp.port==40000 && tcp.port==80": {endpoint("[2001:db8::1]:40000"), endpoint("[2001:db8::2]:80")},
		"ip.addr==10.0.0.2 && tcp.port==80":                         {{}, endpoint("10.0.0.2:80")},
	} {
		if got := displayFilter(ends[0], ends[1]); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// One rule does not crowd out another, and what is not shown is summed up.
func TestTextIsBounded(t *testing.T) {
	var b bytes.Buffer
	w := newText(&b)
	w.Begin(&Run{Sources: []string{"a.pcap"}})
	for i := range 100 {
		w.Finding(finding("tcp/common", fmt.Sprintf("10.0.0.%d:80", i), 2e6))
	}
	w.Finding(finding("tcp/rare", "10.0.1.1:80", 1e6))
	if err := w.End(totals()); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "warning  tcp/common"); n != maxOfRule {
		t.Errorf("tcp/common stands there %d times", n)
	}
	for _, want := range []string{"warning  tcp/rare", "  … and 95 findings of tcp/common on 95 other servers; cost 190 ms\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
}

// However many servers there are, a report keeps maxGroups of them and as
// many groups more as there are rules, and loses no count.
func TestGroupsAreBounded(t *testing.T) {
	var g groups
	for i := range maxGroups + 500 {
		g.add(finding("tcp/x", fmt.Sprintf("10.0.%d.%d:80", i>>8, i&255), 1))
	}
	var sum uint64
	for _, x := range g.paragraphs() {
		sum += x.findings
	}
	if len(g.byKey) != maxGroups+1 || sum != maxGroups+500 {
		t.Errorf("%d groups of %d findings", len(g.byKey), sum)
	}
}

// Nothing of what a packet or a file name holds reaches the terminal raw.
func TestTextIsHarmless(t *testing.T) {
	for _, s := range hostile {
		var b bytes.Buffer
		w := NewText(&b, TextOptions{Transactions: 5})
		w.Begin(&Run{Sources: []string{s, s}})
		f := finding("tcp/x", "10.0.0.2:80", 1)
		f.Message, f.Fix, f.Reasons, f.Confidence = s, s, []string{s}, 0.5
		f.Evidence.Cite(capture.NewFrame(0, 8, 1), s)
		w.Finding(f)
		w.Transaction(&timeline.Connection{Connection: &reassembly.Connection{}}, exchange(1, 40, s))
		end := totals()
		end.Sources[0].Stats.Packets, end.Sources[0].Err = 3, errors.New(s)
		if err := w.End(end); err != nil {
			t.Fatal(err)
		}
		if r, bad := unprintable(strings.ReplaceAll(b.String(), "\n", "")); bad {
			t.Errorf("%q puts %U into the report", s, r)
		}
	}
}

// Encoding allocates nothing once the buffer has grown.
func TestEncodingDoesNotAllocate(t *testing.T) {
	var e encoder
	f := finding("tcp/x", "10.0.0.2:80", 42e6)
	f.Measures = []analysis.Measure{{Name: "stall", Value: 42.8, Unit: "ms", Threshold: 30}}
	x := &timeline.Transaction{Index: 1, Start: capture.NewFrame(0, 1, 1), End: capture.NewFrame(0, 2, 2)}
	a := &x.Time
	a[timeline.Network] = 12345678
	if n := testing.AllocsPerRun(100, func() {
		e.finding("a.pcap", f)
		e.begin("x")
		e.fromPacket("target", []byte("/ä"))
		e.account("time", a)
		e.slug("end", "cut by close")
	}); n > 0 {
		t.Errorf("%g allocations", n)
	}
}
