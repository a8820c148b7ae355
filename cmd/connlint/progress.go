package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"connlint/capture"
)

const (
	progressAfter = time.Second            // what is done by then needs no progress
	progressEvery = 200 * time.Millisecond // people cannot read faster
	progressStep  = 1 << 12                // packets between two looks at the clock: about a millisecond
)

// progress is a line on a terminal that says how far the reading of a file has
// come. It is written anew while it changes and gone at the end.
type progress struct {
	out    io.Writer
	now    func() time.Time
	name   string
	size   int64        // of the file on disk; 0 if it has none
	taken  func() int64 // bytes of it read so far
	begun  time.Time
	next   time.Time // when to write again
	shown  bool
	packet uint64
}

// newProgress follows the reading of size bytes on disk, 0 if that is not
// known; nil, which shows nothing, where stderr is no terminal.
func newProgress(name string, size int64, r capture.Reader, stderr io.Writer) *progress {
	t, ok := r.(interface{ Taken() int64 })
	if !ok || !isTerminal(stderr) {
		return nil
	}
	p := &progress{out: stderr, now: time.Now, name: oneLine(filepath.Base(name)), size: size, taken: t.Taken}
	p.begin()
	return p
}

// fileSize is how large a file is, as far as it has a size.
func fileSize(path string) int64 {
	if info, err := os.Stat(path); path != "-" && err == nil && info.Mode().IsRegular() {
		return info.Size()
	}
	return 0
}

func (p *progress) begin() {
	p.begun = p.now()
	p.next = p.begun.Add(progressAfter)
}

// tick is called for each packet.
func (p *progress) tick() {
	if p == nil {
		return
	}
	if p.packet++; p.packet%progressStep != 0 {
		return
	}
	now := p.now()
	if now.Before(p.next) {
		return
	}
	p.next = now.Add(progressEvery)
	p.shown = true
	fmt.Fprintf(p.out, "\r%s\x1b[K", p.line(now.Sub(p.begun)))
}

// done takes the line away.
func (p *progress) done() {
	if p != nil && p.shown {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.shown = false
	}
}

// line is short enough for a terminal of 80 columns: a longer one would wrap,
// and could not be written over.
func (p *progress) line(elapsed time.Duration) string {
	const longest = 32
	name := []rune(p.name)
	if len(name) > longest {
		name = append([]rune("…"), name[len(name)-longest+1:]...)
	}
	n := p.taken()
	rate := float64(n) / elapsed.Seconds()
	text := fmt.Sprintf("%s: %s", string(name), size(n))
	if p.size > 0 && n <= p.size {
		text += fmt.Sprintf(", %d %%", 100*n/p.size)
	}
	text += fmt.Sprintf(", %s/s", size(int64(rate)))
	if p.size > 0 && n <= p.size && rate > 0 {
		left := time.Duration(float64(p.size-n) / rate * float64(time.Second))
		text += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	return text
}

// size is a number of bytes as files are measured: 1.4 GB.
func size(n int64) string {
	v, unit := float64(n), 0
	for v >= 999.5 && unit < 5 {
		v /= 1000
		unit++
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.3g %cB", v, "kMGTP"[unit-1])
}
