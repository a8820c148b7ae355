package reassembly

import (
	"math/rand/v2"
	"testing"

	"connlint/capture"
)

// A walk that takes the noted way ends where one along every record does,
// whatever was put in, repeated and acknowledged before.
func TestSeekFindsWhatAWalkFinds(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		st := sentStore{limit: 1 << 20}
		var f, peer Flow
		for range 3000 {
			s := capture.Segment{Frame: capture.NewFrame(0, 1, 1)}
			seq := capture.Seq(r.IntN(20000)) - 5000 // it wraps
			switch r.IntN(20) {
			case 0:
				s.Ack = seq - 8000
				st.acknowledge(&f, &peer, &s, &Reading{})
			case 1, 2, 3, 4, 5:
				st.repeat(&f, &s, seq, seq.Add(r.IntN(500)))
			default:
				if f.sent.n < maxSent {
					st.add(&f, &s, seq)
				}
			}
			want, before := f.sent.head, uint32(0)
			for want != 0 && !st.records[want-1].end.After(seq) {
				before, want = want, st.records[want-1].next
			}
			if b, at := st.seek(&f.sent, seq); at != want || b != before && at != 0 {
				t.Fatalf("seed %d: found %d behind %d, want %d behind %d", seed, at, b, want, before)
			}
		}
		n := 0
		for i := f.sent.head; i != 0; i = st.records[i-1].next {
			if n++; st.records[i-1].next == 0 && i != f.sent.tail {
				t.Fatalf("seed %d: the list ends with %d, not with %d", seed, i, f.sent.tail)
			}
		}
		if n != int(f.sent.n) {
			t.Fatalf("seed %d: %d in the list, %d counted", seed, n, f.sent.n)
		}
	}
}

// Repetitions in a full flight, in any order, take few steps once the way is
// noted.
func TestSeekIsShort(t *testing.T) {
	st := sentStore{limit: 1 << 20}
	var f Flow
	s := capture.Segment{Frame: capture.NewFrame(0, 1, 1)}
	for i := range maxSent {
		st.add(&f, &s, capture.Seq(i+1))
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 1000 {
		st.seek(&f.sent, capture.Seq(r.IntN(maxSent)))
	}
	steps := 0
	for at, target := f.sent.head, capture.Seq(maxSent-1); at != 0 && !st.records[at-1].end.After(target); steps++ {
		if far := st.records[at-1].far; far != 0 && !st.records[far-1].end.After(target) {
			at = far
		} else {
			at = st.records[at-1].next
		}
	}
	if steps > maxSent/stride*2+stride {
		t.Errorf("%d steps to the end of %d records", steps, maxSent)
	}
}
