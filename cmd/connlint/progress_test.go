package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// Within the first second nothing is shown, then a line that is written over
// itself a few times a second, and at the end none is left.
func TestProgress(t *testing.T) {
	var out bytes.Buffer
	now, read := time.Unix(1000, 0), int64(0)
	p := &progress{out: &out, now: func() time.Time { return now }, name: strings.Repeat("long", 20) + ".pcap", size: 10e9, taken: func() int64 { return read }}
	p.begin()
	step := func(elapsed time.Duration, bytes int64) string {
		out.Reset()
		now, read = time.Unix(1000, 0).Add(elapsed), bytes
		for range progressStep {
			p.tick()
		}
		return out.String()
	}
	if got := step(900*time.Millisecond, 1e9); got != "" {
		t.Errorf("shown at once: %q", got)
	}
	line := step(2*time.Second, 2.5e9)
	if !strings.HasPrefix(line, "\r…") || !strings.HasSuffix(line, ".pcap: 2.5 GB, 25 %, 1.25 GB/s, 6s left\x1b[K") {
		t.Errorf("after 2 s of 8: %q", line)
	}
	if n := len([]rune(line)); n > 80 {
		t.Errorf("%d columns: %q", n, line)
	}
	if got := step(2100*time.Millisecond, 2.6e9); got != "" {
		t.Errorf("written again within 0.1 s: %q", got)
	}
	p.size = 0 // a pipe
	if got := step(3*time.Second, 3e9); !strings.Contains(got, ": 3 GB, 1 GB/s\x1b") {
		t.Errorf("of a pipe: %q", got)
	}
	out.Reset()
	p.done()
	p.done()
	if out.String() != "\r\x1b[K" {
		t.Errorf("left behind: %q", out.String())
	}
}

// Who is not looking sees nothing.
func TestNoProgressWithoutTerminal(t *testing.T) {
	if p := newProgress("x.pcap", 0, nil, &bytes.Buffer{}); p != nil {
		t.Error("there is progress")
	}
	var p *progress
	p.tick()
	p.done()
}

func TestSizes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1 kB", 999499: "999 kB", 999500: "1 MB", 1.25e9: "1.25 GB", 3e15: "3 PB"} {
		if got := size(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}
