package output

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// exchange is a transaction of so many ms: a tenth connect, the rest wait.
func exchange(index int, ms int64, target string) *timeline.Transaction {
	start, end := int64(1e9)*int64(index), int64(1e9)*int64(index)+ms*1e6
	x := &timeline.Transaction{Index: index, Complete: true, Start: capture.NewFrame(0, uint64(10*index), start),
		Request: capture.NewFrame(0, uint64(10*index+3), start), End: capture.NewFrame(0, uint64(10*index+9), end)}
	x.Spans = []timeline.Span{{Cause: timeline.Connect, From: start, To: start + ms*1e5}, {Cause: timeline.ServerWait, From: start + ms*1e5, To: end}}
	x.HTTP = &http1.Transaction{Index: index, Request: &http1.Message{}, Response: &http1.Message{}}
	x.HTTP.Request.Start.Method, x.HTTP.Request.Start.Target = []byte("GET"), []byte(target)
	x.HTTP.Response.Start.Status = 200
	return x
}

func drawing(t *testing.T, most int, all ...*timeline.Transaction) string {
	t.Helper()
	var b bytes.Buffer
	w := NewText(&b, TextOptions{Transactions: most}).(*textWriter)
	w.Begin(&Run{Sources: []string{"a.pcap"}})
	for _, x := range all {
		w.Transaction(&timeline.Connection{Connection: &reassembly.Connection{}}, x)
	}
	end := totals()
	end.Sources[0].Stats.First = 1e9
	w.transactions(end)
	w.out.Flush()
	return b.String()
}

// The slowest come first, as long as they took, their time from left to right.
func TestTransactionsAreDrawn(t *testing.T) {
	got := drawing(t, 3, exchange(1, 100, "/a"), exchange(2, 40, "/b"), exchange(3, 400, "/long/"+strings.Repeat("x", 60)+"/end.html"), exchange(4, 1, "/c"))
	lines := strings.Split(got, "\n")
	if len(lines) < 7 || lines[1] != "Transactions: the 3 slowest of 4, slowest first" {
		t.Fatalf("got\n%s", got)
	}
	for i, w := range [][]string{
		{"33", "0/3", "2.000", "400", "ms", "200", "GET", "", "cccwwwwwwwwwwwwwwwwwwwwwwwwwwwww"},
		{"13", "0/1", "0.000", "100", "ms", "200", "GET", "/a", "cwwwwwww"},
		{"23", "0/2", "1.000", "40.0", "ms", "200", "GET", "/b", "www"},
	} {
		fields := strings.Fields(lines[3+i])
		if w[7] == "" {
			w[7] = fields[7]
		}
		if strings.Join(fields, " ") != strings.Join(w, " ") {
			t.Errorf("line %d: got %q, want %q", i, fields, w)
		}
	}
	if !strings.Contains(lines[3], "…") || !strings.Contains(lines[3], "html ") {
		t.Errorf("a long target loses its midst: %q", lines[3])
	}
	if !strings.Contains(got, "\n  c connect, w server-wait\n") {
		t.Errorf("legend in\n%s", got)
	}
	for _, line := range lines {
		if columns(line) > width {
			t.Errorf("%d columns: %s", columns(line), line)
		}
	}
}

// However many there are, as many are kept as asked for, in one order whatever
// order they came in.
func TestSlowestAreBounded(t *testing.T) {
	var a, b slowest
	a.most, b.most = 5, 5
	c := &timeline.Connection{Connection: &reassembly.Connection{}}
	for i := 1; i <= 1000; i++ {
		a.add(c, exchange(i, int64(i%100+1), "/"))
		b.add(c, exchange(1001-i, int64((1001-i)%100+1), "/"))
	}
	if a.all != 1000 || len(a.kept) != 5 || cap(a.kept) > 16 {
		t.Fatalf("%d of %d kept", len(a.kept), a.all)
	}
	for i, d := range a.kept {
		if d.took != 100e6 || d.index != 100*i+99 || b.kept[i].index != d.index {
			t.Errorf("place %d: exchange %d (or %d), %d ns", i, d.index, b.kept[i].index, d.took)
		}
	}
}

// What cannot be read or did not end is told apart.
func TestTransactionsOfEveryKind(t *testing.T) {
	open := exchange(1, 100, "/a")
	open.HTTP.Response, open.Complete = nil, false
	cut := exchange(2, 90, "/b")
	cut.Complete = false
	sealed := exchange(3, 80, "")
	sealed.HTTP = nil
	lost := exchange(4, 0, "")
	lost.HTTP.Request = nil
	got := drawing(t, 10, open, cut, sealed, lost)
	for _, want := range []string{"  none  GET /a ", "  200!  GET /b ", "(encrypted)", "(not seen)", ", ! cut short\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// Each cause has a letter of its own.
func TestLetters(t *testing.T) {
	seen := map[byte]bool{}
	for cause, c := range letters {
		if c <= ' ' || c > '~' || c == '!' || seen[c] {
			t.Errorf("%s has %q", timeline.Cause(cause), c)
		}
		seen[c] = true
	}
}

// Letters that take two columns, or none, do not move the bars, and none is
// cut in two.
func TestBarsBeginBelowEachOther(t *testing.T) {
	bar := strings.Repeat("c", 3) + strings.Repeat("w", barColumns-3)
	for _, target := range []string{"/a", "/日本語", "/" + strings.Repeat("日本語", 20), "/" + strings.Repeat("é", 30),
		"/" + strings.Repeat("😀", 20), "/\xff\xfe", "/" + strings.Repeat("\x80", 99), "/\u202eabc\u200b"} {
		line := strings.Split(drawing(t, 1, exchange(1, 100, target)), "\n")[3]
		rest := strings.ReplaceAll(line, "…", ".")
		if columns(line) != width || !strings.HasSuffix(line, bar) || strings.ContainsFunc(rest, func(r rune) bool { return r > '~' }) {
			t.Errorf("%q: %d columns: %q", target, columns(line), line)
		}
		if utf8.ValidString(target) && strings.Contains(line, `\x`) {
			t.Errorf("%q: a letter is cut in two: %q", target, line)
		}
	}
}
