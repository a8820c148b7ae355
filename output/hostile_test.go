package output_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"connlint/analysis"
	"connlint/analysis/rules"
	"connlint/capture"
	"connlint/capture/trace"
	"connlint/output"
)

// harms are what a packet may hold to command a terminal, to turn a line round
// or to break out of a format: escape sequences of one byte and of more, bidi
// controls, markup, quotes, line ends that only some readers know, bytes that
// are no characters.
var harms = []string{"\x1b[2J", "\x9b", "\xc2\x9b31m", "\x07", "\x00", "\x7f", "\x08", "\u202e", "\u2066", "\u200f", "\u2028",
	"\ufeff", "\U000e0041", "\xff", "\xc3", "\xed\xa0\x80", "<b>", `"`, `\`, "\u0085", "\v\f"}

// everywhere is an exchange, then one through a proxy, with a harm in every
// place whose bytes a sender chooses. %s is the harm.
const everywhere = `conn a 10.0.0.1:40000 > 10.0.0.2:80
conn b 10.0.0.2:41000 > 10.0.0.3:80
+0     a> S  mss=1460
+10ms  a< S. mss=1460
+0     a> .
+0     b> S  mss=1460
+10ms  b< S. mss=1460
+0     b> .
+1ms   a> P. "G%[1]sT /%[1]s HTTP/1.1\r\nHost: %[1]s\r\nUser-Agent: %[1]s\r\nX-%[1]s: y\r\nConnection: x%[1]s, keep-alive, host\r\nx%[1]s: 1\r\nProxy-Connection: %[1]s\r\nTE: %[1]s\r\nKeep-Alive: %[1]s\r\nContent-Length: 1%[1]s\r\nTransfer-Encoding: %[1]s, chunked\r\nExpect: %[1]s\r\nVia: 1.1 %[1]s\r\n\r\n1;%[1]s=%[1]s\r\na\r\n0\r\nT%[1]s: %[1]s\r\n\r\n"
+1ms   b> P. "GET /%[1]s HTTP/1.1\r\nHost: %[1]s\r\nUser-Agent: %[1]s\r\nConnection: x%[1]s\r\nx%[1]s: 1\r\nVia: 1.1 %[1]s\r\n\r\n"
+10ms  b< P. "HTTP/1.1 200 %[1]s\r\nServer: %[1]s\r\nConnecti%[1]sn: close\r\nCneonction: close\r\n%[1]s: %[1]s\r\nContent-Length: 2\r\nContent-Length: %[1]s\r\n\r\nok%[1]ssurplus"
+10ms  a< P. "HTTP/1.1 200 %[1]s\r\nServer: %[1]s\r\nVia: 1.0 %[1]s\r\nContent-Length: %[1]s\r\nTransfer-Encoding: %[1]s\r\nTrailer: %[1]s\r\nUpgrade: %[1]s\r\n\r\n%[1]s"
+0     b< F.
+0     b> F.
+0     a< F.
+0     a> F.
`

// traces are the captures of all rules: every finding there is has one.
func traces(t *testing.T) map[string][]byte {
	t.Helper()
	files, _ := filepath.Glob("../testdata/rules/*/*.trace")
	pages, _ := filepath.Glob("../analysis/rules/*.md")
	all := map[string][]byte{}
	add := func(name, text string) {
		if tr, err := trace.Parse(name, []byte(text)); err != nil {
			t.Fatal(err)
		} else if err := tr.Encode(into(all, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range append(files, pages...) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Ext(name) == ".trace" {
			add(name, string(text))
			continue
		}
		_, rest, _ := strings.Cut(string(text), "```trace\n")
		block, _, found := strings.Cut(rest, "```")
		if found {
			add(name, block)
		}
	}
	if len(all) < 100 {
		t.Fatalf("%d traces", len(all))
	}
	return all
}

// into appends to the file of that name.
func into(all map[string][]byte, name string) *appender { return &appender{all, name} }

type appender struct {
	all  map[string][]byte
	name string
}

func (a *appender) Write(b []byte) (int, error) {
	a.all[a.name] = append(a.all[a.name], b...)
	return len(b), nil
}

// spoil writes harms over the text of a capture file, in n places.
func spoil(r *rand.Rand, file []byte, n int) []byte {
	bad := bytes.Clone(file)
	for range n * 20 {
		at := 40 + r.IntN(max(1, len(bad)-60))
		harm := harms[r.IntN(len(harms))]
		if at+16 > len(bad) || bytes.ContainsFunc(bad[at-4:at+8], func(c rune) bool { return c < ' ' || c > '~' }) {
			continue
		}
		copy(bad[at:], harm)
		if n--; n == 0 {
			break
		}
	}
	return bad
}

// reportOf reads a capture that lies in memory and writes the report of all
// that it has.
func reportOf(t *testing.T, format string, file []byte) ([]byte, *analysis.Summary) {
	t.Helper()
	var b bytes.Buffer
	w, err := output.New(format, &b, output.Findings|output.Connections|output.Transactions)
	if format == painted {
		w, err = output.NewText(&b, output.TextOptions{Color: true, Transactions: 20}), nil
	}
	if err != nil {
		t.Fatal(err)
	}
	engine, err := analysis.New(analysis.Config{}, rules.All(), w)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := capture.NewReader(bytes.NewReader(file), "x.pcap")
	if err != nil {
		t.Fatal(err)
	}
	w.Begin(&output.Run{Sources: []string{"x.pcap"}, Parameters: engine.Parameters()})
	totals := &output.Totals{Analysis: engine.Summary()}
	src := capture.NewFile(reader, "x.pcap", 0)
	counts, err := analysis.Read(src, engine, analysis.Limits{})
	totals.Sources = append(totals.Sources, output.Source{Stats: counts.Source, Err: err})
	totals.GivenUp.Add(counts)
	if err := w.End(totals); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), engine.Summary()
}

// painted is the text report as a terminal gets it: with colour, and with all
// that can be asked for.
const painted = "painted"

// colours are the sequences that a report may hold: those that it sets itself.
var colours = strings.NewReplacer("\x1b[1m", "", "\x1b[1;31m", "", "\x1b[33m", "", "\x1b[36m", "", "\x1b[0m", "")

// harmless reports what in a report would reach a terminal or a reader as a
// command, or is no JSON.
func harmless(format string, out []byte) error {
	if format == painted {
		if bytes.Count(out, []byte("\x1b[0m")) != bytes.Count(out, []byte("\x1b["))/2 {
			return fmt.Errorf("colour that does not end in %q", out)
		}
		format, out = "text", []byte(colours.Replace(string(out)))
	}
	for i, r := range string(out) {
		_, size := utf8.DecodeRune(out[i:])
		switch {
		case r == '\n':
		case r == utf8.RuneError && size == 1, !unicode.IsPrint(r):
			return fmt.Errorf("%U raw in %q", r, out[max(0, i-40):min(len(out), i+20)])
		case r == '<' && format != "text":
			return fmt.Errorf("markup raw in %q", out[max(0, i-40):min(len(out), i+20)])
		}
	}
	if format == "text" {
		return nil
	}
	for line := range bytes.Lines(out) {
		if format == "jsonl" && !json.Valid(line) {
			return fmt.Errorf("no JSON: %s", line)
		}
	}
	if format == "json" && !json.Valid(out) {
		return fmt.Errorf("no JSON: %s", out)
	}
	return nil
}

// TestNothingHarmfulGetsOut puts harms into every place of a message, and over
// the text of every trace that a rule has: no format lets one through.
func TestNothingHarmfulGetsOut(t *testing.T) {
	files := traces(t)
	for i, harm := range harms {
		quoted := ""
		for _, b := range []byte(harm) {
			quoted += fmt.Sprintf(`\x%02x`, b)
		}
		name := fmt.Sprintf("everywhere %d", i)
		tr, err := trace.Parse(name, []byte(fmt.Sprintf(everywhere, quoted)))
		if err != nil {
			t.Fatal(err)
		}
		if err := tr.Encode(into(files, name)); err != nil {
			t.Fatal(err)
		}
	}
	r := rand.New(rand.NewPCG(4, 2))
	found, escaped := map[string]bool{}, 0
	for name, file := range files {
		for n := range 2 {
			bad := file
			if n > 0 {
				bad = spoil(r, file, 6)
			}
			for _, format := range append(output.Formats(), painted) {
				out, sum := reportOf(t, format, bad)
				if err := harmless(format, out); err != nil {
					t.Errorf("%s, %s: %v", name, format, err)
				}
				for rule := range sum.Findings {
					found[rule] = true
				}
				escaped += bytes.Count(out, []byte(`\x`)) + bytes.Count(out, []byte(`\u`))
			}
		}
	}
	if len(found) < len(rules.All()) || escaped < 500 {
		t.Errorf("%d of %d rules spoke, %d harms were met: the test proves little", len(found), len(rules.All()), escaped)
	}
}
