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
