package reassembly

import (
	"testing"

	"connlint/capture"
)

// Of bytes that come twice the copy that was captured first counts, whether its
// turn had come or it waited behind a hole; what of a later copy is new fills
// what is missing around it.
func TestFirstCopyWins(t *testing.T) {
	type piece struct {
		seq  int
		data string
	}
	for _, tt := range []struct {
		name   string
		pieces []piece
		want   string
	}{
		{"handed on already", []piece{{1, "abcd"}, {1, "XXXX"}, {3, "YYef"}}, "abcdef"},
		{"the same bytes behind a hole", []piece{{3, "cd"}, {3, "XX"}, {1, "ab"}}, "abcd"},
		{"a copy that begins before", []piece{{3, "cd"}, {1, "abXX"}}, "abcd"},
		{"a copy that ends behind", []piece{{3, "cd"}, {3, "XXef"}, {1, "ab"}}, "abcdef"},
		{"a copy around two that wait", []piece{{3, "c"}, {5, "e"}, {2, "bXdXf"}, {1, "a"}}, "abcdef"},
		{"a copy that fills the hole and covers what waits", []piece{{4, "def"}, {2, "bcXXX"}, {1, "aYY"}}, "abcdef"},
		{"a copy of one byte less and one more", []piece{{2, "bcde"}, {3, "XX"}, {1, "aYYYYf"}}, "abcdef"},
	} {
		for _, isn := range []capture.Seq{1000, 0xfffffffc} { // the second wraps within the text
			w := newWire(t, Config{})
			w.isn[Client] = isn
			w.shake()
			for _, p := range tt.pieces {
				w.send(ms, Client, seg{flags: psh, seq: p.seq, ack: 1, data: p.data})
			}
			if got := string(w.only().bytes[Client]); got != tt.want {
				t.Errorf("%s, from %d: %q, want %q", tt.name, isn, got, tt.want)
			}
		}
	}
}
