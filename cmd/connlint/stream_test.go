package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// gate is a reader of the report who reads when told to.
type gate struct {
	open chan bool // false: the reader goes away
	got  bytes.Buffer
}

func (g *gate) Write(b []byte) (int, error) {
	if !<-g.open {
		return 0, io.ErrClosedPipe
	}
	return g.got.Write(b)
}

// A reader who stops reading holds nobody up: whole records are left out and
// counted, those before and behind come.
func TestStreamLeavesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan bool)}
		s := newStream(g, 100, nil)
		write := func(i int) { fmt.Fprintf(s, "record %02d\n", i) } // 10 bytes
		write(0)
		synctest.Wait() // it is on its way
		for i := 1; i <= 30; i++ {
			write(i)
		}
		if n := s.Dropped(); n != 20 {
			t.Errorf("%d left out, expected 20", n)
		}
		g.open <- true
		g.open <- true
		synctest.Wait()
		write(31)
		g.open <- true
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		lines := strings.Split(strings.TrimSpace(g.got.String()), "\n")
		if len(lines) != 12 || lines[0] != "record 00" || lines[10] != "record 10" || lines[11] != "record 31" {
			t.Errorf("got %q", lines)
		}
	})
}

// slow is a reader who takes his time.
type slow struct{ got bytes.Buffer }

func (w *slow) Write(b []byte) (int, error) {
	time.Sleep(time.Second)
	return w.got.Write(b)
}

// Behind Wait nothing is left out, however slow the reader is.
func TestStreamWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := new(slow)
		s := newStream(w, 100, nil)
		s.Patient()
		for i := range 1000 {
			if _, err := fmt.Fprintf(s, "record %03d\n", i); err != nil {
				t.Fatal(err)
			}
		}
		fmt.Fprint(s, strings.Repeat("x", 1000)) // more than there is room for
		if err := s.Close(); err != nil || s.Dropped() != 0 || w.got.Len() != 12000 {
			t.Errorf("%v, %d left out, %d bytes", err, s.Dropped(), w.got.Len())
		}
	})
}

// A reader who goes away is known at once, to the writer with its next record.
func TestStreamFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, failed := &gate{open: make(chan bool)}, 0
		s := newStream(g, 100, func() { failed++ })
		fmt.Fprintln(s, "record")
		g.open <- false
		synctest.Wait()
		if _, err := fmt.Fprintln(s, "record"); !errors.Is(err, io.ErrClosedPipe) || failed != 1 {
			t.Errorf("%v, told %d times", err, failed)
		}
		if err := s.Close(); !errors.Is(err, io.ErrClosedPipe) {
			t.Error(err)
		}
	})
}
