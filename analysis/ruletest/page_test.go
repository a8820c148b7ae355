package ruletest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connlint/analysis"
)

const goodPage = `# Slow

## What it finds
Slow ones.

## Why it costs
Time.

## Example
` + "```trace" + `
conn 10.0.0.1:40000 > 10.0.0.2:80
+0     > S  mss=1460
+200ms < S. mss=1460
+0     > .
+0     > P. "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
## no heading, but a comment
+1ms   < P. "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"  # want tcp/slow
` + "```" + `

## How to fix
Be quick.

## When it is wrong
Never.

Not judged without the
handshake.

## Parameters
- ` + "`min_time` (ms, default 100): a tenth of a second." + `
- ` + "`min_bytes` (bytes, default 10): few." + `

## References
RFC 9293.
`

func TestPage(t *testing.T) {
	for _, x := range []struct{ name, old, new, fails string }{
		{"good", "", "", ""},
		{"no section", "## How to fix\nBe quick.\n", "", "the sections are"},
		{"section empty", "Be quick.\n", "", `"How to fix" is empty`},
		{"a gate unsaid", "Not judged without the\nhandshake.", "", "Not judged without the handshake."},
		{"a gate that is none", "without the\nhandshake.", "without whole packets.", "Not judged without the handshake."},
		{"general fix without a stop", "Be quick.", "Be quick", "without a full stop"},
		{"general fix over two lines", "Be quick.", "Be\nquick.", "one line"},
		{"general fix too long", "Be quick.", "Be " + strings.Repeat("very ", 40) + "quick.", "160 at most"},
		{"a fix for unknown software", "Be quick.", "Be quick.\n\n- nginy: be quick.", "\"nginy\" is no product"},
		{"a fix for an unknown role", "Be quick.", "Be quick.\n\n- nginx as boss: be quick.", "\"nginx as boss\" is no product"},
		{"a fix without a name", "Be quick.", "Be quick.\n\n- be quick.", "is no item"},
		{"two fixes for one", "Be quick.", "Be quick.\n\n- nginx, curl: be quick.\n- curl: be slow.", "two fixes for curl"},
		{"a fix too long", "Be quick.", "Be quick.\n\n- nginx: be " + strings.Repeat("very ", 60) + "quick.", "240 at most"},
		{"a fix with half a quotation", "Be quick.", "Be quick.\n\n- nginx: be `quick.", "backquote"},
		{"fixes and prose", "Be quick.", "Be quick.\n\n- nginx, curl as client: be\n  quick.\n\nWhat else there is - to say", ""},
		{"foreign section", "Be quick.\n", "x\n## Thanks\nx\n", "the sections are"},
		{"order", "## How to fix\nBe quick.\n\n## When it is wrong\n", "## When it is wrong\nx\n## How to fix\n", "the sections are"},
		{"default", "default 100", "default 99", "it is 100 ms"},
		{"unit", "(bytes,", "(kB,", "it is 10 bytes"},
		{"undescribed", "- `min_bytes` (bytes, default 10): few.\n", "", "min_bytes is not described"},
		{"unexplained", "10): few.", "10): ", "min_bytes is not described"},
		{"unknown", "- `min_bytes`", "- `max_bytes`", `no parameter "max_bytes"`},
		{"no want", "# want tcp/slow", "", "no trace in the Example wants tcp/slow"},
		{"no trace", "```trace", "```text", "no trace in the Example"},
		{"line numbers", "+200ms", "+200", "slow.md:13:"},
		{"nothing found", "+200ms", "+2ms", "slow.md:17: no finding"},
	} {
		t.Run(x.name, func(t *testing.T) {
			rule := slow()
			if rule.Doc = strings.Replace(goodPage, x.old, x.new, 1); x.old != "" && rule.Doc == goodPage {
				t.Fatal("the case changes nothing")
			}
			page := ParsePage(rule)
			err := page.Check()
			if err == nil {
				err = examples(page, []*analysis.Rule{rule})
			}
			complain(t, err, x.fails)
		})
	}
}

func examples(page *Page, rules []*analysis.Rule) error {
	cases, err := page.Examples(rules)
	for _, c := range cases {
		if err == nil {
			err = c.Check()
		}
	}
	return err
}

func TestTraces(t *testing.T) {
	dir := t.TempDir()
	write := func(name string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("conn 10.0.0.1:40000 > 10.0.0.2:80\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	rules := []*analysis.Rule{slow()}
	write("slow/a.trace")
	write("slow/b.trace")
	cases, err := Traces(dir, rules)
	if err != nil || len(cases) != 2 || cases[0].Name != "slow/a.trace" {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	write("slow/notes.txt")
	_, err = Traces(dir, rules)
	complain(t, err, "slow/notes.txt: no .trace")
	write("quick/a.trace")
	_, err = Traces(dir, rules)
	complain(t, err, "quick: no rule has this id")
}
