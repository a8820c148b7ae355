package main

import (
	"sync"
	"sync/atomic"
)

// stream stands between a live run and the reader of its report: it takes what
// is written, a whole record with each Write, and passes it on beside the run.
// A reader who is slow, or stops, never holds the capture up: what there is no
// room for is left out and counted.
type stream struct {
	to     interface{ Write([]byte) (int, error) }
	room   int    // bytes that may wait
	failed func() // called once when to can be written no more; may be nil

	mu      sync.Mutex
	more    sync.Cond // there is something to write, or nothing more will come
	less    sync.Cond // something was written, or nothing more will be
	waiting []byte
	spare   []byte // the one written last: nothing is allocated once both have grown
	patient bool
	over    bool
	err     error
	dropped atomic.Uint64
	done    chan struct{}
}

// streamRoom is how many bytes of a report may wait for their reader: some
// ten thousand findings.
const streamRoom = 8 << 20

func newStream(to interface{ Write([]byte) (int, error) }, room int, failed func()) *stream {
	s := &stream{to: to, room: room, failed: failed, done: make(chan struct{})}
	s.more.L, s.less.L = &s.mu, &s.mu
	go s.pass()
	return s
}

// Write takes a record, or leaves it out if there is no room. The error is that
// of an earlier record.
func (s *stream) Write(record []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.patient && s.err == nil && len(s.waiting) > 0 && len(s.waiting)+len(record) > s.room {
		s.less.Wait()
	}
	switch {
	case s.err != nil:
		return 0, s.err
	case !s.patient && len(s.waiting)+len(record) > s.room:
		s.dropped.Add(1)
		return len(record), nil
	}
	s.waiting = append(s.waiting, record...)
	s.more.Signal()
	return len(record), nil
}

// pass writes what waits until nothing more comes or it fails.
func (s *stream) pass() {
	defer close(s.done)
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		for len(s.waiting) == 0 && !s.over {
			s.more.Wait()
		}
		if len(s.waiting) == 0 {
			return
		}
		batch := s.waiting
		s.waiting = s.spare[:0]
		s.mu.Unlock()
		_, err := s.to.Write(batch)
		s.mu.Lock()
		s.spare = batch[:0]
		s.less.Broadcast()
		if s.err = err; err != nil {
			if s.failed != nil {
				s.failed()
			}
			return
		}
	}
}

// Dropped is how many records were left out. It may be called at any time.
func (s *stream) Dropped() uint64 { return s.dropped.Load() }

// Patient makes each Write from now on wait for room: the capture is over, and
// what is left to say is its sum.
func (s *stream) Patient() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.patient = true
}

// Close waits until everything is written and returns the first error. It may
// be called more than once.
func (s *stream) Close() error {
	s.mu.Lock()
	s.over = true
	s.more.Signal()
	s.mu.Unlock()
	<-s.done
	return s.err
}
