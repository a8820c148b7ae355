package timeline

import (
	"fmt"
	"strings"
	"testing"
)

// A short queue drops what does not fit, and stands all the same: most of the
// time the rate of the path is the limit, whatever was lost. The capture is the
// server's; each ACK lets one segment go.
func TestQueueThatDrops(t *testing.T) {
	var b strings.Builder
	b.WriteString(`conn 10.0.0.1:40000 > 10.0.0.2:80
		+0     > S  mss=1460 ws=7
		+10us  < S. mss=1460 ws=7
		+10ms  > .
		+0     > P. "GET /a HTTP/1.1\r\n\r\n"
		+10us  < . ` + head(1460*50) + fmt.Sprintf(" len=%d\n", 1460-len(head(1460*50))+6))
	b.WriteString("+1us < .  len=1460\n")
	b.WriteString(strings.Repeat("+1us < . len=1460\n", 8) + "+4ms > . ack=1\n")
	for i := 1; i <= 39; i++ {
		fmt.Fprintf(&b, "+6ms > . ack=%d\n+10us < . len=1460\n", 1+1460*i)
		if i == 25 {
			b.WriteString("+1us < retrans=8\n")
		}
	}
	fmt.Fprintf(&b, "+60ms > . ack=%d\n+10us < P. len=1460\n+10ms > .\n", 1+1460*49)
	p := prove(t, b.String())
	if !has(p.lines, "path_rate") || has(p.lines, "congestion_window") || !p.traits.Is(RateLimited) {
		t.Errorf("accounts are %q, traits %v", p.lines, p.traits.Names())
	}
}

// upload is a POST of 49 segments that begins at a sequence number: ten go at
// once, the rest as ACKs come, one each 6 ms. The last of these, of which all
// says whether it is there, brings no segment any more.
func upload(start int, all bool) string {
	var b strings.Builder
	b.WriteString("> . \"POST /b HTTP/1.1\\r\\nContent-Length: 71496\\r\\n\\r\\n\" len=1416\n")
	fmt.Fprintf(&b, "%s+4ms < . ack=%d\n", strings.Repeat("+1us > . len=1460\n", 9), start)
	for i := 1; i <= 39; i++ {
		fmt.Fprintf(&b, "+6ms < . ack=%d\n+10us > . len=1460\n", start+1460*i)
	}
	for i := 40; i < 49 || all && i == 49; i++ {
		fmt.Fprintf(&b, "+6ms < . ack=%d\n", start+1460*i)
	}
	return b.String()
}

// The end of an upload stands in the queue that its sender has filled: the wait
// for the answer is the path's for so long. The capture is the client's.
func TestQueueDrainsBeforeAnswer(t *testing.T) {
	p := prove(t, `conn 10.0.0.1:40000 > 10.0.0.2:80
		+0     > S  mss=1460 ws=7
		+10ms  < S. mss=1460 ws=7
		+10us  > .
		+0     `+upload(1, false)+"+6ms < P. "+short+"+10us > .\n")
	if !has(p.lines, "network 10ms, path_rate 50ms") || has(p.lines, "server_wait") {
		t.Errorf("accounts are %q", p.lines)
	}
}

// What a request behind it waited in the path is no wait for the answer to the
// one before.
func TestQueueOfNextRequest(t *testing.T) {
	p := prove(t, `conn 10.0.0.1:40000 > 10.0.0.2:80
		+0     > S  mss=1460 ws=7
		+10ms  < S. mss=1460 ws=7
		+10us  > .
		+0     > P. "GET /a HTTP/1.1\r\n\r\n"
		+10ms  < .
		+490ms `+upload(20, true)+"+300ms < P. "+short+"+10us > .\n+10ms < P. "+short+"+10us > .\n")
	if !has(p.lines, "GET /a 200: connect 10.01ms, network 10ms, server_wait 1.08") {
		t.Errorf("accounts are %q", p.lines)
	}
}
