package tls

import (
	"bytes"
	"encoding/binary"
	"testing"

	"connlint/capture"
)

// wire builds a record.
func wire(kind uint8, n int) []byte {
	b := make([]byte, headerLen+n)
	b[0], b[1], b[2] = kind, 3, 3
	binary.BigEndian.PutUint16(b[3:], uint16(n))
	return b
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// feeder hands bytes to a Conn, a packet a millisecond unless moved.
type feeder struct {
	Conn
	recorder
	number uint64
	time   int64
}

func (f *feeder) feed(fromClient bool, b []byte) {
	f.number++
	f.time += 1e6
	f.Data(fromClient, capture.NewFrame(0, f.number, f.time), b, &f.recorder)
}

func (f *feeder) kinds(fromClient bool) []Kind {
	var out []Kind
	for _, r := range f.records {
		if r.fromClient == fromClient {
			out = append(out, r.kind)
		}
	}
	return out
}

func wantKinds(t *testing.T, got []Kind, want ...Kind) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("records %v, want %v", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("records %v, want %v", got, want)
		}
	}
}

// hello makes a handshake record with a hello: random, empty session id, a
// cipher suite and the extensions given.
func hello(kind uint8, extensions ...[]byte) []byte {
	body := append([]byte{3, 3}, make([]byte, 33)...)
	if kind == helloClient {
		body = append(body, 0, 2, 0x13, 0x01, 1, 0)
	} else {
		body = append(body, 0x13, 0x01, 0)
	}
	ext := join(extensions...)
	body = append(binary.BigEndian.AppendUint16(body, uint16(len(ext))), ext...)
	r := wire(typeHandshake, 4+len(body))
	r[5], r[7], r[8] = kind, byte(len(body)>>8), byte(len(body))
	copy(r[9:], body)
	return r
}

func extension(kind uint16, value ...byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, kind)
	return append(binary.BigEndian.AppendUint16(b, uint16(len(value))), value...)
}

var (
	offers13 = extension(extSupportedVersions, 4, 0x0a, 0x0a, 3, 4) // with GREASE
	chose13  = extension(extSupportedVersions, 3, 4)
	pskModes = extension(extPSKModes, 1, 1)
	early    = extension(extEarlyData)
	psk      = extension(extPreSharedKey, 0, 0)
	alpn     = extension(extALPN, 0, 12, 2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1')
)

const finished = 4 + 32 + 17

// shake13 plays a full handshake of TLS 1.3 up to the client's Finished.
func (f *feeder) shake13(extensions ...[]byte) {
	f.feed(true, hello(helloClient, append(extensions, offers13)...))
	f.feed(false, join(hello(helloServer, chose13), wire(typeCCS, 1), wire(typeData, 27),
		wire(typeData, 811), wire(typeData, 281), wire(typeData, finished)))
	f.feed(true, join(wire(typeCCS, 1), wire(typeData, finished)))
	f.records = nil
}

func TestGap(t *testing.T) {
	t.Run("inside a record", func(t *testing.T) {
		f := new(feeder)
		f.feed(false, wire(typeData, 1000)[:200])
		f.Gap(false, 700)
		if n, inside := f.Open(false); n != 105 || !inside {
			t.Fatalf("%d bytes missing, inside %v", n, inside)
		}
		f.feed(false, join(make([]byte, 105), wire(typeAlert, 26)))
		wantKinds(t, f.kinds(false), Data, Alert)
		if !f.records[0].done || f.records[0].bytes != 305 {
			t.Errorf("%+v", f.records[0])
		}
	})
	t.Run("to the end of a record", func(t *testing.T) {
		f := new(feeder)
		f.feed(false, wire(typeData, 1000)[:200])
		f.Gap(false, 805)
		next := wire(typeAlert, 26)
		f.feed(false, next[:3]) // no start that could be recognised
		f.feed(false, next[3:])
		wantKinds(t, f.kinds(false), Data, Alert)
	})
	t.Run("over a record's end", func(t *testing.T) {
		f := new(feeder)
		f.feed(false, wire(typeData, 1000)[:200])
		f.Gap(false, 1448)
		f.feed(false, make([]byte, 300))
		f.feed(false, join(wire(typeData, 50), wire(typeData, 60)))
		wantKinds(t, f.kinds(false), Data, Unknown, Data, Data)
	})
	t.Run("looks like a record, is followed by none", func(t *testing.T) {
		f := new(feeder)
		f.feed(false, wire(typeData, 1000)[:200])
		f.Gap(false, 1448)
		f.feed(false, join(wire(typeData, 50), make([]byte, 60)))
		wantKinds(t, f.kinds(false), Data, Unknown)
	})
	t.Run("in the ClientHello", func(t *testing.T) {
		name := append([]byte{0, 7, 0, 0, 4}, "host"...)
		f := new(feeder)
		b := hello(helloClient, extension(extServerName, name...), offers13, extension(21, make([]byte, 300)...), alpn)
		f.feed(true, b[:150])
		f.Gap(true, 100)
		f.feed(true, b[250:])
		f.feed(false, join(hello(helloServer, chose13), wire(typeData, 1000)))
		f.feed(true, wire(typeData, 90))
		if string(f.ServerName()) != "host" || f.facts.MaxVersion != Version13 || f.facts.Version != Version13 {
			t.Errorf("%q, %+v", f.ServerName(), f.facts)
		}
		if got := f.HTTP2(); got != Undecided {
			t.Errorf("http2 %v though the ALPN list was not seen", got)
		}
	})
}

func TestDamaged(t *testing.T) {
	f := new(feeder)
	f.feed(true, hello(helloClient, offers13))
	f.feed(true, []byte("GET / HTTP/1.1\r\n\r\n"))
	f.feed(true, wire(typeAlert, 2))
	wantKinds(t, f.kinds(true), HandshakePlain, Unknown, Alert)
	if !f.facts.Damaged || f.records[1].bytes != 18 {
		t.Errorf("%+v, %+v", f.facts, f.records[1])
	}
}

// TestHelloBound: a ClientHello that says it has 1 MiB is kept up to the
// bound, and nothing stays once it has been read.
func TestHelloBound(t *testing.T) {
	c := new(Conn)
	first := wire(typeHandshake, 1<<14)
	first[5], first[6] = helloClient, 0x0f
	more := wire(typeHandshake, 1<<14)
	most := 0
	for range 60 {
		for b := first; len(b) > 0; {
			n := min(len(b), 1000)
			c.Data(true, capture.NewFrame(0, 1, 1), b[:n], nil)
			b = b[n:]
			most = max(most, cap(c.side[client].msg))
		}
		first = more
	}
	if most > 2*maxHello || most < maxHello/2 {
		t.Errorf("held %d bytes, want about %d", most, maxHello)
	}
	if c.side[client].msg != nil || c.facts.ClientHello.IsZero() {
		t.Errorf("still holds %d bytes", len(c.side[client].msg))
	}
}

func TestReset(t *testing.T) {
	f := new(feeder)
	f.shake13(pskModes, alpn)
	f.Gap(true, 5)
	f.Reset()
	f.names = nil
	if c := f.Conn; c.facts != (Facts{}) || c.progress != (progress{}) || c.shape != (shape{}) ||
		c.sni != (span{}) || c.offered != (span{}) || c.sessionHash != 0 {
		t.Errorf("%+v", c)
	}
}

func TestSniff(t *testing.T) {
	ch := hello(helloClient, offers13)
	for _, tt := range []struct {
		name string
		b    []byte
		want bool
	}{
		{"ClientHello", ch, true},
		{"its header", ch[:5], true},
		{"4 bytes", ch[:4], false},
		{"data", wire(typeData, 100), true},
		{"HTTP", []byte("GET / HTTP/1.1\r\n"), false},
		{"HTTP/2", []byte("PRI * HTTP/2.0\r\n"), false},
		{"too long", []byte{typeData, 3, 3, 0xff, 0xff, 0}, false},
		{"nothing", nil, false},
	} {
		if got := IsRecord(tt.b); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// TestNoAllocation: a connection under way costs nothing, and one made anew
// in old memory with its hellos whole costs nothing either.
func TestNoAllocation(t *testing.T) {
	stream := bytes.Repeat(wire(typeData, 16401), 4)
	c := new(Conn)
	frame := capture.NewFrame(0, 1, 1)
	h := new(counter)
	if n := testing.AllocsPerRun(100, func() {
		for b := stream; len(b) > 0; b = b[min(1448, len(b)):] {
			c.Data(false, frame, b[:min(1448, len(b))], h)
		}
	}); n != 0 {
		t.Errorf("%v allocations for 4 records", n)
	}
	ch, sh := hello(helloClient, alpn, offers13), hello(helloServer, chose13)
	if n := testing.AllocsPerRun(100, func() {
		c.Reset()
		c.Data(true, frame, ch, h)
		c.Data(false, frame, sh, h)
	}); n != 0 {
		t.Errorf("%v allocations for two hellos", n)
	}
}

type counter struct{ bytes, stretches int }

func (c *counter) Record(_ bool, _ capture.Frame, s Stretch) {
	c.bytes += s.Bytes
	c.stretches++
}
