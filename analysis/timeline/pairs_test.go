package timeline

import (
	"slices"
	"strings"
	"testing"

	"connlint/capture"
	"connlint/reassembly"
)

// TestPairsEvicted gives pairs up under connections at work. What is counted
// for them starts anew and is right from there on: no connection is busy twice
// or less than not at all.
func TestPairsEvicted(t *testing.T) {
	rec := playWithin(t, Config{Pairs: 1}, `
		conn a 10.0.0.1:40000 > 10.0.0.2:80
		conn b 10.0.0.3:40001 > 10.0.0.2:80
		+0     a> S  mss=1460
		+1ms   a< S. mss=1460
		+0     a> .
		+0     a> P. "GET /a HTTP/1.1\r\n\r\n"
		+0     b> S  mss=1460
		+1ms   b< S. mss=1460
		+0     b> .
		+0     b> P. "GET /b HTTP/1.1\r\n\r\n"
		+1ms   a< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		+0     a> .
		+1ms   a> P. "GET /a2 HTTP/1.1\r\n\r\n"
		+1ms   b< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		+0     b> .
		+1ms   a< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		+0     a> .
		+1ms   b> P. "GET /b2 HTTP/1.1\r\n\r\n"
		+1ms   b< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		+0     b> .`)
	evicted := 0
	for _, line := range rec.lines {
		switch {
		case strings.HasPrefix(line, "pair"):
			if evicted++; !strings.HasSuffix(line, "peak 1") && !strings.HasSuffix(line, "peak 0") {
				t.Errorf("%s, though each pair has one connection", line)
			}
		case strings.Contains(line, "parallel"):
			t.Errorf("%s, though each pair has one connection", line)
		}
	}
	if evicted < 3 {
		t.Errorf("%d pairs, so none was given up early", evicted)
	}
	for _, s := range rec.sums {
		if strings.Contains(s, "-1 busy") {
			t.Error(s)
		}
	}
}

// TestParallelIsSeenFromBothSides captures what the client sends alone: that
// the next connection is opened while a request of the one before is without
// an answer says nothing. With the answers in the capture it would.
func TestParallelIsSeenFromBothSides(t *testing.T) {
	text := `
		conn a 10.0.0.1:40000 > 10.0.0.2:80
		conn b 10.0.0.1:40001 > 10.0.0.2:80
		+0     a> S  mss=1460
		+1ms   a< S. mss=1460
		+0     a> .
		+0     a> P. "GET /a HTTP/1.1\r\n\r\n"
		+1ms   b> S  mss=1460
		+1ms   b< S. mss=1460
		+0     b> .
		+0     b> P. "GET /b HTTP/1.1\r\n\r\n"
		+1ms   a< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		+0     a> F.
		+1ms   b< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		+0     b> F.`
	var oneSide strings.Builder
	for line := range strings.Lines(text) {
		if strings.Contains(line, "< ") {
			line = strings.TrimSuffix(line, "\n") + " drop\n"
		}
		oneSide.WriteString(line)
	}
	for text, want := range map[string]int{text: 2, oneSide.String(): 0} {
		n := 0
		for _, line := range play(t, text).lines {
			if strings.Contains(line, "parallel-connections") {
				n++
			}
		}
		if n != want {
			t.Errorf("%d connections are parallel, want %d, in%s", n, want, text)
		}
	}
}

// predecessors notes for each connection whether it had one.
type predecessors struct{ lines []string }

func (r *predecessors) Transaction(*Connection, *Transaction) {}
func (r *predecessors) Pair(*Pair)                            {}
func (r *predecessors) Close(c *Connection) {
	line := c.Client().String()
	if !c.Predecessor.IsZero() {
		line += " could have used another"
	}
	r.lines = append(r.lines, line)
}

// TestPredecessors opens one connection, then two at once: only one of these
// could have used the first. A fourth, when both are done, could have as well.
func TestPredecessors(t *testing.T) {
	rec := &predecessors{}
	follow(Config{}, rec, parse(t, `
		conn a 10.0.0.1:40001 > 10.0.0.2:80
		conn b 10.0.0.1:40002 > 10.0.0.2:80
		conn c 10.0.0.1:40003 > 10.0.0.2:80
		conn d 10.0.0.1:40004 > 10.0.0.2:80
		+0     a> S  mss=1460
		+1ms   a< S. mss=1460
		+0     a> .
		+0     a> P. "GET /a HTTP/1.1\r\n\r\n"
		+1ms   a< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		+1ms   b> S  mss=1460
		+0     c> S  mss=1460
		+1ms   b< S. mss=1460
		+0     c< S. mss=1460
		+0     b> .
		+0     c> .
		+0     b> P. "GET /b HTTP/1.1\r\n\r\n"
		+0     c> P. "GET /c HTTP/1.1\r\n\r\n"
		+1ms   b< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		+0     c< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		+1ms   d> S  mss=1460
		+1ms   d< S. mss=1460
		+0     d> .
		+0     d> P. "GET /d HTTP/1.1\r\n\r\n"
		+1ms   d< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"`))
	want := []string{"10.0.0.1:40001", "10.0.0.1:40002 could have used another", "10.0.0.1:40003", "10.0.0.1:40004 could have used another"}
	if !slices.Equal(rec.lines, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(rec.lines, "\n"), strings.Join(want, "\n"))
	}
}

// TestQuietPairGoesFirst makes room for a third pair of two. The second goes,
// whose connection is closed, though the first is older; the others follow in
// the order in which they began.
func TestQuietPairGoesFirst(t *testing.T) {
	rec := &clients{}
	follow(Config{Pairs: 2}, rec, parse(t, `
		conn a 10.0.0.1:40000 > 10.0.0.9:80
		conn b 10.0.0.2:40000 > 10.0.0.9:80
		conn c 10.0.0.3:40000 > 10.0.0.9:80
		+0     a> S  mss=1460
		+1ms   a< S. mss=1460
		+0     a> .
		+0     a> P. "GET /a HTTP/1.1\r\n\r\n"
		+1ms   b> S  mss=1460
		+1ms   b< S. mss=1460
		+0     b> .
		+0     b> P. "GET /b HTTP/1.1\r\n\r\n"
		+1ms   b< R.
		+5s    c> S  mss=1460
		+1ms   c< S. mss=1460
		+0     c> .
		+0     c> P. "GET /c HTTP/1.1\r\n\r\n"
		+1ms   a< .`))
	if want := []string{"10.0.0.2:0", "10.0.0.1:0", "10.0.0.3:0"}; !slices.Equal(rec.pairs, want) {
		t.Errorf("pairs went in the order %v, want %v", rec.pairs, want)
	}
}

// clients notes whose pairs are reported.
type clients struct{ pairs []string }

func (r *clients) Transaction(*Connection, *Transaction) {}
func (r *clients) Close(*Connection)                     {}
func (r *clients) Pair(p *Pair)                          { r.pairs = append(r.pairs, p.Client.String()) }

// A pair that is gone holds on to no other, however long somebody still points
// to it: a flood would chain them all together.
func TestPairGoneHoldsNoOther(t *testing.T) {
	tr := New(Config{}, &walker{})
	var all []*Pair
	for i := range 5 {
		all = append(all, tr.pairOf(&reassembly.Connection{Ends: [2]capture.Endpoint{
			capture.Endpoint4([]byte{10, 0, 0, byte(i)}, 1), capture.Endpoint4([]byte{10, 0, 1, 1}, 80)}}))
	}
	tr.pairs.join(all[2])
	for _, p := range all {
		if tr.forgetPair(p); p.prev != nil || p.next != nil {
			t.Errorf("%v points to its neighbours", p.Client)
		}
	}
	if tr.pairs.quiet.first != nil || tr.pairs.live.first != nil {
		t.Error("the lists are not empty")
	}
}
