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
