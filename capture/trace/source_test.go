package trace

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connlint/capture"
)

// read opens the encoded trace as any other capture.
func read(t testing.TB, pcap []byte) capture.Source {
	t.Helper()
	r, err := capture.NewReader(bytes.NewReader(pcap), "trace")
	if err != nil {
		t.Fatal(err)
	}
	return capture.NewFile(r, "trace", 0)
}

// TestDecoderSeesWhatTheTraceSays holds the encoder and the program's own
// decoder against each other, field by field.
func TestDecoderSeesWhatTheTraceSays(t *testing.T) {
	for seed := range uint64(100) {
		trace := mustParse(t, random(rand.New(rand.NewPCG(seed, 3))))
		src := read(t, mustEncode(t, trace))
		for i := range trace.Packets {
			p := &trace.Packets[i]
			if p.Dropped {
				continue
			}
			got, err := src.Next()
			if err != nil {
				t.Fatalf("line %d: %v", p.Line, err)
			}
			s := &got.Segment
			if s.Frame != p.Frame || s.HasIPID != p.HasIPID || !same(s, &p.Segment) {
				t.Fatalf("line %d: decoded\n%+v, want\n%+v", p.Line, *s, p.Segment)
			}
		}
		if _, err := src.Next(); !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
	}
}

// TestFromSourceKeepsText expects of a trace without long bodies that it
// comes back whole.
func TestFromSourceKeepsText(t *testing.T) {
	trace := mustParse(t, golden)
	pcap := mustEncode(t, trace)
	again, err := FromSource(read(t, pcap))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(mustEncode(t, again), pcap) {
		t.Error("other bytes")
	}
	want := strings.Replace(golden, "2.0.0.2:80\n", "2.0.0.2:80 isn=1000000:2000000\n", 1)
	want = want[strings.Index(want, "conn"):strings.Index(want, "  # want")] + "\n"
	if got := mustFormat(t, again); !strings.HasSuffix(got, want) {
		t.Errorf("formatted\n%s", got)
	}
	roundTrip(t, again)
}

func TestFromSourceNamesConnectionsAndNoticesReuse(t *testing.T) {
	trace := mustParse(t, shake+"+0 > R.\n"+strings.ReplaceAll(shake, "999", "9999")+
		"conn z 10.0.0.9:80 > 10.0.0.1:4000\n+0 z> P. \"HTTP/1.1 200 OK\\r\\n\\r\\n\"\n+0 z< .")
	again, err := FromSource(read(t, mustEncode(t, trace)))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"c1 10.0.0.1:40000 999", "c2 10.0.0.1:40000 9999", "c3 10.0.0.1:4000 999999"}
	for i, c := range again.Connections {
		got := c.Label + " " + c.Client.String()
		if !strings.HasPrefix(want[i], got) {
			t.Errorf("connection %d is %s, want %s", i+1, got, want[i])
		}
	}
	if p := again.Packets[7]; p.Side != Server {
		t.Error("without a handshake, the end with port 80 is the server")
	}
	roundTrip(t, again)
}

func TestFromSourceReplacesLongPayloads(t *testing.T) {
	heads := strings.Repeat("X-A: "+strings.Repeat("b", 90)+`\r\n`, 20)
	trace := mustParse(t, shake+
		`+0 > P. "GET / HTTP/1.1\r\n`+heads+`\r\n`+strings.Repeat("body", 500)+"\"\n"+
		`+0 < P. "`+strings.Repeat("text", 500)+"\"\n"+
		`+0 < P. "12\x00`+strings.Repeat("text", 50)+"\"\n")
	again, err := FromSource(read(t, mustEncode(t, trace)))
	if err != nil {
		t.Fatal(err)
	}
	text := mustFormat(t, again)
	for _, want := range []string{`\r\n\r\n" len=2000`, `text" len=976`, `< P. "12" len=201`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for i := range again.Packets {
		a, b := again.Packets[i].Segment, trace.Packets[i].Segment
		a.Payload, b.Payload = nil, nil
		if a.Frame != b.Frame || !same(&a, &b) {
			t.Errorf("packet %d: %+v, want %+v", i+1, a, b)
		}
	}
	roundTrip(t, again)
}

// ended is a source of the given segments that then fails with err.
type ended struct {
	capture.Source
	segments []capture.Segment
	err      error
	idle     bool
}

func (e *ended) Next() (*capture.Packet, error) {
	if e.idle = !e.idle; e.idle {
		return nil, capture.Idle{Now: 5}
	}
	if len(e.segments) == 0 {
		return nil, e.err
	}
	p := &capture.Packet{Kind: capture.TCP, Segment: e.segments[0]}
	e.segments = e.segments[1:]
	return p, nil
}

func TestFromSourceKeepsWhatCameBeforeAnError(t *testing.T) {
	broken := errors.New("broken")
	good := mustParse(t, shake).Packets[0].Segment
	trace, err := FromSource(&ended{segments: []capture.Segment{good}, err: broken})
	if !errors.Is(err, broken) || len(trace.Packets) != 1 {
		t.Errorf("%v after %d packets", err, len(trace.Packets))
	}
	if trace, err = FromSource(&ended{err: io.EOF}); err != nil || len(trace.Packets) != 0 {
		t.Errorf("nothing became %v, %v", trace, err)
	}
	roundTrip(t, trace)
}

func TestFromSourceRefusesTooMuch(t *testing.T) {
	s := mustParse(t, shake).Packets[2].Segment
	s.Len = 65000
	many := make([]capture.Segment, 300)
	for i := range many {
		many[i] = s
	}
	trace, err := FromSource(&ended{segments: many, err: io.EOF})
	if err == nil || !strings.Contains(err.Error(), "cut the capture first") {
		t.Errorf("%v", err)
	}
	if len(trace.Packets) != MaxPayload/65000 {
		t.Errorf("%d packets", len(trace.Packets))
	}
	s.Len = 70000
	if _, err = FromSource(&ended{segments: []capture.Segment{s}, err: io.EOF}); err == nil {
		t.Error("a segment longer than an IP packet was taken")
	}
}

// TestRealCapturesRoundTrip turns every capture there is into text and back:
// the encoded bytes stay, and every header is that of the capture.
func TestRealCapturesRoundTrip(t *testing.T) {
	folder := os.Getenv("CONNLINT_CAPTURES")
	if folder == "" {
		t.Skip("CONNLINT_CAPTURES is not set")
	}
	if testing.Short() {
		t.Skip("it reads all captures")
	}
	paths, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d captures, %v", len(paths), err)
	}
	segments, captures := 0, 0
	for _, path := range paths {
		trace := fromFile(t, path, nil)
		if trace == nil || len(trace.Packets) == 0 {
			continue
		}
		captures++
		segments += len(trace.Packets)
		roundTrip(t, trace)
		i := 0
		fromFile(t, path, func(s *capture.Segment) {
			if i == len(trace.Packets) {
				return
			}
			want, got := *s, trace.Packets[i].Segment
			normalise(&want)
			want.Payload, got.Payload = nil, nil
			if want.Time != got.Time || !same(&want, &got) {
				t.Fatalf("%s: packet %d: %+v, want %+v", filepath.Base(path), s.Number(), got, want)
			}
			i++
		})
	}
	if captures < 10 {
		t.Errorf("only %d captures have TCP", captures)
	}
	t.Logf("%d segments of %d captures", segments, captures)
}

// fromFile makes a trace of a capture, or calls each for its segments. Damage
// ends either; nil is a file that is no capture.
func fromFile(t *testing.T, path string, each func(*capture.Segment)) *Trace {
	if info, err := os.Stat(path); err != nil || info.IsDir() || info.Size() > 32<<20 {
		return nil
	}
	r, err := capture.Open(path, nil)
	if err != nil {
		return nil
	}
	src := capture.NewFile(r, path, 0)
	defer src.Close()
	if each == nil {
		trace, err := FromSource(src)
		if err != nil {
			t.Logf("%s: %v", filepath.Base(path), err)
		}
		return trace
	}
	for {
		p, err := src.Next()
		if err != nil {
			return nil
		}
		each(&p.Segment)
	}
}
