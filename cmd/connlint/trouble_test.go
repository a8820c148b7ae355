package main

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

// A flapping interface and a reader who is too slow are told of, now and then.
func TestTroubleIsNotRepeated(t *testing.T) {
	var stderr bytes.Buffer
	now := int64(1e18)
	q := newStream(io.Discard, 0, nil) // without any room
	x := &trouble{log: newLogger(&stderr, zerolog.WarnLevel), now: func() int64 { return now }, name: "eth0", live: openReplay(t, mixed), queue: q}
	for range 50 { // five seconds
		x.notice("it went down")
		if _, err := io.WriteString(q, "record\n"); err != nil {
			t.Fatal(err)
		}
		x.look(false)
		now += 1e8
	}
	x.look(true)
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
	want := []string{
		"connlint: warn: eth0: it went down",
		"connlint: warn: 1 records were left out (1 in all): the report is read too slowly",
	}
	for range 4 {
		want = append(want, "connlint: warn: eth0: it went down (and 9 changes before that, not told one by one)")
	}
	want = append(want, "connlint: warn: 49 records were left out (50 in all): the report is read too slowly")
	if !slices.Equal(lines, want) || x.totals().RecordsDropped != 50 || x.totals().Interruptions != 50 {
		t.Errorf("%q, %+v", lines, x.totals())
	}
}

// What was said last of an interface is true, also where changes follow close
// upon each other, and a clock that is set back silences nothing.
func TestTroubleEndsWithTheTruth(t *testing.T) {
	var stderr bytes.Buffer
	now := int64(1e18)
	q := newStream(io.Discard, streamRoom, nil)
	defer q.Close()
	r := openReplay(t, mixed)
	x := &trouble{log: newLogger(&stderr, zerolog.WarnLevel), now: func() int64 { return now }, name: "eth0", live: r, queue: q}
	after := func(ns int64) {
		now += ns
		x.look(false)
	}
	x.notice("it is down")
	after(3e8)
	x.notice("it is up")
	after(3e8)
	after(1e9)
	after(-3600e9)
	x.notice("it is down")
	r.counters.Dropped = 7
	after(1e9)
	after(-3600e9)
	r.counters.Dropped = 9
	after(1e9)
	const dropped = "connlint: warn: eth0: the kernel dropped %s in all): they came faster than they were read; --ring gives it more room"
	want := []string{
		"connlint: warn: eth0: it is down",
		"connlint: warn: eth0: it is up",
		"connlint: warn: eth0: it is down",
		strings.Replace(dropped, "%s", "7 packets (7", 1),
		strings.Replace(dropped, "%s", "2 packets (9", 1),
	}
	if lines := strings.Split(strings.TrimSpace(stderr.String()), "\n"); !slices.Equal(lines, want) {
		t.Errorf("%q", lines)
	}
}
