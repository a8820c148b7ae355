package capture

import (
	"bytes"
	"io"
	"os"
	"testing"
)

// A filter over a file holds packets back and changes nothing else: numbers
// and counts stay the file's.
func TestMatching(t *testing.T) {
	data, err := os.ReadFile("../testdata/lab/06-content-length-too-long/client.pcap")
	if err != nil {
		t.Fatal(err)
	}
	f, err := ParseFilter("src port 8080")
	if err != nil {
		t.Fatal(err)
	}
	open := func() Source {
		r, err := NewReader(bytes.NewReader(data), "x")
		if err != nil {
			t.Fatal(err)
		}
		return NewFile(r, "x", 0)
	}
	var want []uint64
	plain := open()
	for {
		p, err := plain.Next()
		if err != nil {
			break
		}
		if p.Segment.Src.Port() == 8080 {
			want = append(want, p.Segment.Number())
		}
	}
	src := Matching(open(), f)
	for i := 0; ; i++ {
		p, err := src.Next()
		if err == io.EOF && i == len(want) {
			break
		}
		if err != nil || i == len(want) || p.Segment.Number() != want[i] {
			t.Fatalf("packet %d: %v, want numbers %v", i, err, want)
		}
	}
	stats := plain.Stats()
	stats.Filtered = stats.Segments - uint64(len(want))
	if got := src.Stats(); got != stats || len(want) == 0 || stats.Filtered == 0 {
		t.Errorf("stats %+v, want %+v", got, stats)
	}
	if src.Close() != nil {
		t.Error("not closed")
	}
	if _, err := src.Next(); err == nil {
		t.Error("open behind Close")
	}
}

// ticks is a source of nothing but idle ticks.
type ticks struct{ Source }

func (ticks) Next() (*Packet, error) { return nil, Idle{Now: 7} }

func TestMatchingPassesIdle(t *testing.T) {
	if _, err := Matching(ticks{}, nil).Next(); err != (Idle{Now: 7}) {
		t.Errorf("got %v", err)
	}
}
