package trace

import (
	"strings"
	"testing"
)

func TestErrorsNameTheLine(t *testing.T) {
	tests := []struct{ text, want string }{
		{"bogus", `test:1: "bogus" is no line of a trace`},
		{"start", "test:1: start takes one value"},
		{"start yesterday", `test:1: start "yesterday" is no time`},
		{"start 1969-12-31T23:59:59Z", "test:1: start lies outside"},
		{"snaplen 0", "test:1: snaplen"},
		{shake + "snaplen 96", "test:5: snaplen must stand before"},
		{"conn 10.0.0.1:1", "test:1: a connection reads"},
		{"conn a b c > d", "test:1: a connection reads"},
		{"conn 10.0.0.1 > 10.0.0.2:80", `test:1: "10.0.0.1" is no address and port`},
		{"conn [fe80::1%eth0]:1 > [fe80::2]:80", "test:1:"},
		{"conn 10.0.0.1:1 > [::1]:80", "test:1: one end is IPv4"},
		{conn[:33] + " isn=5", "test:1: \"isn=5\" does not belong here"},
		{"conn a 1.1.1.1:1 > 1.1.1.1:2\nconn a 1.1.1.1:1 > 1.1.1.1:2", "test:2: connection a is already that of line 1"},
		{"+0 > S", "test:1: no connection without a label"},
		{conn + "+0 z> S", `test:2: no connection "z"`},
		{conn + "+0 >", "test:2: a segment reads"},
		{conn + "+5 > S", `test:2: "+5" is no time`},
		{conn + "+9999999h > S", `test:2: "+9999999h" is no time`},
		{conn + "@2000000h > S\n+2500000h > S", "test:2: the time"},
		{conn + "-1000000h > S", "test:2: the time 1911"},
		{conn + "+0 = S", `test:2: "=" is no direction`},
		{conn + "+0 > X", `test:2: "X" are no flags`},
		{conn + "+0 > dup", "test:2: dup has no packet"},
		{conn + "+0 > retrans", "test:2: retrans: this side has sent 0 segments"},
		{shake + "+0 > retrans=2", "test:5: retrans=2: this side has sent 1 segments"},
		{shake + "+0 > retrans=x", "test:5: retrans=x"},
		{shake + "+0 > retrans len=1", "test:5: a repeated segment brings its own payload"},
		{conn + "+0 > S colour", `test:2: "colour" is no word`},
		{conn + "+0 > S colour=red", `test:2: "colour=red" is no word`},
		{conn + "+0 > S sackok=1", "test:2: sackok takes no value"},
		{conn + "+0 > S mss", `test:2: "mss" is no word`},
		{conn + "+0 > S mss=65536", `test:2: "mss=65536" takes a number up to 65535`},
		{conn + "+0 > S mss=1 mss=2", "test:2: mss stands twice"},
		{conn + "+0 > S ws=15", `test:2: "ws=15" takes a number up to 14`},
		{conn + "+0 > S seq=", "test:2:"},
		{conn + "+0 > S seq=+9999999999", "test:2:"},
		{conn + "+0 > S ts=", "test:2: ts= takes VAL"},
		{conn + "+0 > S ts=1:x", "test:2:"},
		{conn + "+0 > S tfo=5", "test:2: tfo=5: a cookie"},
		{conn + "+0 > S tfo=18", "test:2: tfo=18: a cookie"},
		{conn + "+0 > S sack=1", "test:2: sack=1 does not read"},
		{conn + "+0 > S sack=1-2,1-2,1-2,1-2,1-2", "test:2: sack has 5 blocks"},
		{conn + "+0 > S ts sack=1-2,1-2,1-2,1-2", "test:2: the options take 48 bytes"},
		{"conn [::1]:1 > [::2]:2\n+0 > S ipid=1", "test:2: ipid: IPv6"},
		{"snaplen 53\n" + conn + "+0 > S", "test:3: snaplen 53 cuts into the headers"},
		{conn + "+0 > . len=65496", "test:2: a payload of 65496 bytes does not fit; an IP packet has room for 65495"},
		{"conn [::1]:1 > [::2]:2\n+0 > . len=65516", "test:2: a payload of 65516 bytes does not fit; an IP packet has room for 65515"},
		{conn + "+0 > . len=16777217", "test:2:"},
		{conn + "+0 > . len=16777216 len=1", "test:2: more than 16777216 bytes"},
		{conn + `+0 > . "a`, "test:2: a quoted text does not end"},
		{conn + `+0 > . "\q"`, "test:2: a quoted text"},
		{conn + `+0 > . "a"len=1`, "test:2: a space is missing"},
		{conn + "+0 > . \"\xff\"", "test:2: the line is not UTF-8"},
		{conn + strings.Repeat("+0 > . len=65000\n", 259), "test:260: more than 16777216 bytes"},
		{conn + "+0 > . len=65000\n" + strings.Repeat("+0 > dup\n", 258), "test:260: more than 16777216 bytes"},
	}
	for _, test := range tests {
		trace, err := Parse("test", []byte(test.text))
		if err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%.60q: %v, want %s", test.text, err, test.want)
		}
		if trace != nil {
			t.Errorf("%.60q: a trace beside the error", test.text)
		}
	}
}
