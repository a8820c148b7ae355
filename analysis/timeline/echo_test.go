package timeline

import (
	"strings"
	"testing"

	"connlint/capture"
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

// Of acknowledgements that count as one, the latest may have brought the next
// timestamp: a later one with the same is not the first that had it.
func TestEchoOfFoldedStamp(t *testing.T) {
	const r, tick = int64(20e6), int64(10e6)
	for _, behind := range []int64{1, sightSize} { // the more push the first out of the ring
		var v sight
		v.begin(told{tsval: 99})
		tell := func(at int64, tsval uint32) {
			f := capture.NewFrame(0, uint64(at+1), at)
			v.add(told{frame: f, last: f, tsval: tsval}, r)
		}
		tell(0, 100)
		tell(30e3, 101)
		for i := range behind {
			tell(tick/2+i*r/15, 101)
		}
		s := &capture.Segment{Frame: capture.NewFrame(0, 1<<40, tick/2+behind*r/15), Options: capture.Options{Set: capture.OptTimestamps, TSEcr: 101}}
		if ns := v.echo(s, 1e12); ns != 0 {
			t.Errorf("%d behind: a round trip of %d ns", behind, ns)
		}
	}
}
