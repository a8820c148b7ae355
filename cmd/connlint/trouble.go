package main

import (
	"io"

	"github.com/rs/zerolog"

	"connlint/capture"
	"connlint/output"
)

// trouble tells of what goes wrong in a live capture while it goes on: one line
// each, and not too many of them.
type trouble struct {
	log   zerolog.Logger
	now   func() int64 // ns since the epoch
	name  string       // of the interface
	live  capture.Live // nil until it is open
	queue *stream

	asked, spoke, noticed int64 // when last, ns since the epoch
	packets               uint  // since it was last asked what time it is
	drops, dropped        uint64
	left                  uint64 // records that were left out, as far as was told
	interruptions         uint64
	silent                uint64 // changes of the interface that were not told yet
	latest, told          string // of the changes, and of those that were
}

const (
	askEvery    = int64(1e9)  // ns between two looks at the counters
	speakEvery  = int64(10e9) // ns between two lines about drops
	noticeEvery = int64(1e9)  // ns between two lines about the interface
	lookEvery   = 1024        // packets between two looks at the clock
)

// notice takes a line about the interface.
func (t *trouble) notice(line string) {
	t.interruptions++
	t.silent++
	t.latest = line
	if now := t.now(); passed(t.noticed, now, noticeEvery) {
		t.tell(now)
	}
}

// tell says how the interface is now, and how many changes came between.
func (t *trouble) tell(now int64) {
	t.noticed, t.told = now, t.latest
	if t.silent > 1 {
		t.log.Warn().Msgf("%s: %s (and %d changes before that, not told one by one)", t.name, t.latest, t.silent-1)
	} else {
		t.log.Warn().Msgf("%s: %s", t.name, t.latest)
	}
	t.silent = 0
}

// passed reports whether a time has passed between then and now. A clock that
// was set back must not make it last until it has caught up.
func passed(then, now, ns int64) bool { return now < then || now-then >= ns }

// notWritten takes why packets are written no more.
func (t *trouble) notWritten(err error) {
	t.log.Error().Msg(err.Error())
}

// packet looks at the counters now and then.
func (t *trouble) packet() {
	if t.packets++; t.packets >= lookEvery {
		t.look(false)
	}
}

// look asks what was dropped and says so, and how the interface is if the last
// word on that is no longer true, if it is time or the last chance.
func (t *trouble) look(last bool) {
	t.packets = 0
	now := t.now()
	if !last && !passed(t.asked, now, askEvery) {
		return
	}
	t.asked = now
	if t.latest != t.told && (last || passed(t.noticed, now, noticeEvery)) {
		t.tell(now)
	}
	t.dropped = t.live.Dropped()
	left := t.queue.Dropped()
	if t.dropped == t.drops && left == t.left || !last && t.spoke != 0 && !passed(t.spoke, now, speakEvery) {
		return
	}
	t.spoke = now
	if n := t.dropped - t.drops; n > 0 {
		t.log.Warn().Msgf("%s: the kernel dropped %d packets (%d in all): they came faster than they were read; --ring gives it more room", t.name, n, t.dropped)
	}
	if n := left - t.left; n > 0 {
		t.log.Warn().Msgf("%d records were left out (%d in all): the report is read too slowly", n, left)
	}
	t.drops, t.left = t.dropped, left
}

// totals is what the summary says of it.
func (t *trouble) totals() output.Live {
	return output.Live{RecordsDropped: t.queue.Dropped(), RingFull: t.live.Counters().Freezes, Interruptions: t.interruptions}
}

// watched is a live source whose trouble is told.
type watched struct {
	capture.Source
	trouble *trouble
	report  output.Writer
}

// Next is that of the source. It ends the run when nobody reads the report any
// more.
func (w *watched) Next() (*capture.Packet, error) {
	if w.report.Err() != nil {
		return nil, io.EOF
	}
	p, err := w.Source.Next()
	if err != nil {
		w.trouble.look(false)
	} else {
		w.trouble.packet()
	}
	return p, err
}
