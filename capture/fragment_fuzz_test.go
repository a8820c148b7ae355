package capture

import "testing"

// FuzzFragments puts one packet together from pieces as the input has them,
// four bytes each: where, how long, whether more follow, whose bytes. A naive
// receiver that keeps every byte in a map has to come to the same end.
func FuzzFragments(f *testing.F) {
	f.Add([]byte{0, 4, 1, 0, 4, 4, 1, 0, 8, 3, 0, 0})             // in order
	f.Add([]byte{8, 3, 0, 0, 4, 4, 1, 0, 0, 4, 1, 0})             // in reverse
	f.Add([]byte{0, 4, 1, 0, 0, 4, 1, 0, 4, 4, 1, 0, 8, 3, 0, 0}) // a copy
	f.Add([]byte{0, 4, 1, 0, 2, 4, 1, 0, 6, 3, 0, 0})             // an overlap
	f.Add([]byte{0, 4, 1, 0, 0, 4, 1, 1, 4, 3, 0, 0})             // a repetition with other bytes
	f.Add([]byte{4, 3, 0, 0, 4, 2, 0, 0, 0, 4, 1, 0})             // two ends
	f.Add([]byte{4, 3, 0, 0, 9, 2, 1, 0, 0, 4, 1, 0})             // behind the end
	f.Fuzz(func(t *testing.T, in []byte) {
		a := newAssembly()
		r := naive{bytes: map[int]byte{}}
		for ; len(in) >= 4; in = in[4:] {
			p := piece{at: int(in[0]) * 8, n: int(in[1]) + 1, more: in[2]&1 != 0}
			p.six = true
			if p.more {
				p.n *= 8
			}
			for i := range p.n {
				p.b = append(p.b, byte(p.at+i)^in[3])
			}
			d := a.add(&p, 0)
			want, parts := r.add(&p)
			if parts > maxSpans {
				return // refused for its parts
			}
			if (d != nil) != (want != nil) {
				t.Fatalf("whole: %v, naive receiver: %v", d != nil, want != nil)
			}
			if d == nil {
				continue
			}
			if string(d.payload()) != string(want) {
				t.Fatalf("%x, want %x", d.payload(), want)
			}
			return
		}
	})
}

// naive is a receiver that keeps every byte by its place.
type naive struct {
	bytes   map[int]byte
	size    int
	refused bool
}

// add returns the whole packet if p completes it, and how many parts lie
// apart.
func (r *naive) add(p *piece) (packet []byte, parts int) {
	known, equal, last := 0, 0, -1
	for i, b := range p.b {
		if have, ok := r.bytes[p.at+i]; ok {
			known++
			if have == b {
				equal++
			}
		}
	}
	for at := range r.bytes {
		last = max(last, at)
	}
	end := p.at + p.n
	switch {
	case known != 0 && (known != p.n || equal != p.n),
		!p.more && r.size != 0 && r.size != end, !p.more && last >= end, p.more && r.size != 0 && end >= r.size:
		r.refused = true
	}
	if r.refused {
		return nil, 0
	}
	if !p.more {
		r.size = end
	}
	for i, b := range p.b {
		r.bytes[p.at+i] = b
	}
	for at := range r.bytes {
		if _, ok := r.bytes[at-1]; !ok {
			parts++
		}
	}
	if r.size == 0 || len(r.bytes) < r.size {
		return nil, parts
	}
	for at := range r.size {
		packet = append(packet, r.bytes[at])
	}
	return packet, parts
}
