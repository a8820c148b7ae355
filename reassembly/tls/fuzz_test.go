package tls

import (
	"testing"

	"connlint/capture"
)

// FuzzTLS plays arbitrary pieces and gaps. Each step of the input is a byte
// of flags and length, then that many bytes. Every byte must be told of once
// but for headers that a gap cuts, memory must stay bounded, and, where nothing is missing or broken, bytes
// one by one must be the same records.
func FuzzTLS(f *testing.F) {
	step := func(flags byte, b []byte) []byte {
		var out []byte
		for len(b) > 0 {
			n := min(len(b), 31)
			out = append(append(out, flags|byte(n)), b[:n]...)
			b = b[n:]
		}
		return out
	}
	ch := step(0x80, hello(helloClient, offers13, pskModes, alpn))
	sh := step(0, join(hello(helloServer, chose13), wire(typeData, finished)))
	fin := step(0x80, join(wire(typeCCS, 1), wire(typeData, finished), wire(typeData, 19)))
	f.Add(join(ch, sh, fin, step(0, wire(typeData, 250))))
	f.Add(join(ch, []byte{0xc1, 7}, ch))
	f.Add(join(step(0x80, hello(helloClient, offers13, early, psk)), step(0x80, wire(typeData, 90)), sh))
	f.Add(join(ch, step(0, join(hello(helloServer), wire(typeCCS, 1), wire(typeHandshake, 40))), fin))
	f.Fuzz(func(t *testing.T, in []byte) {
		pieces, fed, cut := parseSteps(in)
		c, records := run(pieces)
		told := 0
		for _, r := range records {
			told += r.bytes
		}
		for i := range c.side {
			if told += int(c.side[i].have); cap(c.side[i].msg) > 2*maxHello {
				t.Fatalf("holds %d bytes", cap(c.side[i].msg))
			}
		}
		if told > fed || told < fed-cut {
			t.Fatalf("%d bytes told of, %d fed, %d may be lost in headers", told, fed, cut)
		}
		c.HTTP2()
		c.RoundTrips()
		if c.facts.Damaged || c.facts.Gaps {
			return
		}
		again, other := run(split(pieces, 1))
		if again.facts != c.facts || again.progress != c.progress || len(other) != len(records) {
			t.Fatalf("byte by byte: %d records, %+v\nwant %d, %+v", len(other), again.facts, len(records), c.facts)
		}
	})
}

// parseSteps also counts the bytes fed and those that gaps may cut off with a
// header.
func parseSteps(in []byte) (pieces []piece, fed, cut int) {
	for n := uint64(1); len(in) > 0; n++ {
		flags := in[0]
		size := min(int(flags&31), len(in)-1)
		p := piece{fromClient: flags&0x80 != 0, b: in[1 : 1+size], frame: capture.NewFrame(0, n, int64(n)*1e6)}
		if flags&0x40 != 0 && size > 0 {
			p.gap = uint64(p.b[0]) * 100
			cut += headerLen - 1
		}
		in = in[1+size:]
		fed += size
		pieces = append(pieces, p)
	}
	return pieces, fed, cut
}

// BenchmarkData is application data in 16 KiB records, cut as packets are.
func BenchmarkData(b *testing.B) {
	const mss = 1448
	r := wire(typeData, 16401)
	frame := capture.NewFrame(0, 1, 1)
	c, h := new(Conn), new(counter)
	b.ReportAllocs()
	b.SetBytes(int64(len(r)))
	for b.Loop() {
		for p := r; len(p) > 0; p = p[min(mss, len(p)):] {
			c.Data(false, frame, p[:min(mss, len(p))], h)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(h.stretches), "ns/packet")
}

// BenchmarkConnection is a whole TLS 1.3 connection of crypto/tls, one
// request, from a Conn that is used again.
func BenchmarkConnection(b *testing.B) {
	pieces, _ := perform(b, way{version: Version13, protocols: []string{"h2", "http/1.1"}})
	c, h := new(Conn), new(counter)
	b.ReportAllocs()
	for b.Loop() {
		c.Reset()
		for i := range pieces {
			c.Data(pieces[i].fromClient, pieces[i].frame, pieces[i].b, h)
		}
	}
}
