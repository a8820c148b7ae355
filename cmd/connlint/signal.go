package main

import (
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"connlint/capture"
)

// host is what a live run asks of the machine. Tests have one of their own.
type host struct {
	open    func(capture.LiveConfig) (capture.Live, error)
	now     func() int64 // ns since the epoch
	after   func(time.Duration, func()) (cancel func() bool)
	signals func(chan<- os.Signal, ...os.Signal) // as signal.Notify
	exit    func(code int)
}

// thisHost is the machine that the program runs on.
func thisHost() *host {
	return &host{
		open:    capture.OpenLive,
		now:     func() int64 { return time.Now().UnixNano() },
		after:   func(d time.Duration, do func()) func() bool { return time.AfterFunc(d, do).Stop },
		signals: signal.Notify,
		exit:    os.Exit,
	}
}

// twin is how soon behind a signal another is the same one: timeout(1) signals
// its child and then their group, so that one request to end arrives as two.
const twin = time.Second

// onSignals calls stop at the first SIGINT, SIGTERM or SIGHUP (a terminal that
// is gone, if nohup did not have it ignored) and ends the program at the
// second, unless that is the first one's twin; release gives the signals back.
// SIGPIPE does nothing: the write that caused it says so.
func (h *host) onSignals(stop func()) (release func()) {
	got := make(chan os.Signal, 4)
	done, gone := make(chan struct{}), make(chan struct{})
	wanted := []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGPIPE}
	if !signal.Ignored(syscall.SIGHUP) {
		wanted = append(wanted, syscall.SIGHUP)
	}
	h.signals(got, wanted...)
	go func() {
		defer close(gone)
		var impatient atomic.Bool
		for stopped := false; ; {
			select {
			case <-done:
				return
			case s := <-got:
				if s == syscall.SIGPIPE {
					continue
				}
				if impatient.Load() {
					h.exit(exitFailed)
				}
				if !stopped {
					stopped = true
					defer h.after(twin, func() { impatient.Store(true) })()
					stop()
				}
			}
		}
	}()
	return func() {
		signal.Stop(got)
		close(done)
		<-gone
	}
}
