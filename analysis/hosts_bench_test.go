package analysis_test

import (
	"io"
	"runtime"
	"testing"

	"connlint/analysis"
	"connlint/analysis/rules"
	"connlint/capture"
)

// shortConnections is a source of n connections of ten packets each, one behind
// the other a millisecond apart: from one client and from its ports in turn, or
// each from an address of its own.
type shortConnections struct {
	n      int
	flood  bool
	number uint64
	packet capture.Packet
}

func (s *shortConnections) Stats() capture.Stats { return capture.Stats{Packets: s.number} }
func (s *shortConnections) Close() error         { return nil }

// Next is one packet of the ten.
func (s *shortConnections) Next() (*capture.Packet, error) {
	i := int(s.number) / 10
	if i >= s.n {
		return nil, io.EOF
	}
	const ack = capture.ACK
	request, response := "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	q, a := len(request), len(response)
	step := [...]struct {
		server   bool
		flags    capture.Flags
		seq, ack int
		payload  string
	}{
		{false, capture.SYN, 0, 0, ""}, {true, capture.SYN | ack, 0, 1, ""}, {false, ack, 1, 1, ""},
		{false, ack, 1, 1, request}, {true, ack, 1, 1 + q, ""}, {true, ack, 1, 1 + q, response}, {false, ack, 1 + q, 1 + a, ""},
		{false, ack | capture.FIN, 1 + q, 1 + a, ""}, {true, ack | capture.FIN, 1 + a, 2 + q, ""}, {false, ack, 2 + q, 2 + a, ""},
	}[s.number%10]
	s.number++
	port := uint16(1024 + i%64000)
	client := capture.Endpoint4([]byte{10, 0, byte(i / 64000), 1}, port)
	if s.flood {
		client = capture.Endpoint4([]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}, 40000)
	}
	server := capture.Endpoint4([]byte{192, 168, 0, 1}, 80)
	isn := [2]capture.Seq{capture.Seq(i * 1000), capture.Seq(i * 3000)}
	side := 0
	s.packet = capture.Packet{Kind: capture.TCP}
	g := &s.packet.Segment
	g.Src, g.Dst = client, server
	if step.server {
		side = 1
		g.Src, g.Dst = server, client
	}
	g.Frame = capture.NewFrame(0, s.number, 1_700_000_000e9+int64(s.number)*1e5)
	g.Seq, g.Flags, g.TTL, g.Window = isn[side].Add(step.seq), step.flags, 64, 65535
	if step.flags&ack != 0 {
		g.Ack = isn[1-side].Add(step.ack)
	}
	g.Payload, g.Len = []byte(step.payload), len(step.payload)
	return &s.packet, nil
}

// BenchmarkShortConnections is 300,000 connections of one request each.
func BenchmarkShortConnections(b *testing.B) {
	b.Run("client", func(b *testing.B) { manyShort(b, false) })
	b.Run("flood", func(b *testing.B) { manyShort(b, true) })
}

func manyShort(b *testing.B, flood bool) {
	const n = 300_000
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		engine, err := analysis.New(analysis.Config{}, rules.All(), discard{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := analysis.Read(&shortConnections{n: n, flood: flood}, engine, analysis.Limits{}); err != nil {
			b.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if engine.Summary().Connections != n {
			b.Fatalf("%d connections", engine.Summary().Connections)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(n*b.N), "ns/connection")
	b.ReportMetric(float64(after.Sys)/1e6, "MB-from-system")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/n, "allocs/connection")
}
