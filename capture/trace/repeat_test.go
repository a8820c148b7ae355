package trace

import (
	"strings"
	"testing"
)

// A block is read as often as it says, each time from another port, and its
// comments count once.
func TestRepeat(t *testing.T) {
	tr, err := Parse("x", []byte(`conn 10.0.0.1:40000 > 10.0.0.2:80
repeat 3
conn 10.0.0.1:50000 > 10.0.0.2:80
+1ms > S # once
+1ms < S.
end
+1ms > . # behind
`))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(tr.Connections); n != 4 || tr.Connections[3].Client.Port() != 50002 {
		t.Errorf("%d connections, the last from %v", n, tr.Connections[n-1].Client)
	}
	if n := len(tr.Packets); n != 7 || tr.Packets[4].Line != 4 || tr.Packets[5].Frame.Number() != 6 {
		t.Errorf("%d packets: %+v", n, tr.Packets)
	}
	if m := tr.Marks; len(m) != 2 || m[0].Frame != 1 || m[1].Frame != 7 || m[1].Line != 7 {
		t.Errorf("marks %+v", m)
	}
}

func TestRepeatRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"repeat 2\n# more":             "x:1: this repeat has no end",
		"\nend":                        "x:2: end without a repeat",
		"repeat":                       "takes one number",
		"repeat 0\nend":                "no number from 1",
		"repeat 99999999\nend":         "no number from 1",
		"repeat 2\nrepeat 2\nend\nend": "the repeat of line 1 has not ended",
		"repeat 2\nconn 10.0.0.1:65535 > 10.0.0.2:80\nend":   "no port 65536",
		"repeat 65536\n" + strings.Repeat("#\n", 40) + "end": "more than",
	} {
		if _, err := Parse("x", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, not %q", text, err, want)
		}
	}
}
