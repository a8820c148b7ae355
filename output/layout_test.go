package output

import (
	"bytes"
	"strings"
	"testing"
)

// Lines break at spaces, but not inside what is there to be copied.
func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		text string
		most int
		want string
	}{
		{"one two three", 7, "one two|three"},
		{"unbreakable-word two", 5, "unbreakable-word|two"},
		{"  spaces   are one ", 20, "spaces are one"},
		{"µs µs µs", 5, "µs µs|µs"},
		{glued("set `keepalive_timeout 75s;` there"), 26, "set|`keepalive_timeout 75s;`|there"},
		{glued("one ` alone, two `a b` more"), 4, "one|`|alone,|two|`a|b`|more"}, // no pair: nothing is glued wrongly
		{glued("`" + strings.Repeat("long ", 20) + "`"), 12, ""},
	} {
		got := wrap(tt.text, tt.most)
		if tt.want == "" {
			if len(got) < 5 {
				t.Errorf("a setting longer than half a line stays whole: %q", got)
			}
			continue
		}
		if strings.Join(got, "|") != tt.want {
			t.Errorf("%q in %d columns: %q, want %s", tt.text, tt.most, got, tt.want)
		}
	}
}

// Further lines of an item stand below its text, and colour takes no columns.
func TestItem(t *testing.T) {
	for _, color := range []bool{false, true} {
		var b bytes.Buffer
		w := newText(&b)
		w.options.Color = color
		w.item(11, "cost", "1.18 s; "+strings.Repeat("word ", 17), bold, len("1.18 s"))
		w.item(11, "fix", "", plain, 0)
		w.out.Flush()
		want := "           cost: 1.18 s; " + strings.Repeat("word ", 14) + "word\n                 word word\n"
		if color {
			want = strings.Replace(want, "1.18 s", "\x1b[1m1.18 s\x1b[0m", 1)
		}
		if b.String() != want {
			t.Errorf("got\n%s\nwant\n%s", b.String(), want)
		}
	}
}
