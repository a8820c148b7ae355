package timeline

import (
	"testing"

	"connlint/reassembly"
)

// Each packet that acknowledges payload is counted once; a repeated ACK and the
// handshake's acknowledge none.
func TestACKs(t *testing.T) {
	facts := New(Config{}, &recorder{})
	conns := reassembly.New(reassembly.Config{Sniff: Sniff}, facts)
	for _, s := range parse(t, far+`
		+0     > P. "GET /a HTTP/1.1\r\n\r\n"
		+20ms  < P. `+head(5)+` "hello"
		+40ms  > .
		+0     > .
		+1s    > P. "GET /a HTTP/1.1\r\n\r\n"
		+20ms  < .
		+10ms  < P. `+head(5)+` "hello"
		+0     > .
		+1s    > P. "GET /a HTTP/1.1\r\n\r\n"
		+700ms < .
		+10ms  < P. `+head(5)+` "hello"
		+0     > F.
		+20ms  < F.
		+0     > .`) {
		conns.Segment(&s)
	}
	conns.Finish()
	// The first request travels with the handshake's ACK and is acknowledged by
	// its response, the first response by a timer's ACK, the third request by one
	// that no timer explains; the FIN brings the last one.
	if got, want := facts.Stats().ACKs, (ACKs{All: 6, Bare: 5, Timed: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
