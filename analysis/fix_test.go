package analysis_test

import (
	"strings"
	"testing"

	"connlint/analysis"
	"connlint/analysis/timeline"
)

const remedyDoc = `# Probe

## How to fix

Keep it open.

- Client: Use a pool.
- nginx: ` + "`keepalive_timeout 75s;`" + `.
- nginx as client: ` + "`keepalive 32;`" + `
  in ` + "`upstream`" + `.
- curl, Wget: name all URLs in one call.
- Python: keep a session.
- Windows: a registry key.

See elsewhere.
- nobody: reads this.

## When it is wrong
`

func TestRemedy(t *testing.T) {
	r, err := analysis.ParseRemedy(remedyDoc)
	if err != nil {
		t.Fatal(err)
	}
	const general, pool = "Keep it open.", "Use a pool."
	for _, c := range []struct {
		what string
		role analysis.Role
		seen []timeline.Product
		want string
	}{
		{"nothing seen", analysis.Server, nil, general},
		{"nobody to blame", analysis.Nobody, nil, general},
		{"nothing seen of a role with a text", analysis.Client, []timeline.Product{timeline.UnknownProduct}, pool},
		{"server", analysis.Server, []timeline.Product{timeline.Nginx}, general + " nginx: `keepalive_timeout 75s;`."},
		{"the same as client", analysis.Client, []timeline.Product{timeline.Nginx}, pool + " nginx: `keepalive 32;` in `upstream`."},
		{"second of two names", analysis.Client, []timeline.Product{timeline.Wget}, pool + " Wget: name all URLs in one call."},
		{"kin", analysis.Client, []timeline.Product{timeline.Urllib3}, pool + " Python: keep a session."},
		{"the first that has a text", analysis.Server, []timeline.Product{timeline.Apache, timeline.Python, timeline.Windows}, general + " Python: keep a session."},
		{"several", analysis.Client, []timeline.Product{timeline.Several}, pool},
		{"the system runs the program", analysis.Server, []timeline.Product{timeline.IIS}, general + " Windows: a registry key."},
	} {
		if got := r.For(c.role, c.seen...); got != c.want {
			t.Errorf("%s: %q, not %q", c.what, got, c.want)
		}
	}
}

// TestRemedyStaysShort: where general fix and item are too long together, the
// item stands alone.
func TestRemedyStaysShort(t *testing.T) {
	long := strings.Repeat("very ", 30)
	r, err := analysis.ParseRemedy("# P\n\n## How to fix\n\nBe " + long + "quick.\n\n- curl: be " + long + "quick.\n")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := r.For(analysis.Client, timeline.Curl), "curl: be "+long+"quick."; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

// TestFixNeedsNoText: what a packet says cannot reach the fix, only choose it.
func TestFixNeedsNoText(t *testing.T) {
	for _, c := range []struct{ agent, want string }{
		{`curl/8`, "Use a pool. curl: name all URLs in one call."},
		{`\x1b[31mcurl/8`, "Use a pool."},
		{`curl/8 <script>\x00`, "Use a pool. curl: name all URLs in one call."},
		{`nobody/1`, "Use a pool."},
	} {
		rule := probe(func(p *analysis.Pass) analysis.Run {
			return analysis.Run{Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
				f := &analysis.Finding{Subject: analysis.Transaction(c, x), Culprit: analysis.Client, Message: "x"}
				f.Evidence.Cite(x.Start, "start")
				p.Report(f)
			}}
		})
		rule.Doc = remedyDoc
		text := strings.ReplaceAll(twoExchanges, `HTTP/1.1\r\n\r\n"`, `HTTP/1.1\r\nUser-Agent: `+c.agent+`\r\n\r\n"`)
		for _, f := range judge(t, rule, text).Findings {
			if f.Fix != c.want {
				t.Errorf("%q: fix %q, not %q", c.agent, f.Fix, c.want)
			}
		}
	}
}

// TestFixOfPair: a rule that speaks of a pair is told what its connections said.
func TestFixOfPair(t *testing.T) {
	rule := probe(func(p *analysis.Pass) analysis.Run {
		first := analysis.PerPair[analysis.Evidence](p)
		return analysis.Run{
			Transaction: func(c *timeline.Connection, x *timeline.Transaction) { first.Pair(c.Pair).Cite(x.Start, "start") },
			Pair: func(pair *timeline.Pair) {
				p.Report(&analysis.Finding{Subject: analysis.Pair(pair), Culprit: analysis.Server, Message: "x", Evidence: *first.Peek(pair.Slot())})
			},
		}
	})
	rule.Doc = remedyDoc
	got := judge(t, rule, strings.Replace(twoExchanges, `Content-Length: 0\r\n`, `Content-Length: 0\r\nServer: nginx\r\n`, 1))
	if len(got.Findings) != 1 || got.Findings[0].Fix != "Keep it open. nginx: `keepalive_timeout 75s;`." {
		t.Errorf("%+v", got.Findings)
	}
}
