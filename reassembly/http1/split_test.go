package http1

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"connlint/capture"
)

// cut splits each data operation at the positions that at returns for it.
func cut(ops []op, at func(data string) []int) []op {
	var out []op
	for _, o := range ops {
		data, ok := payload(o)
		if !ok {
			out = append(out, o)
			continue
		}
		from := 0
		for _, i := range append(at(data), len(data)) {
			if i = min(i, len(data)); i > from {
				out = append(out, o[:2]+data[from:i])
				from = i
			}
		}
	}
	return out
}

func everyByte(data string) []int {
	at := make([]int, len(data))
	for i := range at {
		at[i] = i
	}
	return at
}

// Where TCP cuts the bytes must change nothing.
func TestSplits(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, s := range framings() {
		t.Run(s.name, func(t *testing.T) {
			want := run(t, false, Limits{}, s.ops).events
			same := func(how string, ops []op) {
				t.Helper()
				got := run(t, false, Limits{}, ops).events
				if !slices.Equal(got, want) {
					t.Fatalf("cut %s:\n\t%s\nwhole:\n\t%s", how, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
				}
			}
			same("at every byte", cut(s.ops, everyByte))
			longest := 0
			for _, o := range s.ops {
				longest = max(longest, len(o))
			}
			for i := 1; i < longest; i++ {
				same("once", cut(s.ops, func(string) []int { return []int{i} }))
			}
			for range 50 {
				same("at random", cut(s.ops, func(data string) (at []int) {
					for range random.IntN(6) {
						at = append(at, random.IntN(len(data)+1))
					}
					slices.Sort(at)
					return at
				}))
			}
		})
	}
}

// With a frame for each byte, the frames of a message must be those of its
// offsets.
func TestFrames(t *testing.T) {
	messages := 0
	for _, s := range framings() {
		pool := NewPool(Limits{})
		r := &recorder{pool: pool, keep: true}
		var c Conn
		c.Init(pool, r, false)
		var number [2]uint64
		for _, o := range cut(s.ops, everyByte) {
			dir := side(o)
			if data, ok := payload(o); ok {
				number[dir]++
				c.Data(dir, capture.NewFrame(0, number[dir], 0), []byte(data))
				continue
			}
			feed(t, &c, []op{o})
		}
		for _, tx := range r.kept {
			for _, m := range append([]*Message{tx.Request, tx.Response}, tx.Interim...) {
				if m == nil || m.End != Complete || m.Size() == 0 {
					continue
				}
				messages++
				if got, want := m.First.Number(), m.Offset+1; got != want {
					t.Errorf("%s: %s: first byte in frame %d, want %d", s.name, name(m), got, want)
				}
				if got, want := m.Last.Number(), m.Offset+m.Size(); got != want {
					t.Errorf("%s: %s: last byte in frame %d, want %d", s.name, name(m), got, want)
				}
				if got, want := m.Head.Number(), m.Offset+m.HeadSize; m.HeadSize > 0 && got != want {
					t.Errorf("%s: %s: head's end in frame %d, want %d", s.name, name(m), got, want)
				}
			}
		}
	}
	if messages < 100 {
		t.Errorf("only %d messages were looked at", messages)
	}
}

// The FIN ends a body that lasts until the close; its last byte came before.
func TestEnded(t *testing.T) {
	pool := NewPool(Limits{})
	r := &recorder{pool: pool, keep: true}
	var c Conn
	c.Init(pool, r, false)
	feed(t, &c, []op{get, "< HTTP/1.0 200 OK\r\n\r\na", "< b", "<fin"})
	m := r.kept[0].Response
	if m.First.Number() != 2 || m.Head.Number() != 2 || m.Last.Number() != 3 || m.Ended.Number() != 4 {
		t.Errorf("first, head, last, ended: %d %d %d %d", m.First.Number(), m.Head.Number(), m.Last.Number(), m.Ended.Number())
	}
}

// What is open must be known after every segment: on it hangs whether a small
// write that waits is held by Nagle's algorithm.
func TestOpen(t *testing.T) {
	pool := NewPool(Limits{})
	var c Conn
	c.Init(pool, &recorder{pool: pool}, false)
	steps := []struct {
		op          op
		request     bool
		response    bool
		outstanding int
	}{
		{"> GE", true, false, 0},
		{"> T /a HTTP/1.1\r\nHost: h\r\n", true, false, 1},
		{"> \r\n", false, false, 1},
		{"< HTTP/1.1 100 Continue\r\n\r\n", false, false, 1},
		{"< HT", false, true, 1},
		{"< TP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, true, 0},
		{"< hell", false, true, 0},
		{"< o", false, false, 0},
		{"< surplus H", false, false, 0},
		{getB, false, false, 1},
		{te, false, true, 0},
		{"< 5\r\nhello\r\n0\r\n", false, true, 0},
		{"< \r\n", false, false, 0},
	}
	for i, s := range steps {
		feed(t, &c, []op{s.op})
		if got := c.Open(Request) != nil; got != s.request {
			t.Errorf("step %d: request open: %v", i, got)
		}
		if got := c.Open(Response) != nil; got != s.response {
			t.Errorf("step %d: response open: %v", i, got)
		}
		if got := c.Outstanding(); got != s.outstanding {
			t.Errorf("step %d: %d outstanding, want %d", i, got, s.outstanding)
		}
	}
}
