package timeline

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"connlint/capture"
	"connlint/reassembly"
	"connlint/reassembly/tls"
)

// encrypted is a capture of short TLS connections to port 443 with known
// truth, read where it lies.
func encrypted(t *testing.T, name string) []capture.Segment {
	t.Helper()
	lab := os.Getenv("CONNLINT_LAB")
	if lab == "" {
		t.Skip("CONNLINT_LAB does not name the captures with known truth")
	}
	return load(t, filepath.Join(lab, name, "client.pcap"))
}

// TestClosedIsNotBusy has a server close an encrypted connection without an
// answer to what was asked on it, before or behind its FIN. The connection that
// is opened next is not parallel to it, though that one is watched on.
func TestClosedIsNotBusy(t *testing.T) {
	open := func(c string) string {
		return strings.ReplaceAll(`
			+1ms   @> S  mss=1460
			+1ms   @< S. mss=1460
			+0     @> .
			+0     @> P. "\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03" len=32 "\x00\x00\x02\xc0\x2f\x01\x00"
			+1ms   @< P. "\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03" len=32 "\x00\xc0\x2f\x00\x16\x03\x03\x00\x04\x0e\x00\x00\x00"
			+0     @> P. "\x16\x03\x03\x00\x05\x10\x00\x00\x01\x00\x14\x03\x03\x00\x01\x01\x16\x03\x03\x00\x28" len=40
			+1ms   @< P. "\x14\x03\x03\x00\x01\x01\x16\x03\x03\x00\x28" len=40`, "@", c)
	}
	const (
		conns = `
			conn a 10.0.0.1:40000 > 10.0.0.2:443
			conn b 10.0.0.1:40001 > 10.0.0.2:443`
		ask = `
			+1s    a> P. "\x17\x03\x03\x00\x50" len=80`
		end = `
			+1ms   a< F.`
		other = `
			+1ms   b> P. "\x17\x03\x03\x00\x50" len=80
			+1ms   b< P. "\x17\x03\x03\x00\x50" len=80`
	)
	for name, c := range map[string]struct {
		text string
		want int
	}{
		"closed":       {conns + open("a") + ask + end + open("b") + other, 0},
		"asked behind": {conns + open("a") + end + ask + open("b") + other, 0},
		"still open":   {conns + open("a") + ask + open("b") + other, 2},
	} {
		n := 0
		for _, line := range play(t, c.text).lines {
			if strings.Contains(line, "parallel-connections") {
				n++
			}
		}
		if n != c.want {
			t.Errorf("%s: %d connections are parallel, want %d", name, n, c.want)
		}
	}
}

// TestProxyProtocolBeforeTLS puts a PROXY protocol header in front of each
// ClientHello, in the same segment. Nothing else changes.
func TestProxyProtocolBeforeTLS(t *testing.T) {
	const header = "PROXY TCP4 192.0.2.1 192.0.2.2 1000 443\r\n"
	segments := encrypted(t, "05-tls13-full")
	want := &recorder{}
	follow(Config{}, want, segments)
	longer := map[capture.Endpoint]bool{} // clients whose header is out
	for i := range segments {
		s := &segments[i]
		switch {
		case longer[s.Src]:
			s.Seq = s.Seq.Add(len(header))
		case longer[s.Dst]:
			s.Ack = s.Ack.Add(len(header))
		case s.Len > 0:
			longer[s.Src] = true
			s.Payload = append([]byte(header), s.Payload...)
			s.Len = len(s.Payload)
		}
	}
	got := &recorder{}
	follow(Config{}, got, segments)
	if len(longer) == 0 || !slices.Equal(got.lines, want.lines) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got.lines, "\n"), strings.Join(want.lines, "\n"))
	}
}

// TestLateClientHello lets the first client wait for 5 s behind the TCP
// handshake. That is no time of the TLS handshake.
func TestLateClientHello(t *testing.T) {
	const pause = int64(5e9)
	segments := encrypted(t, "05-tls13-full")
	before := &totals{}
	follow(Config{}, before, segments)
	first := slices.IndexFunc(segments, func(s capture.Segment) bool { return s.Len > 0 })
	for i := first; i < len(segments); i++ {
		segments[i].Time += pause
	}
	after := &totals{}
	follow(Config{}, after, segments)
	if before.tls == 0 || after.tls != before.tls || after.time[TLS] != before.time[TLS] {
		t.Errorf("TLS took %d ns, %d ns in accounts; %d and %d without the pause", after.tls, after.time[TLS], before.tls, before.time[TLS])
	}
	if got := after.time[ClientIdle] - before.time[ClientIdle]; got != pause {
		t.Errorf("the client was idle for %d ns more, want %d", got, pause)
	}
}

// totals adds up.
type totals struct {
	time Account
	tls  int64
}

func (r *totals) Transaction(_ *Connection, x *Transaction) { r.time.Add(&x.Time) }
func (r *totals) Close(c *Connection)                       { r.tls += c.TLSTime }
func (r *totals) Pair(*Pair)                                {}

// TestDoubtfulAnswer asks, and lets a record come that may be the answer or a
// message of TLS. A ticket's size may be an answer's. An alert's two bytes are
// none, or a server that says no more than goodbye would have answered.
func TestDoubtfulAnswer(t *testing.T) {
	for kind, want := range map[tls.Kind]bool{tls.Ticket: true, tls.Alert: false} {
		asked, answered := capture.NewFrame(0, 1, 10), capture.NewFrame(0, 2, 20)
		k := &tracked{tls: new(tls.Conn), conn: Connection{Connection: new(reassembly.Connection), Pair: new(Pair)}}
		k.Record(true, asked, tls.Stretch{Began: asked, Bytes: 100, Kind: tls.Data})
		k.Record(false, answered, tls.Stretch{Began: answered, Bytes: 24, Kind: kind, Unsure: true})
		if got := !k.turn.doubtful.IsZero(); got != want {
			t.Errorf("%v: may be the answer: %v, want %v", kind, got, want)
		}
	}
}
