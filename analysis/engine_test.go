package analysis_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"connlint/analysis"
	"connlint/analysis/ruletest"
	"connlint/analysis/timeline"
)

// probe is a rule that does what the test says.
func probe(start func(*analysis.Pass) analysis.Run) *analysis.Rule {
	return &analysis.Rule{Name: "tcp/probe", Doc: "# Probe\n", Severity: analysis.Note, Start: start}
}

// judge runs one rule over a trace.
func judge(t *testing.T, r *analysis.Rule, text string) *ruletest.Result {
	t.Helper()
	result, err := ruletest.Run(ruletest.Options{Rules: []*analysis.Rule{r}}, source(t, encode(t, text), 0))
	if err != nil {
		t.Fatal(err)
	}
	return result
}

const twoExchanges = `conn 10.0.0.1:40000 > 10.0.0.2:80
+0     > S mss=1460
+10ms  < S. mss=1460
+0     > .
+0     > P. "GET /a HTTP/1.1\r\n\r\n"
+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
+0     > P. "GET /b HTTP/1.1\r\n\r\n"
+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
`

const goodbye = "+0 > F.\n+10ms < F.\n+0 > .\n"

// everyTransaction reports each one.
func everyTransaction(p *analysis.Pass) analysis.Run {
	return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
		f := &analysis.Finding{Subject: analysis.Transaction(c, x), Message: fmt.Sprint(x.Index)}
		f.Evidence.Cite(x.Start, "start")
		p.Report(f)
	}}
}

// A finding whose rule needs the connection's end waits for it; where the
// capture ends first it is dropped, and the connection counts as skipped once.
func TestFindingsWaitForTheEnd(t *testing.T) {
	r := probe(everyTransaction)
	r.Needs = analysis.ConnectionEnd
	if got := judge(t, r, twoExchanges+goodbye); len(got.Findings) != 2 || len(got.Summary.Skipped) != 0 {
		t.Errorf("closed: %d findings, skipped %v", len(got.Findings), got.Summary.Skipped)
	}
	got := judge(t, r, twoExchanges)
	if len(got.Findings) != 0 || got.Summary.Skipped["tcp/probe"]["ConnectionEnd"] != 1 {
		t.Errorf("open: %d findings, skipped %v", len(got.Findings), got.Summary.Skipped)
	}
}

// A finding that cites nothing proves nothing.
func TestFindingsWithoutEvidenceAreRefused(t *testing.T) {
	got := judge(t, probe(func(p *analysis.Pass) analysis.Run {
		return analysis.Run{Close: func(c *timeline.Connection) {
			p.Report(&analysis.Finding{Subject: analysis.Connection(c), Message: "just so"})
		}}
	}), twoExchanges+goodbye)
	if len(got.Findings) != 0 || got.Summary.FindingsRefused != 1 {
		t.Errorf("%d findings, %d refused", len(got.Findings), got.Summary.FindingsRefused)
	}
	if err := got.Verify(); err == nil || !strings.Contains(err.Error(), "without evidence") {
		t.Errorf("the harness does not mind: %v", err)
	}
}

// A slot lasts as long as its connection, and the next one finds it empty even
// where it takes over the record.
func TestSlotsLastAsLongAsTheirOwner(t *testing.T) {
	var seen []int
	r := probe(func(p *analysis.Pass) analysis.Run {
		counts := analysis.PerConnection[int](p)
		return analysis.Run{
			Transaction: func(c *timeline.Connection, _ *timeline.Transaction) { *counts.Connection(c)++ },
			Close:       func(c *timeline.Connection) { seen = append(seen, *counts.Connection(c)) },
		}
	})
	second := "@300s " + strings.TrimPrefix(strings.SplitN(twoExchanges, "\n", 2)[1], "+0") // the same ports, long after
	judge(t, r, twoExchanges+goodbye+second+goodbye)
	if !slices.Equal(seen, []int{2, 2}) {
		t.Errorf("transactions counted by connection: %v", seen)
	}
}

// What a list of rules gets wrong is said before a packet is read.
func TestValidate(t *testing.T) {
	ok := probe(everyTransaction)
	for want, change := range map[string]func(*analysis.Rule){
		"area/phenomenon": func(r *analysis.Rule) { r.Name = "tcp/Probe" },
		"no severity":     func(r *analysis.Rule) { r.Severity = 0 },
		"no page":         func(r *analysis.Rule) { r.Doc = "" },
		"no Start":        func(r *analysis.Rule) { r.Start = nil },
		"lacks a name of its own": func(r *analysis.Rule) {
			p := analysis.Param{Name: "a", Unit: "ms", Source: "here"}
			r.Params = []analysis.Param{p, p}
		},
	} {
		r := *ok
		change(&r)
		if err := analysis.Validate([]*analysis.Rule{&r}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	twin := *ok
	twin.Name = "close/probe"
	if err := analysis.Validate([]*analysis.Rule{ok, &twin}); err == nil || !strings.Contains(err.Error(), "has a rule already") {
		t.Errorf("two rules for one phenomenon: %v", err)
	}
	if err := analysis.Validate([]*analysis.Rule{ok}); err != nil {
		t.Error(err)
	}
}
