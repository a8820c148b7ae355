package trace

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// golden is the example of the package documentation.
const golden = `# The body waits for the ACK of the head; the client delays that ACK.
conn 10.0.0.1:40000 > 10.0.0.2:80
+0     > S  mss=1460
+10ms  < S. mss=1460
+0     > .
+0     > P. "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n"
+40ms  > .
+10ms  < P. len=200  # want tcp/nagle-delayed-ack-stall ` + "`held 50 ms`" + `
`

// conn starts the traces of the tests that need one connection.
const conn = "conn 10.0.0.1:40000 > 10.0.0.2:80 isn=999:4999\n"

// shake is a handshake behind conn: the client's next byte is 1000, the
// server's 5000.
const shake = conn + "+0 > S\n+1ms < S.\n+1ms > .\n"

func mustParse(t testing.TB, text string) *Trace {
	t.Helper()
	trace, err := Parse("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return trace
}

func mustEncode(t testing.TB, trace *Trace) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := trace.Encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func mustFormat(t testing.TB, trace *Trace) string {
	t.Helper()
	var b strings.Builder
	if err := trace.Format(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// frame is a packet of the encoded file as gopacket decodes it.
type frame struct {
	info gopacket.CaptureInfo
	v4   *layers.IPv4
	v6   *layers.IPv6
	tcp  *layers.TCP
	data []byte
}

func decode(t testing.TB, pcap []byte) []frame {
	t.Helper()
	r, err := pcapgo.NewReader(bytes.NewReader(pcap))
	if err != nil {
		t.Fatal(err)
	}
	var frames []frame
	for {
		data, info, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) {
			return frames
		}
		if err != nil {
			t.Fatal(err)
		}
		packet := gopacket.NewPacket(data, r.LinkType(), gopacket.Default)
		f := frame{info: info, data: data}
		f.v4, _ = packet.Layer(layers.LayerTypeIPv4).(*layers.IPv4)
		f.v6, _ = packet.Layer(layers.LayerTypeIPv6).(*layers.IPv6)
		f.tcp, _ = packet.Layer(layers.LayerTypeTCP).(*layers.TCP)
		if f.tcp == nil {
			t.Fatalf("packet %d is no TCP", len(frames)+1)
		}
		frames = append(frames, f)
	}
}

func TestGoldenExampleDecodes(t *testing.T) {
	trace := mustParse(t, golden)
	frames := decode(t, mustEncode(t, trace))
	want := []struct {
		ns       int64
		seq, ack uint32 // relative to the default initial numbers
		payload  int
	}{
		{0, 0, 0, 0}, {10e6, 0, 1, 0}, {10e6, 1, 1, 0}, {10e6, 1, 1, 28},
		{20e6, 1, 29, 40}, {60e6, 29, 41, 0}, {70e6, 41, 29, 200},
	}
	if len(frames) != len(want) {
		t.Fatalf("%d frames, want %d", len(frames), len(want))
	}
	for i, w := range want {
		f := frames[i]
		mine, peer := uint32(1_000_000), uint32(2_000_000)
		if f.tcp.SrcPort == 80 {
			mine, peer = peer, mine
		}
		ack := f.tcp.Ack
		if f.tcp.ACK {
			ack -= peer
		}
		if f.tcp.Seq-mine != w.seq || ack != w.ack || len(f.tcp.Payload) != w.payload {
			t.Errorf("frame %d: seq %d ack %d payload %d, want %+v", i+1, f.tcp.Seq-mine, ack, len(f.tcp.Payload), w)
		}
		if at := f.info.Timestamp.UnixNano() - trace.Start.UnixNano(); at != w.ns {
			t.Errorf("frame %d at %d ns, want %d", i+1, at, w.ns)
		}
	}
	if o := frames[0].tcp.Options[0]; o.OptionType != layers.TCPOptionKindMSS || !bytes.Equal(o.OptionData, []byte{1460 >> 8, 1460 & 255}) {
		t.Errorf("the first option is %v", o)
	}
	if got := string(frames[3].tcp.Payload); got != "GET /a HTTP/1.1\r\nHost: h\r\n\r\n" {
		t.Errorf("the request is %q", got)
	}
}

func TestGoldenExampleFormats(t *testing.T) {
	if got := mustFormat(t, mustParse(t, golden)); got != golden {
		t.Errorf("formatted:\n%s\nwant:\n%s", got, golden)
	}
}

func TestMarksHaveTheNumberOfTheirPacket(t *testing.T) {
	trace := mustParse(t, "# title\n"+conn+`
+0 > S        # one
+0 > S drop   # not there
+0 < S.
+0 > P. "#no" # want a/b 'x # y'
`)
	want := []Mark{{1, 0, "title"}, {4, 1, "one"}, {5, 0, "not there"}, {7, 3, "want a/b 'x # y'"}}
	if len(trace.Marks) != len(want) {
		t.Fatalf("marks %+v", trace.Marks)
	}
	for i, w := range want {
		if trace.Marks[i] != w {
			t.Errorf("mark %d is %+v, want %+v", i, trace.Marks[i], w)
		}
	}
}

func TestChecksumsAndLengthsAreRight(t *testing.T) {
	for _, ends := range []string{"10.0.0.1:40000 > 10.0.0.2:80", "[2001:db8::1]:40000 > [2001:db8::2]:80"} {
		trace := mustParse(t, "conn "+ends+`
+0 > S mss=1460 sackok ts ws=7
+0 < S. mss=1460 sackok ts ws=7
+0 > P. "odd" len=1000 sack=1-2
`)
		for i, f := range decode(t, mustEncode(t, trace)) {
			tcp := f.data[14+20:]
			pseudo := append(append([]byte{}, f.data[26:34]...), 0, 6)
			if f.v6 != nil {
				tcp = f.data[14+40:]
				pseudo = append(append([]byte{}, f.data[22:54]...), 0, 6)
				if int(f.v6.Length) != len(f.v6.Payload) {
					t.Errorf("frame %d: length %d of %d", i+1, f.v6.Length, len(f.v6.Payload))
				}
			} else {
				if sum(f.data[14:34]) != 0xffff {
					t.Errorf("frame %d: the IPv4 checksum is wrong", i+1)
				}
				tcp = tcp[:int(f.v4.Length)-20]
			}
			pseudo = append(pseudo, byte(len(tcp)>>8), byte(len(tcp)))
			if sum(append(pseudo, tcp...)) != 0xffff {
				t.Errorf("frame %d: the TCP checksum is wrong", i+1)
			}
			if len(f.data) < 60 {
				t.Errorf("frame %d has %d bytes: no such frame on Ethernet", i+1, len(f.data))
			}
		}
	}
}

// sum is the Internet checksum's sum (RFC 1071 §1) with the carries folded.
func sum(b []byte) uint32 {
	var s uint32
	for i, c := range b {
		s += uint32(c) << (8 * uint(1-i%2))
	}
	for s > 0xffff {
		s = s&0xffff + s>>16
	}
	return s
}
