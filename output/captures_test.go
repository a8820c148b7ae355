package output_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"connlint/analysis"
	"connlint/analysis/rules"
	"connlint/capture"
	"connlint/output"
)

// repoCaptures lie in the repository itself.
var repoCaptures = []string{
	"../testdata/lab/13-mixed/client.pcap.gz",
	"../testdata/lab/03-nagle-request-40ms/client.pcap",
	"../testdata/lab/06-content-length-too-long/client.pcap",
}

// captures are those of the repository and, where the lab is at hand, one of
// each kind of trouble from there.
func captures(t *testing.T) []string {
	files := repoCaptures
	lab := os.Getenv("CONNLINT_LAB")
	if lab == "" {
		t.Log("CONNLINT_LAB is not set: only the captures of the repository are read")
		return files
	}
	for _, glob := range []string{"05-*", "06-*", "08-pipelining*", "10-*", "11-*"} {
		found, _ := filepath.Glob(filepath.Join(lab, glob, "client*.pcap*"))
		if len(found) == 0 {
			t.Fatalf("CONNLINT_LAB has no %s", glob)
		}
		files = append(files[:len(files):len(files)], found...)
	}
	return files
}

// analyse runs the whole program but its command line over the files.
func analyse(t testing.TB, w output.Writer, paths ...string) error {
	t.Helper()
	return analyseAs(t, w, paths, paths)
}

// analyseAs does, under other names.
func analyseAs(t testing.TB, w output.Writer, names, paths []string) error {
	t.Helper()
	engine, err := analysis.New(analysis.Config{}, rules.All(), w)
	if err != nil {
		t.Fatal(err)
	}
	run := &output.Run{Sources: names, Parameters: engine.Parameters()}
	for _, r := range engine.Rules() {
		run.Rules = append(run.Rules, r.Name)
	}
	w.Begin(run)
	totals := &output.Totals{Analysis: engine.Summary()}
	for i, path := range paths {
		reader, err := capture.Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		src := capture.NewFile(reader, path, uint16(i))
		counts, err := analysis.Read(src, engine, analysis.Limits{})
		src.Close()
		totals.Sources = append(totals.Sources, output.Source{Stats: counts.Source, Err: err})
		totals.GivenUp.Add(counts)
		totals.Copies += counts.Connections.Copies
	}
	return w.End(totals)
}

func report(t testing.TB, format string, paths ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := output.New(format, &b, output.Findings|output.Connections|output.Transactions)
	if err != nil {
		t.Fatal(err)
	}
	if err := analyse(t, w, paths...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What the records say adds up: spans to durations, records to the summary.
func TestSumsHold(t *testing.T) {
	type record struct {
		Type       string
		DurationMS json.Number            `json:"duration_ms"`
		Time       map[string]json.Number `json:"time"`
		Rule       string
		Findings   map[string]int
		// of the summary
		Connections, Transactions int
	}
	for _, path := range captures(t) {
		n := map[string]int{}
		found := map[string]int{}
		var total, durations int64
		for line := range bytes.Lines(report(t, "jsonl", path)) {
			var r record
			if err := json.Unmarshal(line, &r); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			n[r.Type]++
			switch r.Type {
			case "transaction":
				var sum int64
				for _, ms := range r.Time {
					sum += nanoseconds(t, ms)
				}
				if d := nanoseconds(t, r.DurationMS); d != sum {
					t.Fatalf("%s: the spans add up to %d ns, the transaction took %d: %s", path, sum, d, line)
				}
				durations += sum
			case "finding":
				found[r.Rule]++
			case "summary":
				for _, ms := range r.Time {
					total += nanoseconds(t, ms)
				}
				if r.Connections != n["connection"] || r.Transactions != n["transaction"] || fmt.Sprint(r.Findings) != fmt.Sprint(found) {
					t.Errorf("%s: the summary says %d connections, %d transactions, %v; the records are %v, %v", path, r.Connections, r.Transactions, r.Findings, n, found)
				}
			}
		}
		if total != durations {
			t.Errorf("%s: the summary's time is %d ns, that of the transactions %d", path, total, durations)
		}
	}
}

// nanoseconds reads a number of milliseconds without a float in between.
func nanoseconds(t *testing.T, ms json.Number) int64 {
	whole, frac, _ := strings.Cut(string(ms), ".")
	ns, err := strconv.ParseInt(whole+(frac + "000000")[:6], 10, 64)
	if err != nil {
		t.Fatalf("%q: %v", ms, err)
	}
	return ns
}

// A text report keeps to its width, but for words that cannot be broken, and
// shows nothing that a terminal obeys.
func TestTextKeepsItsShape(t *testing.T) {
	long := strings.Repeat("/a/long/way/down", 8) + "/x.pcap"
	for _, path := range captures(t) {
		for _, names := range [][]string{{path}, {long}, {long, path}} {
			var b bytes.Buffer
			w := output.NewText(&b, output.TextOptions{Transactions: 20})
			if err := analyseAs(t, w, names, []string{path, path}[:len(names)]); err != nil {
				t.Fatal(err)
			}
			checkShape(t, path, b.String())
		}
	}
}

func checkShape(t *testing.T, name, report string) {
	t.Helper()
	for line := range strings.Lines(report) {
		line = strings.TrimSuffix(line, "\n")
		if n := len([]rune(line)); n > 100 && strings.Contains(strings.TrimSpace(line), " ") {
			t.Errorf("%s: %d columns: %s", name, n, line)
		}
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("%s: a control character: %q", name, line)
		}
	}
}

func BenchmarkJSONL(b *testing.B) {
	for _, records := range []output.Records{output.Findings, output.Findings | output.Connections | output.Transactions} {
		b.Run(fmt.Sprintf("records=%d", records), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w, _ := output.New("jsonl", discard{}, records)
				if err := analyse(b, w, repoCaptures[0]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
