package timeline

import (
	"fmt"
	"strings"
	"testing"
)

// burst is n full segments of the server's, the last with PSH if it ends a write.
func burst(after string, n int, ends bool) string {
	flags := "."
	if ends {
		flags = "P."
	}
	return fmt.Sprintf("+%s < . len=1460\n", after) + strings.Repeat("+1us < . len=1460\n", n-2) + "+1us < " + flags + " len=1460\n+1us > .\n"
}

// first is the segment with the head of a response of n bytes, full.
func first(n int) string {
	h := head(n)
	return "+60ms < . " + h + fmt.Sprintf(" len=%d\n", 1460-(len(h)-2-4)) // four escapes of one byte, two quotes
}

// A sender that sends as much in each round trip as in the first, and has more
// only when it is asked to write again, is not limited by its window, be its
// pieces full segments at the pace of the path. One whose flights end in the
// midst of a write is.
func TestPiecesAtThePathsPace(t *testing.T) {
	for _, c := range []struct {
		name, want string
		ends       bool
	}{
		{"application", "sender_idle 60.001ms", true},
		{"window", "congestion_window 60.001ms", false},
	} {
		p := prove(t, slowPath+first(46000)+burst("1us", 3, c.ends)+strings.Repeat(burst("60ms", 4, c.ends), 7))
		if !has(p.lines, c.want) {
			t.Errorf("%s: accounts are %q", c.name, p.lines)
		}
	}
}

const slowPath = `conn 10.0.0.1:40000 > 10.0.0.2:80
+0     > S  mss=1460 ws=7
+60ms  < S. mss=1460 ws=7
+20us  > .
+0     > P. "GET /a HTTP/1.1\r\n\r\n"
`

// A stack that spreads pairs of segments has several pairs on the way: each
// leaves behind an ACK, but at a time of its own.
func TestPacedWithMuchUnderWay(t *testing.T) {
	p := prove(t, slowPath+first(46000)+burst("1us", 9, true)+"+48ms > .\n"+strings.Repeat(burst("17ms", 2, true), 11))
	if !has(p.lines, "paced 17.001ms") || has(p.lines, "congestion_window") {
		t.Errorf("accounts are %q", p.lines)
	}
}

// Ten full segments at even distances, with nothing under way between: no stack
// that spreads its packets sends as many in one go.
func TestLargePiecesAreNoPacing(t *testing.T) {
	p := prove(t, slowPath+first(90000)+burst("1us", 9, true)+strings.Repeat(burst("90ms", 10, true), 5))
	if !has(p.lines, "sender_idle 90.001ms") || has(p.lines, "paced") {
		t.Errorf("accounts are %q", p.lines)
	}
}

// A pause of the application amidst an answer makes no steady stream of the
// round trips before and behind it.
func TestPauseIsNoSteadyPace(t *testing.T) {
	p := prove(t, slowPath+first(26280)+burst("1us", 2, true)+burst("60ms", 6, true)+burst("600ms", 3, true)+burst("60ms", 6, true))
	if !has(p.lines, "congestion_window 60.001ms") || has(p.lines, "sender_idle 60.001ms") {
		t.Errorf("accounts are %q", p.lines)
	}
}
