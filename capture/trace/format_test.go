package trace

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// roundTrip fails unless trace survives being written and read: the same
// bytes, the same marks, and a text that does not change any more.
func roundTrip(t testing.TB, trace *Trace) {
	t.Helper()
	text := mustFormat(t, trace)
	again, err := Parse("again", []byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if !bytes.Equal(mustEncode(t, trace), mustEncode(t, again)) {
		t.Fatalf("other bytes after\n%s", text)
	}
	if second := mustFormat(t, again); second != text {
		t.Fatalf("formatted\n%sthen\n%s", text, second)
	}
	equal := func(a, b Mark) bool { return a.Frame == b.Frame && a.Text == b.Text }
	if !slices.EqualFunc(trace.Marks, again.Marks, equal) {
		t.Fatalf("marks %+v, then %+v", trace.Marks, again.Marks)
	}
}

func TestFormatLeavesOutWhatFollows(t *testing.T) {
	text := `start 2026-01-02T03:04:05Z
snaplen 200
# a comment of its own
conn a 10.0.0.1:40000 > 10.0.0.2:80
conn b 10.0.0.1:40001 > 10.0.0.2:80 isn=1:2
+0     a> S  mss=1460 ws=7 sackok ts
+0     b> S  mss=1460
+1.5ms a< S. mss=1460 ws=7 sackok ts=5
+0     a> .  win=501
+1us   a> P. "GET \"/\\\x00\" HTTP/1.1\r\n\t" len=200 lost  # near rule
+200ms a> retrans
+0     a> dup
-1ns   a> .  seq=-1 ack=+3 sack=1-2,3-4 ttl=12 ipid=77
+2s    a> F. nots len=17 snap=3 drop
+0     b> R  ack=5
+0     b> -
#
`
	if got := mustFormat(t, mustParse(t, text)); got != text {
		t.Errorf("formatted:\n%s\nwant:\n%s", got, text)
	}
}

// TestRandomTracesRoundTrip builds traces of everything the language has.
func TestRandomTracesRoundTrip(t *testing.T) {
	for seed := range uint64(300) {
		text := random(rand.New(rand.NewPCG(seed, 1)))
		trace, err := Parse("random", []byte(text))
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		roundTrip(t, trace)
	}
}

func random(r *rand.Rand) string {
	var b strings.Builder
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	b.WriteString(pick("", "", "snaplen 150\n"))
	b.WriteString("conn 10.0.0.1:1 > 10.0.0.2:80 " + pick("", "isn=4294967000:4294967295") + "\n")
	b.WriteString("conn v6 [2001:db8::1]:1 > [2001:db8::2]:80\n+0 > S ts\n+0 v6> S\n+0 < S.\n+0 v6< S. mss=9\n")
	for range 60 {
		b.WriteString(pick("+0", "+10ms", "-3ns", "@1s", "+2.000000001s") + " " + pick(">", "<", "v6>", "v6<") + " ")
		again := r.IntN(5) == 0
		if again {
			b.WriteString(pick("retrans", "dup"))
		} else {
			b.WriteString(pick(".", "P.", "S", "F.", "R", "-", "PU.EW"))
		}
		for range r.IntN(3) {
			n := r.IntN(60)
			word := pick("lost", "drop", fmt.Sprintf(`"%x"`, n), fmt.Sprintf("len=%d", n), "nots", "ts",
				fmt.Sprintf("ts=%d", n), fmt.Sprintf("seq=%+d", n-30), fmt.Sprintf("ack=%+d", n-30),
				fmt.Sprintf("ack=%d", n), fmt.Sprintf("win=%d", n), fmt.Sprintf("ttl=%d", n),
				fmt.Sprintf("sack=%d-9", n), "mss=536", "ws=2", "sackok", "tfo", fmt.Sprintf("snap=%d", n))
			if key, _, _ := strings.Cut(word, "="); !slices.ContainsFunc(strings.Fields(lastLine(b.String())), func(w string) bool {
				return w == key || strings.HasPrefix(w, key+"=")
			}) && (!again || key != "len" && word[0] != '"') {
				b.WriteString(" " + word)
			}
		}
		b.WriteString(pick("\n", "\n", " # why\n"))
	}
	return b.String()
}

func lastLine(s string) string { return s[strings.LastIndexByte(s, '\n')+1:] }

// FuzzParse checks that no text crashes or hangs Parse, and that what it
// takes survives a round trip.
func FuzzParse(f *testing.F) {
	f.Add(golden)
	for seed := range uint64(4) {
		f.Add(random(rand.New(rand.NewPCG(seed, 2))))
	}
	f.Add("start 2026-01-02T03:04:05Z\nsnaplen 96\n" + shake + "@1ms < . len=99 snap=1 # x\n+0 > R ack=-1")
	f.Fuzz(func(t *testing.T, text string) {
		trace, err := Parse("fuzz", []byte(text))
		if err != nil {
			if trace != nil {
				t.Fatal("a trace beside an error")
			}
			return
		}
		size := 0
		for i := range trace.Packets {
			size += trace.Packets[i].Len
		}
		if size > MaxPayload {
			t.Fatalf("%d bytes of payload", size)
		}
		if size < 1<<18 { // the rest costs time and shows nothing more
			roundTrip(t, trace)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	text := []byte(conn + strings.Repeat(golden[strings.Index(golden, "+0     > ."):], 1000))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("bench", text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	trace := mustParse(b, conn+strings.Repeat("+0 > P. len=1448\n+0 < .\n", 1000))
	b.ReportAllocs()
	for b.Loop() {
		if err := trace.Encode(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
