package analysis_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"connlint/analysis"
	"connlint/analysis/rules"
	"connlint/analysis/timeline"
	"connlint/capture"
)

// TestIntervalsAddUp holds a run with report intervals against one without:
// transactions and connections are the same, and so is what the findings of
// each rule come to, but for those that look for runs: an interval ends a run.
func TestIntervalsAddUp(t *testing.T) {
	runs := map[string]bool{"concurrency/serial-connections": true}
	for _, path := range captures(t) {
		t.Run(filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path), func(t *testing.T) {
			whole := run(t, path, analysis.Limits{}, nil)
			for _, every := range []int64{200e6, 5e9} {
				parts := run(t, path, analysis.Limits{Interval: every}, nil)
				if err := parts.Verify(); err != nil {
					t.Error(err)
				}
				a, b := *whole, *parts
				a.Findings, b.Findings = nil, nil
				alike(t, kept(a.Records()), kept(b.Records()), "intervals")
				x, y := sums(whole.Findings), sums(parts.Findings)
				for _, r := range rules.All() {
					if x[r.Name] != y[r.Name] && !runs[r.Name] {
						t.Errorf("%s comes to %+v, in intervals of %d ms to %+v", r.Name, x[r.Name], every/1e6, y[r.Name])
					}
				}
			}
		})
	}
}

// handed are what Nagle's algorithm held outside of transactions: an interval
// hands them over to the rules for good, and their sums are compared.
var handed = regexp.MustCompile(` Stalls:\[.*?\] KeptBack:`)

// kept is records without what intervals hand over.
func kept(records []string) []string {
	for i, r := range records {
		if strings.HasPrefix(r, "connection ") {
			records[i] = handed.ReplaceAllString(r, " KeptBack:")
		}
	}
	return records
}

// sum is what the findings of a rule come to.
type sum struct {
	count       int
	lost, saved analysis.Cost
}

func sums(all []*analysis.Finding) map[string]sum {
	of := map[string]sum{}
	for _, f := range all {
		s := of[f.Rule.Name]
		s.count += f.Count
		s.lost.Add(f.Lost)
		s.saved.Add(f.Saved)
		of[f.Rule.Name] = s
	}
	return of
}

// order is a sink that notes what comes between intervals.
type order struct {
	discard
	interval int
	told     map[string]int // by rule: the interval that was over when it was first told of
	closed   map[uint64]int // by connection
}

func (o *order) Open(*timeline.Connection)         {}
func (o *order) Interval(int64, capture.Stats)     { o.interval++ }
func (o *order) Connection(c *timeline.Connection) { o.closed[c.ID()] = o.interval }
func (o *order) Finding(f *analysis.Finding) {
	if _, known := o.told[f.Rule.Name]; !known {
		o.told[f.Rule.Name] = o.interval
	}
}

// goesOn is how an example goes on that does not end: with an exchange, and
// then the clock runs.
const goesOn = `
+10ms > .
+1s   > P. "GET /next HTTP/1.1\r\nHost: h\r\n\r\n"
+10ms < P. "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
+50ms > .
conn 10.9.0.1:40000 > 10.9.0.2:80
+3s > S mss=1460
+3s > S
+3s > S
`

var noFIN = strings.NewReplacer("> F.", "> .", "< F.", "< .")

// TestOpenConnectionsAreJudged: what a rule gathers over a connection is told at
// the next interval, however long the connection stays open. (tcp/nagle-rtt-wait
// takes 16 events for that, and no example has so many.)
func TestOpenConnectionsAreJudged(t *testing.T) {
	for _, r := range rules.All() {
		switch r.Name {
		case "tcp/nagle-delayed-ack-stall", "tcp/classic-nagle-tail", "concurrency/head-of-line-blocking",
			"concurrency/mispaired-responses", "concurrency/pipelined-non-idempotent", "concurrency/pipelined-before-persistence-known",
			"framing/bad-length-ignored":
		default:
			continue
		}
		_, example, _ := strings.Cut(r.Doc, "```trace\n")
		example, _, _ = strings.Cut(example, "\n```")
		file := encode(t, noFIN.Replace(example)+goesOn)
		o := &order{told: map[string]int{}, closed: map[uint64]int{}}
		engine, err := analysis.New(analysis.Config{}, []*analysis.Rule{r}, o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := analysis.Read(source(t, file, 0), engine, analysis.Limits{Interval: 1e9}); err != nil {
			t.Fatal(err)
		}
		if told, ok := o.told[r.Name]; !ok || told >= o.closed[1] {
			t.Errorf("%s: told behind %d intervals, connection 1 ended behind %d", r.Name, told, o.closed[1])
		}
	}
}
