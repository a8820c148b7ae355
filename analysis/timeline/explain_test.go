package timeline

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// far is a handshake as it is seen at the client, 20 ms away from the server.
const far = `conn 10.0.0.1:40000 > 10.0.0.2:80
+0     > S  mss=1460 ws=7
+20ms  < S. mss=1460 ws=7
+0     > .
`

// near is the same as it is seen at the server.
const near = `conn 10.0.0.1:40000 > 10.0.0.2:80
+0     > S  mss=1460 ws=7
+0     < S. mss=1460 ws=7
+20ms  > .
`

const ask = `+0 > P. "GET /a HTTP/1.1\r\n\r\n"
`

// head is a response's head for n bytes of body.
func head(n int) string { return fmt.Sprintf(`"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"`, n) }

// TestSilences has one account for each kind of silence, at both ends of the
// path where the capture point makes a difference.
func TestSilences(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"Nagle and a delayed ACK, at the client": {far + ask + `
			+20ms < P. ` + head(200) + `
			+40ms > .
			+20ms < P. len=200
			+0    > .`,
			"network 20ms, nagle_delayed_ack 60ms"},
		"the same at the server": {near + ask + `
			+0    < P. ` + head(200) + `
			+60ms > .
			+0    < P. len=200
			+20ms > .`,
			"nagle_delayed_ack 60ms"},
		"the peer acknowledges at once": {far + ask + `
			+20ms < P. ` + head(200) + `
			+0    > .
			+20ms < P. len=200
			+0    > .`,
			"network 20ms, nagle_wait 20ms"},
		"the body left before the ACK could have come": {far + ask + `
			+20ms < P. ` + head(200) + `
			+40ms > .
			+5ms  < P. len=200
			+0    > .`,
			"network 20ms, sender_idle 45ms"},
		"the body came long after the ACK": {far + ask + `
			+20ms < P. ` + head(200) + `
			+0    > .
			+90ms < P. len=200
			+0    > .`,
			"network 20ms, sender_idle 90ms"},
		"a full segment is never held: an application at work": {far + ask + `
			+20ms < P. ` + head(1660) + `
			+40ms > .
			+20ms < .  len=1460
			+0    < P. len=200
			+0    > .`,
			"network 20ms, sender_idle 60ms"},
		"the message is over: the next one is no held part of it": {far + `
			+0    > P. "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n"
			+20ms < P. ` + head(0) + `
			+40ms > .
			+20ms < P. ` + head(0) + `
			+0    > .`,
			"network 20ms"},
		"timestamps veto: it left before the ACK came": {`conn 10.0.0.1:40000 > 10.0.0.2:80
			+0    > S  mss=1460 ws=7 ts
			+20ms < S. mss=1460 ws=7 ts
			+0    > .
			` + ask + `
			+20ms < P. ` + head(200) + `
			+40ms > .
			+20ms < P. len=200 ts=:1
			+0    > .`,
			"network 20ms, sender_idle 60ms"},
		"tail lost behind the capture, repaired by a probe": {near + ask + `
			+0     < .  ` + head(2800) + ` len=1400
			+0     < P. len=1400
			+20ms  > .  ack=1441
			+50ms  < retrans
			+20ms  > .`,
			"retransmit 70ms"},
		"the receiver's window is full": {strings.Replace(far, "+0     > .", "+0 > . win=22", 1) + ask + `
			+20ms < .  ` + head(2879) + ` len=1419
			+0    > .  win=11
			+100ms > . win=512
			+20ms < .  len=1460
			+0    > .`,
			"network 20ms, receive_window 120ms"},
		"the receiver's window is shut": {far + ask + `
			+20ms < .  ` + head(2879) + ` len=1419
			+0    > .  win=0
			+500ms > . win=512
			+20ms < .  len=1460
			+0    > .`,
			"network 20ms, congestion_window 20ms, zero_window 500ms"},
		"the request is sent again": {far + ask + `
			+240ms > retrans
			+20ms  < P. ` + head(0) + `
			+0     > .`,
			"retransmit 240ms, network 20ms"},
		"the response is lost before the capture, and its probe": {far + ask + `
			+20ms < P. ` + head(0) + ` lost drop
			+200ms > retrans
			+20ms < .
			+230ms < retrans
			+0    > .`,
			"retransmit 220ms, network 20ms, retransmit 230ms"},
	} {
		t.Run(name, func(t *testing.T) {
			rec := play(t, c.text)
			for _, s := range rec.sums {
				t.Error(s)
			}
			got := rec.lines[0][strings.Index(rec.lines[0], ": ")+2:]
			got = strings.TrimPrefix(got, "connect 20ms, ")
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// flights is a response that takes a round trip for each of its flights, in
// segments of 1,460 bytes; what is acknowledged at once at the client.
func flights(rtt time.Duration, segments ...int) string {
	total := 0
	for _, n := range segments {
		total += n
	}
	h := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %08d\r\n\r\n", 0)
	h = fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %08d\r\n\r\n", total*1460-len(h))
	var b strings.Builder
	fmt.Fprintf(&b, "+%v < . %q len=%d\n+0 > .\n", rtt, h, 1460-len(h))
	segments[0]--
	for i, n := range segments {
		for j := range n {
			wait := time.Duration(0)
			if j == 0 && i > 0 {
				wait = rtt
			}
			fmt.Fprintf(&b, "+%v < . len=1460\n+0 > .\n", wait)
		}
	}
	return b.String()
}

// TestGrowth tells slow start from windows that do not grow.
func TestGrowth(t *testing.T) {
	for name, c := range map[string]struct {
		flights []int
		want    string
	}{
		"doubling":                      {[]int{10, 20, 40, 30}, "slow_start 60ms"},
		"delayed ACKs: by half":         {[]int{4, 6, 9, 14, 12}, "slow_start 80ms"},
		"level from the start":          {[]int{6, 6, 6, 6, 6}, "congestion_window 80ms"},
		"a ramp that comes to its room": {[]int{4, 8, 16, 16, 16, 16}, "slow_start 40ms, congestion_window 60ms"},
		"one wait":                      {[]int{10, 4}, "slow_start 20ms"},
	} {
		t.Run(name, func(t *testing.T) {
			rec := play(t, far+ask+flights(20*time.Millisecond, c.flights...))
			if want := "1 GET /a 200: connect 20ms, network 20ms, " + c.want; rec.lines[0] != want {
				t.Errorf("got  %s\nwant %s", rec.lines[0], want)
			}
		})
	}
}

// fine is another connection, whose stamps show that the clock does not tick
// in steps of 20 ms.
const fine = "conn x 10.0.0.9:40000 > 10.0.0.2:80\n+0 x> S\n+100us x< R.\n"

// TestShiftedACK: an acknowledgement that comes 40 ms later moves exactly 40 ms
// from one cause to another.
func TestShiftedACK(t *testing.T) {
	trace := func(ack time.Duration) string {
		return fine + far + ask + "+20ms < P. " + head(200) + fmt.Sprintf("\n+%v > .\n", ack) +
			"+" + (60*time.Millisecond - ack).String() + " < P. len=200\n+0 > .\n"
	}
	before, after := play(t, trace(0)).lines[0], play(t, trace(40*time.Millisecond)).lines[0]
	if want := "1 GET /a 200: connect 20ms, network 20ms, sender_idle 60ms"; before != want {
		t.Errorf("got  %s\nwant %s", before, want)
	}
	if want := "1 GET /a 200: connect 20ms, network 20ms, nagle_delayed_ack 60ms"; after != want {
		t.Errorf("got  %s\nwant %s", after, want)
	}
}
