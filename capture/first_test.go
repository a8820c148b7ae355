package capture_test

import (
	"bytes"
	"io"
	"os"
	"testing"

	"connlint/capture"
)

// First ends a capture early, and only that.
func TestFirst(t *testing.T) {
	data, err := os.ReadFile("../testdata/lab/06-content-length-too-long/client.pcap")
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[uint64]uint64{0: 0, 5: 5, 13: 13, 14: 13, 1 << 63: 13} {
		r, err := capture.NewReader(bytes.NewReader(data), "x")
		if err != nil {
			t.Fatal(err)
		}
		src := capture.NewFile(capture.First(r, n), "x", 0)
		for err == nil {
			_, err = src.Next()
		}
		if got := src.Stats().Packets; err != io.EOF || got != want {
			t.Errorf("the first %d of 13 packets: got %d, then %v", n, got, err)
		}
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	}
}
