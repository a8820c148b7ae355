package tls

import "testing"

// TestSplit: the same bytes in other pieces are the same records.
func TestSplit(t *testing.T) {
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) {
			pieces, _ := perform(t, w)
			whole, want := run(pieces)
			for _, size := range []int{1, 2, 3, 5, 7, 64, 1448} {
				c, got := run(split(pieces, size))
				if c.facts != whole.facts || c.progress != whole.progress || c.shape != whole.shape {
					t.Errorf("pieces of %d: facts\n%+v, want\n%+v", size, c.facts, whole.facts)
				}
				if len(got) != len(want) {
					t.Fatalf("pieces of %d: %d records, want %d", size, len(got), len(want))
				}
				for i := range got {
					if got[i] != want[i] {
						t.Errorf("pieces of %d: record %d is %+v, want %+v", size, i, got[i], want[i])
					}
				}
			}
		})
	}
}

// split cuts pieces to at most size bytes.
func split(pieces []piece, size int) []piece {
	var out []piece
	for _, p := range pieces {
		for b := p.b; len(b) > 0; {
			n := min(size, len(b))
			out = append(out, piece{fromClient: p.fromClient, frame: p.frame, b: b[:n]})
			b = b[n:]
		}
	}
	return out
}
