package analysis_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"connlint/analysis"
	"connlint/analysis/ruletest"
	"connlint/capture/trace"
	"connlint/reassembly"
)

// closing is a connection that carries one exchange and is closed by one side,
// "a>" or "a<", after a time.
func closing(label, by, after string) string {
	lines := []string{
		"+1s @> S mss=1460", "+1ms @< S. mss=1460", "+0 @> .",
		`+0 @> P. "GET / HTTP/1.1\r\nHost: h\r\n\r\n"`, `+0 @< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"`, "+0 @> .",
		"+" + after + " @" + by + " F.",
	}
	return strings.ReplaceAll(strings.Join(lines, "\n")+"\n", "@", label)
}

// Each close counts once: under who closed first, and under the idle limit that
// the time comes to. One that answers no exchange counts nowhere.
func TestIdleCloses(t *testing.T) {
	var text strings.Builder
	for i := range 7 {
		fmt.Fprintf(&text, "conn %c 10.0.0.1:%d > 10.0.0.2:80\n", 'a'+i, 40000+i)
	}
	for i, c := range [][2]string{{"<", "5050ms"}, {"<", "4600ms"}, {"<", "4400ms"}, {">", "62s"}, {"<", "1ms"}, {"<", "800s"}} {
		text.WriteString(closing(string(rune('a'+i)), c[0], c[1]))
	}
	text.WriteString("+1s g> S mss=1460\n+1ms g< S. mss=1460\n+0 g> .\n+5s g< F.\n")
	tr, err := trace.Parse("idle", []byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := tr.Encode(&file); err != nil {
		t.Fatal(err)
	}
	src, err := ruletest.Open("idle", file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	res, err := ruletest.Run(ruletest.Options{}, src)
	if err != nil {
		t.Fatal(err)
	}
	rows := res.Summary.TopPairs(5)
	if len(rows) != 1 {
		t.Fatalf("%d pairs", len(rows))
	}
	want := []analysis.IdleClose{
		{By: reassembly.Client, After: 60, Count: 1},
		{By: reassembly.Server, After: 0, Count: 1}, {By: reassembly.Server, After: 2, Count: 1},
		{By: reassembly.Server, After: 5, Count: 2}, {By: reassembly.Server, After: 600, Count: 1},
	}
	if got := rows[0].IdleCloses.All(); !slices.Equal(got, want) {
		t.Errorf("idle closes %+v, want %+v", got, want)
	}
}
