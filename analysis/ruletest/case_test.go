package ruletest

import (
	"fmt"
	"strings"
	"testing"

	"connlint/analysis"
	"connlint/analysis/timeline"
)

// slow reports transactions that took long. It needs whole handshakes.
func slow() *analysis.Rule {
	return &analysis.Rule{
		Name: "tcp/slow", Doc: "# Slow\n\n## How to fix\n\nBe quick.\n\n- curl: `--fast`.\n", Severity: analysis.Warning, Needs: analysis.Handshake,
		Params: []analysis.Param{
			{Name: "min_time", Unit: "ms", Default: 100, Source: "the test"},
			{Name: "min_bytes", Unit: "bytes", Default: 10, Source: "the test"},
		},
		Start: func(p *analysis.Pass) analysis.Run {
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				if float64(x.Duration()) < p.Param("min_time")*1e6 || float64(x.ResponseBytes) < p.Param("min_bytes") {
					return
				}
				f := &analysis.Finding{Culprit: analysis.Client, Subject: analysis.Transaction(c, x), Message: fmt.Sprintf("took %d ms", x.Duration()/1e6)}
				f.Evidence.Cite(x.Response, "response")
				p.Report(f)
			}}
		},
	}
}

// exchange is a trace of two transactions, of 110 ms with its set-up and of
// 200 ms. %s stand behind the SYN and the two responses.
const exchange = `# Two exchanges.
conn 10.0.0.1:40000 > 10.0.0.2:80
+0     > S  mss=1460  %s
+10ms  < S. mss=1460
+0     > .
+0     > P. "GET /a HTTP/1.1\r\nHost: h\r\nUser-Agent: curl/8\r\n\r\n"
+100ms < P. "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"  # %s
+0     > P. "GET /b HTTP/1.1\r\nHost: h\r\n\r\n"
+200ms < P. "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"  # %s
+0     > F.
+10ms  < F.
+0     > .
`

func TestCase(t *testing.T) {
	const (
		first  = "want tcp/slow `took 110 ms`"
		second = "want tcp/slow `took 200 ms`"
	)
	for _, x := range []struct{ name, syn, one, two, fails string }{
		{"as wanted", "", first, second, ""},
		{"without text", "", "want tcp/slow", "want tcp/slow", ""},
		{"one unwanted", "", first, "the second", "no mark wants it"},
		{"one too many", "# want tcp/slow", first, second, ":3: no finding of tcp/slow at packet 1"},
		{"two on one line", "", first + "; " + first, second, ":7: no finding"},
		{"another text", "", "want tcp/slow `took 1 ms`", second, `whose message contains "took 1 ms"`},
		{"another packet", "", second, first, ":7: no finding"},
		{"prose", "", first, second + " ", ""},
		{"unknown rule", "", "want tcp/quick", second, `:7: no rule "tcp/quick"`},
		{"text without an end", "", "want tcp/slow `took", second, "does not end"},
		{"text without quotes", "", "want tcp/slow took", second, "backquotes"},
		{"no rule", "", "want", second, "a rule must follow"},
		{"near and want", "", first, "near tcp/slow min_time=1", "wanted in the same trace"},
		{"fix", "# fix tcp/slow `curl: --fast.`", first, second, ""},
		{"another fix", "# fix tcp/slow `Wget`", first, second, `:3: no finding of tcp/slow has a fix that contains "Wget"`},
		{"fix without text", "# fix tcp/slow", first, second, "one text in backquotes"},
		{"near unrelaxed", "", first, "near tcp/slow", "what withholds"},
		{"near unknown param", "", first, "near tcp/slow max=1", `no parameter "max"`},
		{"near no number", "", first, "near tcp/slow min_time=x", "no number"},
		{"near default", "", first, "near tcp/slow min_time=100", "already"},
		{"near unknown gate", "", first, "near tcp/slow gate=Quiet", `no gate "Quiet"`},
		{"near gate not needed", "", first, "near tcp/slow gate=Vantage", "does not need Vantage"},
		{"near word", "", first, "near tcp/slow min_time", "neither"},
		{"not skipped", "# skip tcp/slow Handshake", first, second, ":3: tcp/slow was not skipped for Handshake"},
		{"skip without gate", "# skip tcp/slow", first, second, "one gate"},
		{"skipped", "drop # skip tcp/slow Handshake", "", "", ""},
		{"near gate", "drop # near tcp/slow gate=Handshake", "", "", ""},
		{"near gate at packet", "drop", "", "near tcp/slow gate=Handshake", ""},
		{"near, something else withholds", "drop", "near tcp/slow min_time=1", "", "stays silent with min_time=1"},
		{"near, more than needed", "drop", "near tcp/slow gate=Handshake min_time=1", "", "min_time=1 is not what withholds"},
		{"near that fires", "# near tcp/slow min_time=1", "", "", "no near miss"},
	} {
		t.Run(x.name, func(t *testing.T) {
			c, err := NewCase("x.trace", fmt.Appendf(nil, exchange, x.syn, x.one, x.two), []*analysis.Rule{slow()})
			if err == nil {
				err = c.Check()
			}
			complain(t, err, x.fails)
		})
	}
}

// complain holds an error against the words that it must have; none: no error.
func complain(t *testing.T, err error, words string) {
	t.Helper()
	switch {
	case err == nil && words != "":
		t.Errorf("passes; expected %q", words)
	case err != nil && (words == "" || !strings.Contains(err.Error(), words)):
		t.Errorf("error %q, expected %q", err, words)
	}
}

// TestNearAtPacket: the finding that relaxation brings has its primary
// evidence on the line of the mark.
func TestNearAtPacket(t *testing.T) {
	rule := slow()
	rule.Params[0].Default = 1000
	for mark, words := range map[string]string{
		"near tcp/slow min_time=150":              "reports at packet 7, not at 5",
		"near tcp/slow min_time=105":              "",
		"near tcp/slow min_time=105 min_bytes=11": "min_bytes=11 is not what withholds",
	} {
		c, err := NewCase("x.trace", fmt.Appendf(nil, exchange, "", mark, ""), []*analysis.Rule{rule})
		if err == nil {
			err = c.Check()
		}
		complain(t, err, words)
	}
}

func TestWantsAndWithholds(t *testing.T) {
	rules := []*analysis.Rule{slow()}
	c, err := NewCase("x.trace", fmt.Appendf(nil, exchange, "", "want tcp/slow", ""), rules)
	if err != nil || !c.Wants("tcp/slow") || c.Withholds("tcp/slow") {
		t.Errorf("want: %v, wants %v, withholds %v", err, c.Wants("tcp/slow"), c.Withholds("tcp/slow"))
	}
	c, err = NewCase("x.trace", fmt.Appendf(nil, exchange, "drop", "near tcp/slow gate=Handshake", ""), rules)
	if err != nil || c.Wants("tcp/slow") || !c.Withholds("tcp/slow") {
		t.Errorf("near: %v, wants %v, withholds %v", err, c.Wants("tcp/slow"), c.Withholds("tcp/slow"))
	}
}

func FuzzMarks(f *testing.F) {
	f.Add("want tcp/slow `took 1 ms`; near tcp/slow min_time=1 gate=Handshake skip tcp/slow Handshake")
	f.Add("near tcp/slow min_time=1e400")
	f.Add("want `")
	f.Add("want tcp/slow ``")
	rules := []*analysis.Rule{slow()}
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := NewCase("x.trace", fmt.Appendf(nil, exchange, "", text, ""), rules); err == nil && len(text) < 200 {
			_ = c.Check() // whatever it says, it says it without a panic
		}
	})
}
