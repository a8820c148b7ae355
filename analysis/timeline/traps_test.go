package timeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"connlint/capture"
)

// proofs writes down the stalls of transactions and the evidence of connections.
type proofs struct {
	recorder
	stalls []string
	nagle  NagleEvidence // of the server
	traits Traits
}

func (p *proofs) Transaction(c *Connection, x *Transaction) {
	p.recorder.Transaction(c, x)
	for _, s := range x.Stalls {
		p.stalls = append(p.stalls, fmt.Sprintf("%d: %d %s %s of the %s", x.Index, s.Count, s.Cause, s.Repair, s.Side))
	}
}

func (p *proofs) Close(c *Connection) {
	p.recorder.Close(c)
	p.nagle = c.Nagle[1]
	p.traits |= c.Traits
}

func prove(t *testing.T, text string) *proofs {
	t.Helper()
	p := &proofs{}
	follow(Config{}, p, parse(t, text))
	for _, s := range p.sums {
		t.Error(s)
	}
	return p
}

// has asks for a piece of one of the lines.
func has(lines []string, piece string) bool {
	return slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, piece) })
}

const short = `"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"
`

// The repair of a later request is no part of the wait for an earlier answer,
// and belongs to one transaction.
func TestRepairOfAnotherRequest(t *testing.T) {
	p := prove(t, far+ask+`
		+20ms  < .
		+2s    > P. "GET /b HTTP/1.1\r\n\r\n" lost
		+300ms > retrans
		+20ms  < .
		+700ms < P. `+short+`
		+1ms   < P. `+short+`
		+0     > .`)
	if !has(p.lines, "1 GET /a 200: connect 20ms, network 20ms, server_wait 3.02s") {
		t.Errorf("accounts are %q", p.lines)
	}
	if !slices.Equal(p.stalls, []string{"2: 1 retransmit tail loss probe of the client"}) {
		t.Errorf("stalls are %q", p.stalls)
	}
}

// A server that numbers the packets of all connections together loses none
// when it is silent on one.
func TestCommonNumbers(t *testing.T) {
	p := prove(t, `conn a 10.0.0.1:40000 > 10.0.0.2:80
		+0     a> S  mss=1460 ws=7
		+20ms  a< S. mss=1460 ws=7 ipid=1
		+0     a> .
		conn b 10.0.0.1:40001 > 10.0.0.2:80
		+0     b> S  mss=1460 ws=7
		+20ms  b< S. mss=1460 ws=7 ipid=2
		+0     b> .
		+0     a> P. "GET /a HTTP/1.1\r\n\r\n"
		+20ms  a< . ipid=3
		+40ms  a< P. ipid=4 `+short+`
		+0     a> .
		+100ms a> P. "GET /b HTTP/1.1\r\n\r\n"
		+20ms  b> P. "GET /c HTTP/1.1\r\n\r\n"
		+40ms  b< P. ipid=5 `+short+`
		+0     b> .
		+400ms a< P. ipid=6 `+short+`
		+0     a> .`)
	if len(p.stalls) > 0 || p.traits.Is(PacketLoss) {
		t.Errorf("loss is made up: %q, %v", p.stalls, p.traits.Names())
	}
}

// steady is a transfer of one segment every 20 ms, a round trip, by a server
// whose timestamps tick every tick ms; its first data come at first.
func steady(tick int, first string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "conn 10.0.0.1:40000 > 10.0.0.2:80\n+0 > S mss=1460 ws=7 ts=1\n+20ms < S. mss=1460 ws=7 ts=1000\n+0 > .\n%s", ask)
	fmt.Fprintf(&b, "@%s < P. ts=%d \"HTTP/1.1 200 OK\\r\\nContent-Length: 289600\\r\\n\\r\\n\"\n+0 > .\n", first, 1000+20/tick)
	for i := range 200 {
		at := 60 + 20*i
		fmt.Fprintf(&b, "@%dms < . len=1448 ts=%d\n+0 > .\n", at, 1000+(at-20)/tick)
	}
	return b.String()
}

// Neither a late first packet nor a slow clock makes a queue.
func TestTimestampClocks(t *testing.T) {
	for name, text := range map[string]string{
		"1 ms": steady(1, "40ms"), "1 ms, the first late": steady(1, "44ms"), "10 ms": steady(10, "40ms"),
		"100 ms": steady(100, "40ms"), "500 ms": steady(500, "40ms"),
	} {
		if p := prove(t, text); has(p.lines, "path_rate") || p.traits.Is(RateLimited) {
			t.Errorf("%s: a queue is made up: %.200q", name, p.lines)
		}
	}
}

// Where TCP_NODELAY is proven, no silence is Nagle's.
func TestNoDelayProven(t *testing.T) {
	text := near + ask + "+1ms < P. " + head(10000) + "\n+20ms > .\n"
	text += strings.Repeat("+1ms < P. len=100\n+0 < P. len=100\n+20ms > .\n", 50)
	if p := prove(t, text); has(p.lines, "nagle") || has(p.stalls, "nagle") || p.nagle.Against < 50 {
		t.Errorf("%.300q, %q, %+v", p.lines, p.stalls, p.nagle)
	}
}

// Segments that a host coalesced are not taken for full ones where the SYN
// with the MSS is not in the capture.
func TestCoalescedWithoutSYN(t *testing.T) {
	text := "conn 10.0.0.1:40000 > 10.0.0.2:80\n+0 > . \n+20ms < .\n" + ask + "+20ms < P. " + head(60000) + "\n+0 > .\n"
	text += strings.Repeat("+20ms < . len=2920\n+0 < . len=5840\n+0 > .\n", 6)
	if p := prove(t, text); has(p.lines, "nagle") {
		t.Errorf("%.300q", p.lines)
	}
}

// Each time that the window is shut counts, once, and an opening that is too
// small to be used is the receiver's limit still.
func TestShutWindows(t *testing.T) {
	begin := far + "+0 > P. win=500 \"GET /a HTTP/1.1\\r\\n\\r\\n\"\n+20ms < P. " + head(24000) + "\n+0 > .\n+20ms < . len=1460\n"
	later := strings.Repeat("+500ms < P. len=600\n+0 > .\n", 35)
	for name, c := range map[string]struct{ text, want string }{
		"long ago":  {begin + "+0 > . win=0\n+100ms > . win=500\n+20ms < P. len=600\n+0 > .\n" + later, "zero_window 100ms, "},
		"twice":     {begin + "+0 > . win=0\n+400ms > . win=100\n+1ms > . win=0\n+5ms > . win=500\n+20ms < . len=1460\n+0 > .\n", "zero_window 400ms, response 1ms, zero_window 5ms"},
		"a little":  {begin + "+0 > . win=0\n+50ms > . win=1\n+400ms > . win=500\n+20ms < . len=1460\n+0 > .\n", "zero_window 50ms, receive_window 400ms"},
		"never was": {begin + "+0 > .\n+100ms < . len=1460\n+0 > .\n", ""},
	} {
		p := prove(t, c.text)
		if strings.Count(p.lines[0], "zero_window") != strings.Count(c.want, "zero_window") || !strings.Contains(p.lines[0], c.want) {
			t.Errorf("%s: %.400s, want %s", name, p.lines[0], c.want)
		}
	}
}

// Many silences of one kind leave room for the first of another.
func TestStallsFold(t *testing.T) {
	text := near + ask + "+0 < P. " + head(15000) + "\n" + strings.Repeat("+60ms > .\n+0 < P. len=200\n", 70) +
		"+60ms > .\n+0 < P. len=1000 lost\n+10s < retrans\n+20ms > .\n"
	p := prove(t, text)
	if !has(p.stalls, "retransmit") {
		t.Errorf("no repair among %q", p.stalls)
	}
	held := 0
	for _, s := range p.stalls {
		var n int
		if _, err := fmt.Sscanf(s, "1: %d nagle_delayed_ack", &n); err == nil {
			held += n
		}
	}
	if held != 71 {
		t.Errorf("%d writes were held, want 71", held)
	}
}

// A segment that the capture missed and the client acknowledged was not lost.
func TestCaptureDropAtTheStart(t *testing.T) {
	p := prove(t, far+ask+`
		+20ms  < P. `+short+`
		+0     > .
		+1s    > P. "GET /b HTTP/1.1\r\n\r\n"
		+20ms  < .
		+400ms < . "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" len=1000 drop
		+0     > .
		+1ms   < P. len=1460
		+0     > .
		+0     < P. len=2540
		+0     > .`)
	if p.traits.Is(PacketLoss) || has(p.stalls, "retransmit") {
		t.Errorf("a loss is made up: %q, %v", p.stalls, p.traits.Names())
	}
}

// A needless repetition that the client acknowledged does not excuse its pause.
func TestThinkBehindNeedlessRepetition(t *testing.T) {
	p := prove(t, far+ask+`
		+20ms < P. `+short+`
		+0    > .
		+5ms  < retrans
		+0    > .
		+10s  > P. "GET /b HTTP/1.1\r\n\r\n"
		+20ms < P. `+short+`
		+0    > .`)
	if !p.traits.Is(ClientThinkTime) {
		t.Errorf("traits are %v", p.traits.Names())
	}
}

// The server's FIN ends the wait for an answer, not the client's RST a minute later.
func TestNoResponseEndsWithTheFIN(t *testing.T) {
	p := prove(t, far+ask+"+20ms < .\n+1s < F.\n+60s > R.\n")
	if !has(p.lines, "no_response 1.02s") {
		t.Errorf("%q", p.lines)
	}
}

// Long streams wrap sequence numbers: a small segment that was acknowledged
// 2 GiB ago speaks neither for nor against Nagle's algorithm.
func TestSmallSegmentLongAgo(t *testing.T) {
	seg := parse(t, far+ask+"+20ms < P. \"HTTP/1.1 200 OK\\r\\nContent-Length: 2184160200\\r\\n\\r\\n\"\n+0 > .\n+1ms < . len=1460\n+0 > .\n+50ms < P. len=200\n+0 > .\n")
	n := len(seg)
	data, ack, last, lastAck := seg[n-4], seg[n-3], seg[n-2], seg[n-1]
	all := slices.Clone(seg[:n-4])
	at, number, seq := data.Time, data.Number(), data.Seq
	add := func(s capture.Segment, after int64, seq, acked capture.Seq) {
		at += after
		number++
		s.Frame, s.Seq, s.Ack = capture.NewFrame(0, number, at), seq, acked
		all = append(all, s)
	}
	for range 34000 {
		data.Len, data.Payload = 64240, nil
		add(data, 1e6, seq, data.Ack)
		seq = seq.Add(64240)
		add(ack, 0, ack.Seq, seq)
	}
	add(last, 50e6, seq, data.Ack)
	add(lastAck, 0, ack.Seq, seq.Add(200))
	p := &proofs{}
	follow(Config{}, p, all)
	if p.nagle.Against != 0 {
		t.Errorf("%+v", p.nagle)
	}
}

func TestNagleProof(t *testing.T) {
	for _, c := range []struct {
		n    nagle
		want bool
	}{
		{nagle{}, false}, {nagle{releases: 1}, true}, {nagle{releases: 2, against: 1}, false}, {nagle{releases: 3, against: 1}, true},
		{nagle{releases: 2, against: 21846}, false},
	} {
		if got := c.n.proved(); got != c.want {
			t.Errorf("%+v: %v", c.n, got)
		}
	}
}

// A server that counts its packets for all clients together, most of them
// elsewhere, may come to the number of a hole and one more by chance.
func TestCommonNumbersElsewhere(t *testing.T) {
	var b strings.Builder
	b.WriteString(far)
	id := 100
	for i := range 12 {
		id += 5 + i*7%11
		fmt.Fprintf(&b, "+1ms > P. \"GET /%d HTTP/1.1\\r\\n\\r\\n\"\n+100ms < P. ipid=%d "+short+"+0 > .\n", i, id)
	}
	fmt.Fprintf(&b, "+1ms > P. \"GET /x HTTP/1.1\\r\\n\\r\\n\"\n+100ms < . ipid=%d "+twoSegments+" drop lost\n", id+2)
	fmt.Fprintf(&b, "+0 < . ipid=%d len=1460\n+0 > .\n+20ms < retrans=2\n+0 > .", id+3)
	p := prove(t, b.String())
	if !has(p.lines, "GET /x 200: network 20ms, server_wait 80ms, retransmit 20ms") {
		t.Errorf("accounts are %q", p.lines)
	}
}
