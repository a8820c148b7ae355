package output

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// unescape undoes what fromPacket does to the text beneath the JSON.
func unescape(t *testing.T, s string) string {
	t.Helper()
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		if strings.HasPrefix(s[i:], `\\`) {
			b.WriteByte('\\')
			i++
			continue
		}
		if !strings.HasPrefix(s[i:], `\x`) || len(s) < i+4 {
			t.Fatalf("%q: an escape that the documentation does not know at %d", s, i)
		}
		v, err := strconv.ParseUint(s[i+2:i+4], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteByte(byte(v))
		i += 3
	}
	return b.String()
}

// unprintable finds a character that has no business on a terminal.
func unprintable(s string) (rune, bool) {
	for i, r := range s {
		_, size := utf8.DecodeRuneInString(s[i:])
		if !unicode.IsPrint(r) || r == utf8.RuneError && size == 1 {
			return r, true
		}
	}
	return 0, false
}

func checkQuoted(t *testing.T, raw []byte) {
	var e encoder
	e.begin("x")
	e.fromPacket("s", raw)
	e.close('}')
	if r, bad := unprintable(string(e.buf)); bad {
		t.Fatalf("%q holds %U raw", e.buf, r)
	}
	var got struct{ S string }
	if err := json.Unmarshal(e.buf, &got); err != nil {
		t.Fatalf("%s: %v", e.buf, err)
	}
	want := string(raw)
	if head, more := cut(raw); more {
		want = string(head)
		if !strings.HasSuffix(got.S, "…") || len(head) > maxText || len(head) < maxText-utf8.UTFMax {
			t.Fatalf("cut to %d bytes, ends in %q", len(head), got.S[len(got.S)-4:])
		}
		got.S = strings.TrimSuffix(got.S, "…")
	}
	if back := unescape(t, got.S); back != want {
		t.Fatalf("%q came back as %q by way of %s", want, back, e.buf)
	}
}

func checkPrintable(t *testing.T, raw string) {
	shown := string(appendPrintable(nil, raw))
	if r, bad := unprintable(shown); bad {
		t.Fatalf("%q is shown with %U raw", raw, r)
	}
	var back []byte
	for rest := shown; rest != ""; {
		r, multibyte, tail, err := strconv.UnquoteChar(rest, 0)
		if err != nil {
			t.Fatalf("%q: %v", shown, err)
		}
		if multibyte {
			back = utf8.AppendRune(back, r)
		} else {
			back = append(back, byte(r))
		}
		rest = tail
	}
	if string(back) != raw {
		t.Fatalf("%q is shown as %s, which reads as %q", raw, shown, back)
	}
}

// hostile are strings that a packet may hold to harm a terminal, a reader or
// a parser.
var hostile = []string{
	"", "/a?b=c", `C:\x41\\n`, "\x1b]0;title\x07\x1b[2J", "\xff\xfe\x80 \\xff", "\u202egnp.exe", "a\u0000b\u007f\u0085",
	"é漢字😀", "\xf0\x9f\x98", "\U000e0041tag", "line\nbreak\r\t\"quoted\"</script>", "\ufeff\u2028\u2029", "\xed\xa0\x80",
	strings.Repeat("é", 2000), strings.Repeat("\x80", 5000), "\uFFFD\xef\xbf",
}

func TestPacketTextIsHarmless(t *testing.T) {
	for _, s := range hostile {
		checkQuoted(t, []byte(s))
		checkPrintable(t, s)
	}
}

func FuzzPacketText(f *testing.F) {
	for _, s := range hostile {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		checkQuoted(t, raw)
		checkPrintable(t, string(raw))
	})
}
