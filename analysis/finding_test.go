package analysis

import (
	"testing"

	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
)

// life is a connection from one time to another, named by its first packet.
func life(id uint64, from, to int64) *timeline.Connection {
	return &timeline.Connection{Connection: &reassembly.Connection{
		First: capture.NewFrame(0, id, from), Last: capture.NewFrame(0, id+1, to)}}
}

// TestGather gathers connections in the order in which they end, which is not
// that in which they began.
func TestGather(t *testing.T) {
	var s Subject
	s.Gather(life(5, 50, 60))
	s.Gather(life(1, 10, 90))
	s.Gather(life(7, 70, 80))
	if s.From != 10 || s.To != 90 || len(s.Connections) != 3 || s.Connections[1] != 1 {
		t.Errorf("%v from %d to %d, want 5 1 7 from 10 to 90", s.Connections, s.From, s.To)
	}
	for range 2 * MaxSubjects {
		s.Gather(life(9, 90, 95))
	}
	if len(s.Connections) != MaxSubjects || s.Omitted != MaxSubjects+3 || s.To != 95 {
		t.Errorf("%d connections, %d omitted, to %d; want %d, %d, 95", len(s.Connections), s.Omitted, s.To, MaxSubjects, MaxSubjects+3)
	}
}

// TestCiteOnce: a packet stands once for each of its roles.
func TestCiteOnce(t *testing.T) {
	var e Evidence
	f := capture.NewFrame(0, 7, 70)
	e.Cite(f, "request")
	e.Cite(f, "first try")
	e.Cite(f, "request")
	if len(e.Frames) != 2 || e.Omitted != 0 {
		t.Errorf("%v and %d more, want two roles of packet 7", e.Frames, e.Omitted)
	}
}
