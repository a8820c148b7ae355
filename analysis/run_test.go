package analysis_test

import (
	"bytes"
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"connlint/analysis"
	"connlint/analysis/rules"
	"connlint/analysis/ruletest"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/capture/trace"
)

// upload is one connection that the capture does not see the end of.
const upload = `conn 10.0.0.1:40000 > 10.0.0.2:80
+0     > S  mss=1460
+10ms  < S. mss=1460
+0     > .
+0     > P. "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2000\r\n\r\n" len=1000
+0     > P. len=1000
+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
+0     > P. "GET /b HTTP/1.1\r\nHost: h\r\n\r\n"
`

// encode makes a capture file of a trace.
func encode(t testing.TB, text string) []byte {
	t.Helper()
	tr, err := trace.Parse("x.trace", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := tr.Encode(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func source(t testing.TB, file []byte, index uint16) capture.Source {
	t.Helper()
	r, err := capture.NewReader(bytes.NewReader(file), "x.pcap")
	if err != nil {
		t.Fatal(err)
	}
	return capture.NewFile(r, "x.pcap", index)
}

// TestReadSeveralSources: the same ports in two captures are two connections,
// and the first ends with its capture.
func TestReadSeveralSources(t *testing.T) {
	file := encode(t, upload)
	res, err := ruletest.Run(ruletest.Options{}, source(t, file, 0), source(t, file, 1))
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Connections) != 2 || len(res.Transactions) != 4 || res.Summary.Pairs != 2 || len(res.Counts) != 2 {
		t.Fatalf("%d connections, %d transactions, %d pairs", len(res.Connections), len(res.Transactions), res.Summary.Pairs)
	}
	for i, c := range res.Connections {
		if c.First.Source() != uint16(i) || c.Last.Number() != 7 {
			t.Errorf("connection %d: source %d, ends with packet %d", i, c.First.Source(), c.Last.Number())
		}
		if n := res.Counts[i]; n.Source.Packets != 7 || n.Connections.Segments != 7 || n.Timeline.Transactions != 2 || n.Connections.Open != 0 {
			t.Errorf("counts of source %d: %+v", i, n)
		}
	}
}

// TestReadDamaged: what stands before the damage is reported, to the end of
// its connections, and then the error.
func TestReadDamaged(t *testing.T) {
	file := encode(t, upload)
	res, err := ruletest.Run(ruletest.Options{Rules: rules.All()}, source(t, file[:len(file)-1], 0))
	damaged, ok := errors.AsType[*capture.Error](err)
	if !ok || damaged.Packet != 7 {
		t.Fatalf("error %v, expected one at packet 7", err)
	}
	if len(res.Connections) != 1 || len(res.Transactions) != 1 || res.Connections[0].Last.Number() != 6 {
		t.Errorf("%d connections, %d transactions", len(res.Connections), len(res.Transactions))
	}
}

// TestReadIdle: a tick long behind both FINs lets go of the connection while
// the source goes on, and is told as progress.
func TestReadIdle(t *testing.T) {
	src := &idleLast{Source: source(t, encode(t, upload+"+0 > F.\n+10ms < F.\n+0 > .\n"), 0)}
	engine, err := analysis.New(analysis.Config{}, nil, src)
	if err != nil {
		t.Fatal(err)
	}
	progress := func(c analysis.Counts) {
		if src.order = append(src.order, "progress"); c.Connections.Connections != 1 || c.Connections.Open != 0 || c.Source.Segments == 0 {
			t.Errorf("progress is %+v", c)
		}
	}
	if _, err := analysis.Read(src, engine, analysis.Limits{Progress: progress}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"idle", "connection", "progress", "end"}; !slices.Equal(src.order, want) {
		t.Errorf("order %v, expected %v", src.order, want)
	}
}

// idleLast is idle for two hours before it ends. It is its run's sink, too.
type idleLast struct {
	capture.Source
	discard
	last  int64
	order []string
}

func (s *idleLast) Next() (*capture.Packet, error) {
	p, err := s.Source.Next()
	switch {
	case err == nil:
		s.last = p.Segment.Time
	case len(s.order) == 0:
		s.order = append(s.order, "idle")
		return nil, capture.Idle{Now: s.last + 7200e9}
	default:
		s.order = append(s.order, "end")
	}
	return p, err
}

func (s *idleLast) Connection(*timeline.Connection) { s.order = append(s.order, "connection") }

// FuzzRun puts bytes through the whole program as a capture file. Whatever
// they are, accounts add up and evidence is there.
func FuzzRun(f *testing.F) {
	f.Add(encode(f, upload))
	f.Add(encode(f, `conn 10.0.0.1:40000 > 10.0.0.2:80
+0     > S  mss=1460
+10ms  < S. mss=1460
+0     > .
+0     > P. "GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n"
+10ms  < P. "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
+0     < P. len=100 drop
+1s    < P. "0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"
+0     < F.
+0     > R.
`))
	f.Add(encode(f, `conn [2001:db8::1]:40000 > [2001:db8::2]:443
+0     > P. "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"
+10ms  < P. "\x16\x03\x03\x00\x05\x02\x00\x00\x01\x00\x17\x03\x03\x00\x02ab"
+10ms  > P. "\x17\x03\x03\x00\x02ab"
+10ms  < P. "\x17\x03\x03\x00\x02ab"
`))
	f.Add(encode(f, `conn 10.0.0.1:40000 > 10.0.0.2:80
+0     < P. "HTTP/1.1 100 Continue\r\n\r\n"
+10ms  < .
`))
	all := rules.All()
	f.Fuzz(func(t *testing.T, file []byte) {
		src, err := ruletest.Open("x.pcap", file)
		if err != nil {
			return
		}
		defer src.Close()
		res, err := ruletest.Run(ruletest.Options{Rules: all}, src)
		if res == nil {
			t.Fatal(err)
		}
		if err := res.Verify(); err != nil {
			t.Error(err)
		}
	})
}

// exchanges is a capture of n exchanges on one connection.
func exchanges(t testing.TB, n int) []byte {
	var text strings.Builder
	text.WriteString("conn 10.0.0.1:40000 > 10.0.0.2:80\n+0 > S mss=1460\n+10ms < S. mss=1460\n+0 > .\n")
	for range n {
		text.WriteString(`+1ms  > P. "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
+10ms < P. "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" len=500
+0    > .
`)
	}
	return encode(t, text.String())
}

// TestNoAllocationInSteadyState: once a connection is under way nothing is
// allocated, from the bytes of the file to the rules. What is made before that
// does not count: its number varies, and by more under the race detector.
func TestNoAllocationInSteadyState(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	file, least := exchanges(t, 5000), uint64(math.MaxUint64)
	for range 5 { // what else runs in the process may add to the count, and never takes from it
		engine, err := analysis.New(analysis.Config{}, rules.All(), discard{})
		if err != nil {
			t.Fatal(err)
		}
		steady := &allocations{Source: source(t, file, 0), from: 1500}
		if _, err := analysis.Read(steady, engine, analysis.Limits{}); err != nil || steady.packets != 15_003 {
			t.Fatalf("%d packets, %v", steady.packets, err)
		}
		least = min(least, steady.made)
	}
	if least != 0 {
		t.Errorf("%d allocations from packet 1,500 to packet 15,003", least)
	}
}

// allocations is a source that counts what the program allocates between one
// packet and the last.
type allocations struct {
	capture.Source
	from, packets int
	before, made  uint64
}

func (a *allocations) Next() (*capture.Packet, error) {
	switch a.packets {
	case a.from:
		a.before = mallocs()
	case 15_003: // before the end, which has its own costs
		a.made = mallocs() - a.before
	}
	p, err := a.Source.Next()
	if err == nil {
		a.packets++
	}
	return p, err
}

// mallocs is how many times something was allocated since the program began.
func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// BenchmarkRead is the whole program without output: 10,000 exchanges on one
// connection, from the bytes of the file to the findings.
func BenchmarkRead(b *testing.B) {
	file := exchanges(b, 10_000)
	engine, err := analysis.New(analysis.Config{}, rules.All(), discard{})
	if err != nil {
		b.Fatal(err)
	}
	packets := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		counts, err := analysis.Read(source(b, file, 0), engine, analysis.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		packets += counts.Source.Packets
	}
	b.ReportMetric(float64(b.Elapsed())/float64(packets), "ns/packet")
}

// discard is a sink that keeps nothing.
type discard struct{}

func (discard) Connection(*timeline.Connection)                         {}
func (discard) Transaction(*timeline.Connection, *timeline.Transaction) {}
func (discard) Finding(*analysis.Finding)                               {}
