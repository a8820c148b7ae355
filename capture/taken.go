package capture

import "io"

// taken counts the bytes that were read from the file itself: of a compressed
// file, compressed ones.
type taken struct {
	r io.Reader
	n int64
}

func (t *taken) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	t.n += int64(n)
	return n, err
}

// Taken is how many bytes were read from the file so far, as they lie on disk:
// held against the file's size, it is how far the reading has come.
func (in *input) Taken() int64 { return in.taken.n }
