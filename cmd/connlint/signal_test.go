package main

import (
	"os"
	"os/signal"
	"slices"
	"syscall"
	"testing"
	"time"
)

// The first signal stops the capture; its twin, which timeout(1) sends, is no
// second one: only a later one ends the program at once, and with it the report.
func TestSecondSignal(t *testing.T) {
	var to chan<- os.Signal
	var later func()
	stops, exits := make(chan bool, 8), make(chan int, 8)
	h := &host{
		after: func(d time.Duration, do func()) func() bool {
			if d != twin {
				t.Errorf("the twin may come for %v", d)
			}
			later = do
			return func() bool { return true }
		},
		signals: func(c chan<- os.Signal, wanted ...os.Signal) {
			to = c
			if slices.Contains(wanted, os.Signal(syscall.SIGHUP)) == signal.Ignored(syscall.SIGHUP) {
				t.Errorf("of %v SIGHUP is wanted where nohup had it ignored, or not where it had not", wanted)
			}
		},
		exit: func(code int) { exits <- code },
	}
	release := h.onSignals(func() { stops <- true })
	to <- syscall.SIGPIPE
	to <- syscall.SIGTERM
	<-stops
	to <- syscall.SIGTERM
	for len(to) > 0 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(10 * time.Millisecond)
	if len(exits) > 0 || len(stops) > 0 {
		t.Fatalf("the twin of a signal: %d exits, %d more stops", len(exits), len(stops))
	}
	later()
	to <- syscall.SIGINT
	select {
	case code := <-exits:
		if code != exitFailed {
			t.Errorf("exit %d", code)
		}
	case <-time.After(10 * time.Second):
		t.Error("the second signal does not end the program")
	}
	release()
	if len(stops) > 0 {
		t.Error("stopped again")
	}
}
