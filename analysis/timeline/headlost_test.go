package timeline

import "testing"

const twoSegments = `"HTTP/1.1 200 OK\r\nContent-Length: 2879\r\n\r\n" len=1419`

// Where the first bytes of an answer are lost, the bytes behind them say when
// the server was done, and the repair when the exchange was over.
func TestFirstBytesLost(t *testing.T) {
	p := prove(t, far+ask+`
		+20ms  < .
		+160ms < . `+twoSegments+` drop lost
		+0     < . len=1460
		+0     > . ack=-0
		+20ms  < retrans=2
		+0     > .`)
	if !has(p.lines, "GET /a 200: connect 20ms, network 20ms, server_wait 160ms, retransmit 20ms") {
		t.Errorf("accounts are %q", p.lines)
	}
}

// Where all of it is lost, the first that comes is a repair itself: the numbers
// of the server's packets show that it had left before.
func TestAnswerLost(t *testing.T) {
	p := prove(t, far+ask+`
		+20ms  < P. `+short+`
		+0     > .
		+1ms   > P. "GET /b HTTP/1.1\r\n\r\n"
		+20ms  < . `+twoSegments+` drop lost
		+0     < . len=1460 drop lost
		+60ms  < retrans
		+0     > .
		+240ms < retrans=2
		+0     > .`)
	if !has(p.lines, "GET /b 200: network 20ms, retransmit 300ms") {
		t.Errorf("accounts are %q", p.lines)
	}
}

// The end of an answer may overtake its head, and what lay between be lacking
// in the capture: it is over no sooner than its head is there.
func TestEndOvertakesHead(t *testing.T) {
	p := prove(t, far+ask+`
		+40ms < P. seq=+2000 len=1000
		+20ms < . seq=1 "HTTP/1.1 200 OK\r\nContent-Length: 2958\r\n\r\n" len=958
		+10us > . ack=3001
		+1s   > F. ack=3001
		+20ms < F. seq=3001 ack=+1`)
	if !has(p.lines, "GET /a 200: connect 20ms, network 20ms, server_wait 20ms, retransmit 20ms") {
		t.Errorf("accounts are %q", p.lines)
	}
}

// One number that is missing early in a connection may be the delayed ACK of a
// request that the server thinks about: no probe takes so long.
func TestDelayedACKLost(t *testing.T) {
	p := prove(t, far+ask+`
		+60ms  < .
		+800ms < P. `+short+`
		+0     > .
		+1ms   > P. "GET /b HTTP/1.1\r\n\r\n"
		+60ms  < . drop lost
		+800ms < P. `+short+`
		+0     > .`)
	if !has(p.lines, "GET /b 200: network 20ms, server_wait 840ms") {
		t.Errorf("accounts are %q", p.lines)
	}
}
