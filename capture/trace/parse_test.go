package trace

import (
	"fmt"
	"strings"
	"testing"

	"connlint/capture"
)

// brief is a segment in one line: seq and ack less the initial numbers of
// shake, which make the first byte 1.
func brief(t *Trace, p *Packet) string {
	isn := t.Connections[p.Connection].ISN
	s := fmt.Sprintf("%s %d:%d", p.Flags, uint32(p.Seq-isn[p.Side]), p.Len)
	if p.Flags.Has(capture.ACK) {
		s += fmt.Sprintf(" ack %d", uint32(p.Ack-isn[1-p.Side]))
	}
	return s
}

func TestNumbersFollow(t *testing.T) {
	tests := []struct{ name, lines, want string }{
		{"data moves the sender", "+0 > P. len=10\n+0 > P. len=1", "P. 11:1 ack 1"},
		{"data moves the receiver", "+0 > P. len=10\n+0 < .", ". 1:0 ack 11"},
		{"FIN takes a number", "+0 > F. len=2\n+0 < F.\n+0 > .", ". 4:0 ack 2"},
		{"a reset takes none", "+0 > R.\n+0 > P. len=1", "P. 1:1 ack 1"},
		{"no ACK flag, no ack", "+0 < P. len=5\n+0 > R", "R 1:0"},
		{"dropped bytes arrive", "+0 > P. len=10 drop\n+0 < .", ". 1:0 ack 11"},
		{"lost bytes do not", "+0 > P. len=10 lost\n+0 < .", ". 1:0 ack 1"},
		{"lost bytes were sent", "+0 > P. len=10 lost\n+0 > P. len=1", "P. 11:1 ack 1"},
		{"no ack beyond a hole", "+0 > . len=10 lost\n+0 > . len=10\n+0 < .", ". 1:0 ack 1"},
		{"a filled hole", "+0 > . len=10 lost\n+0 > . len=10\n+0 > . len=5\n+0 > retrans=3\n+0 < .", ". 1:0 ack 26"},
		{"two holes, one filled", "+0 > . len=1 lost\n+0 > . len=1\n+0 > . len=1 lost\n+0 > . len=1\n+0 > retrans=4\n+0 < .", ". 1:0 ack 3"},
		{"holes filled backwards", "+0 > . len=2 lost\n+0 > . len=2 lost\n+0 > . len=2\n+0 > retrans=2\n+0 > retrans=3\n+0 < .", ". 1:0 ack 7"},
		{"retrans is the last", "+0 > P. len=3\n+0 > P. len=7\n+0 > .\n+0 > retrans", "P. 4:7 ack 1"},
		{"retrans again", "+0 > P. len=3\n+0 > P. len=7\n+0 > retrans=2\n+0 > retrans", "P. 4:7 ack 1"},
		{"retrans moves nothing", "+0 > P. len=3\n+0 > retrans\n+0 > P. len=1", "P. 4:1 ack 1"},
		{"retrans acks anew", "+0 > P. len=3 lost\n+0 < P. len=5\n+0 > retrans", "P. 1:3 ack 6"},
		{"dup acks as before", "+0 > P. len=3\n+0 < P. len=5\n+0 > dup", "P. 1:3 ack 1"},
		{"forced seq", "+0 > P. len=3\n+0 > P. seq=1 len=3", "P. 1:3 ack 1"},
		{"forced seq back", "+0 > P. len=3\n+0 > P. seq=-1 len=1", "P. 3:1 ack 1"},
		{"forced seq back moves nothing", "+0 > P. len=3\n+0 > P. seq=-3 len=1\n+0 > .", ". 4:0 ack 1"},
		{"forced seq ahead is a hole", "+0 > P. seq=+5 len=1\n+0 < .", ". 1:0 ack 1"},
		{"forced seq ahead moves on", "+0 > P. seq=+5 len=1\n+0 > .", ". 7:0 ack 1"},
		{"keep-alive probe", "+0 > P. len=3\n+0 < .\n+0 > . seq=-1 len=1\n+0 < .", ". 1:0 ack 4"},
		{"forced ack", "+0 < P. len=9\n+0 > . ack=5", ". 1:0 ack 5"},
		{"forced ack back", "+0 < P. len=9\n+0 > . ack=-9", ". 1:0 ack 1"},
		{"forced ack back is forgotten", "+0 < P. len=9\n+0 > . ack=-9\n+0 > .", ". 1:0 ack 10"},
		{"forced ack ahead stays", "+0 > . ack=+9\n+0 > .", ". 1:0 ack 10"},
		{"a repeated SYN", "+0 > S", "S 0:0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			trace := mustParse(t, shake+test.lines)
			if got := brief(trace, &trace.Packets[len(trace.Packets)-1]); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			roundTrip(t, trace)
		})
	}
}

func TestSequenceNumbersWrap(t *testing.T) {
	trace := mustParse(t, `conn 10.0.0.1:1 > 10.0.0.2:80 isn=4294967290:4294967295
+0 > S
+0 < S.
+0 > P. len=10
+0 < P. len=3
+0 > .
`)
	want := []string{"S 0:0", "S. 0:0 ack 1", "P. 1:10 ack 1", "P. 1:3 ack 11", ". 11:0 ack 4"}
	for i := range trace.Packets {
		if got := brief(trace, &trace.Packets[i]); got != want[i] {
			t.Errorf("%s, want %s", got, want[i])
		}
	}
	if p := trace.Packets[4]; p.Seq != 5 || p.Ack != 3 {
		t.Errorf("after the wrap seq %d ack %d", p.Seq, p.Ack)
	}
	roundTrip(t, trace)
}

func TestHeaderFields(t *testing.T) {
	tests := []struct {
		name, lines string
		ok          func(p *Packet) bool
	}{
		{"defaults", "+0 > .", func(p *Packet) bool { return p.Window == 65535 && p.TTL == 64 && p.HasIPID && p.IPID == 3 }},
		{"win stays", "+0 > . win=0\n+0 < .\n+0 > .", func(p *Packet) bool { return p.Window == 0 }},
		{"ttl stays", "+0 > . ttl=3\n+0 > .", func(p *Packet) bool { return p.TTL == 3 }},
		{"ttl is the side's", "+0 > . ttl=3\n+0 < .", func(p *Packet) bool { return p.TTL == 64 }},
		{"ipid counts on", "+0 > . ipid=65535\n+0 > . drop\n+0 > .", func(p *Packet) bool { return p.IPID == 1 }},
		{"dup has the same ipid", "+0 > . ipid=9\n+0 > dup", func(p *Packet) bool { return p.IPID == 9 }},
		{"ack without the flag", "+0 > R ack=7", func(p *Packet) bool { return p.Ack == 4999+7 }},
		{"no flags", "+0 > -", func(p *Packet) bool { return p.Flags == 0 }},
		{"all flags", "+0 > FSRP.UEW", func(p *Packet) bool { return p.Flags == 255 }},
		{"sack", "+0 > . sack=11-21,31-41", func(p *Packet) bool {
			o := p.Options
			return o.Set == capture.OptSACK && o.SACKBlocks == 2 && o.SACK[1] == capture.Block{Left: 5030, Right: 5040}
		}},
		{"handshake options", "+0 > S mss=8960 ws=14 sackok tfo=8 mptcp", func(p *Packet) bool {
			o := p.Options
			return o.MSS == 8960 && o.Scale == 14 && o.FastOpenSize == 8 && o.Has(capture.OptMSS|
				capture.OptWindowScale|capture.OptSACKPermitted|capture.OptFastOpen|capture.OptMPTCP)
		}},
		{"joining", "+0 > S mpjoin", func(p *Packet) bool { return p.Options.Set == capture.OptMPTCP|capture.OptMPJoin }},
		{"tfo request", "+0 > S tfo", func(p *Packet) bool { return p.Options.Set == capture.OptFastOpen && p.Options.FastOpenSize == 0 }},
		{"retrans repeats options", "+0 > F. mss=7\n+0 > retrans", func(p *Packet) bool { return p.Options.MSS == 7 }},
		{"text and filler", `+0 > . "ab" len=3 "c"`, func(p *Packet) bool { return string(p.Payload) == "abcdec" }},
		{"snap", `+0 > . "abc" len=3 snap=2`, func(p *Packet) bool { return string(p.Payload) == "ab" && p.Len == 6 }},
		{"snap is no cut", `+0 > . "abc" snap=3`, func(p *Packet) bool { return string(p.Payload) == "abc" && p.Len == 3 }},
		{"retransmitted filler is the same", "+0 > . len=30\n+0 > . seq=-20 len=20", func(p *Packet) bool { return string(p.Payload) == "klmnopqrstuvwxyzabcd" }},
		{"data in a SYN", `+0 > S len=2`, func(p *Packet) bool { return string(p.Payload) == "ab" && p.Seq == 999 }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			trace := mustParse(t, shake+test.lines)
			if p := &trace.Packets[len(trace.Packets)-1]; !test.ok(p) {
				t.Errorf("%+v", p)
			}
			roundTrip(t, trace)
		})
	}
}

func TestOffloadedSegmentsTakeSeveralIPIDs(t *testing.T) {
	trace := mustParse(t, conn+"+0 > S mss=1460\n+0 < S. mss=1000\n+0 > . len=3000\n+0 > . len=3001\n+0 > .")
	for i, want := range []uint16{1, 1, 2, 5, 9} {
		if got := trace.Packets[i].IPID; got != want {
			t.Errorf("packet %d has ipid %d, want %d", i+1, got, want)
		}
	}
}

func TestTimestampsFollow(t *testing.T) {
	trace := mustParse(t, conn+`+0 > S ts=100:0
+5ms  < S. ts=7000
+1ms  > .
+2ms  > . len=10
+10ms > . len=10
+1ms  < .
+1ms  > . nots
+1ms  > .
+1ms  > . ts
+1ms  > . ts=:5
+1ms  < . ts=9
`)
	want := []struct {
		on       bool
		val, ecr uint32
	}{
		{true, 100, 0}, {true, 7000, 100}, {true, 106, 7000}, {true, 108, 7000}, {true, 118, 7000},
		{true, 7014, 108}, // RFC 7323 §4.3: the ACK echoes the first segment that it covers
		{false, 0, 0}, {false, 0, 0}, {true, 122, 7014}, {true, 123, 5}, {true, 9, 123},
	}
	for i, w := range want {
		o := trace.Packets[i].Options
		if o.Has(capture.OptTimestamps) != w.on || o.TSVal != w.val || o.TSEcr != w.ecr {
			t.Errorf("packet %d: %v %d:%d, want %+v", i+1, o.Has(capture.OptTimestamps), o.TSVal, o.TSEcr, w)
		}
	}
	roundTrip(t, trace)
}

func TestTimes(t *testing.T) {
	trace := mustParse(t, "start 2026-03-04T05:06:07.000000001+01:00\n"+conn+`
+0      > S
+1.5ms  < S.
-2us    > .
@1.25s  > .
+1h1ns  > .
`)
	for i, want := range []int64{0, 1500e3, 1498e3, 1250e6, 3601250e6 + 1} {
		if got := trace.Packets[i].Time - trace.Start.UnixNano(); got != want {
			t.Errorf("packet %d at %d, want %d", i+1, got, want)
		}
	}
	if got := trace.Packets[0].Stamp().Format("2006-01-02T15:04:05.999999999Z07:00"); got != "2026-03-04T04:06:07.000000001Z" {
		t.Errorf("starts %s", got)
	}
	roundTrip(t, trace)
}

func TestConnectionsByLabel(t *testing.T) {
	trace := mustParse(t, `conn a 10.0.0.1:1 > 10.0.0.2:80
conn b [2001:db8::1]:2 > [2001:db8::2]:443
+0 a> S
+0 b> S
conn 10.0.0.1:3 > 10.0.0.2:80
+0 > S
conn 10.0.0.1:4 > 10.0.0.2:80
+0 > S
+0 a< S.
`)
	for i, want := range []string{"10.0.0.1:1", "[2001:db8::1]:2", "10.0.0.1:3", "10.0.0.1:4", "10.0.0.2:80"} {
		if got := trace.Packets[i].Src.String(); got != want {
			t.Errorf("packet %d is from %s, want %s", i+1, got, want)
		}
	}
	roundTrip(t, trace)
}

func TestSnapLengthCutsFrames(t *testing.T) {
	trace := mustParse(t, "snaplen 96\n"+shake+"+0 > P. len=100\n+0 > P. len=100 ts\n+0 > P. len=100 snap=5")
	frames := decode(t, mustEncode(t, trace))
	for i, want := range []struct{ captured, wire, payload int }{
		{60, 60, 0}, {60, 60, 0}, {60, 60, 0}, {96, 154, 42}, {96, 166, 30}, {71, 166, 5},
	} {
		f := frames[i]
		if f.info.CaptureLength != want.captured || f.info.Length != want.wire || len(trace.Packets[i].Payload) != want.payload {
			t.Errorf("frame %d: %d of %d bytes, payload %d, want %+v",
				i+1, f.info.CaptureLength, f.info.Length, len(trace.Packets[i].Payload), want)
		}
	}
	roundTrip(t, trace)
}

func TestLargestSegmentsFit(t *testing.T) {
	for _, text := range []string{
		conn + "+0 > . len=65495",
		"conn [::1]:1 > [::2]:2\n+0 > . len=65515",
	} {
		trace := mustParse(t, text)
		if f := decode(t, mustEncode(t, trace)); len(f[0].tcp.Payload) != trace.Packets[0].Len {
			t.Errorf("%d bytes of %d", len(f[0].tcp.Payload), trace.Packets[0].Len)
		}
	}
}

func TestWindowsLineEndings(t *testing.T) {
	if n := len(mustParse(t, strings.ReplaceAll(golden, "\n", "\r\n")).Packets); n != 7 {
		t.Errorf("%d packets", n)
	}
}
