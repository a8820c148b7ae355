package timeline

import (
	"strings"
	"testing"
)

// A client that only sends never acknowledges data: where its handshake was
// slow, what it echoes tells the round trip to it. The capture is the server's.
func TestEchoesTellRoundTrip(t *testing.T) {
	p := prove(t, `conn 10.0.0.1:40000 > 10.0.0.2:80
		+0     > S  mss=1460 ts
		+50us  < S. mss=1460 ts
		+23ms  > .
		+0     > . "POST /a HTTP/1.1\r\nContent-Length: 18771\r\n\r\n" len=1395
		+0     < .
		+15ms  > . len=1448
		+0     < .
		`+strings.Repeat(`+20ms  > . len=1448
		+0     < .
		`, 11)+`+10us < P. `+short+`
		+15ms  > .`)
	if !has(p.lines, "paced 220ms") {
		t.Errorf("accounts are %q", p.lines)
	}
}
