package timeline

import (
	"fmt"
	"slices"
	"testing"

	"connlint/capture"
)

// retryLines notes which transactions repeat which.
type retryLines struct{ lines []string }

func (r *retryLines) Transaction(c *Connection, x *Transaction) {
	if t := &x.RetryOf; !t.IsZero() {
		r.lines = append(r.lines, fmt.Sprintf("%s on %d repeats %d try %d by %v whole %v acked %v same %v", x.HTTP.Request.Start.Target,
			c.ID(), t.Connection, t.Number, t.By, t.Whole, t.Acked, t.SameBody))
	}
}
func (r *retryLines) Close(*Connection) {}
func (r *retryLines) Pair(*Pair)        {}

// TestRetries plays one request that fails twice on the pair, and what may be
// taken for its retry.
func TestRetries(t *testing.T) {
	const open = `
		conn a 10.0.0.1:40000 > 10.0.0.2:80
		conn b 10.0.0.1:40001 > 10.0.0.2:80
		conn c 10.0.0.1:40002 > 10.0.0.2:80
		conn d 10.0.0.9:40002 > 10.0.0.2:80
		+0     a> S  mss=1460
		+1ms   a< S. mss=1460
		+0     a> .
		+0     a> P. "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody"
		+1ms   a< .
		+9ms   a< R.
		+1ms   b> S  mss=1460
		+1ms   b< S. mss=1460
		+0     b> .
		`
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"again and again", `+0 b> P. "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody"
			+10ms b< R
			+0    c> S  mss=1460
			+1ms  c< S. mss=1460
			+0    c> .
			+0    c> P. "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody"
			+1ms  c< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			+0    c> .`,
			[]string{"/x on 7 repeats 1 try 1 by server whole true acked true same true",
				"/x on 12 repeats 7 try 2 by server whole true acked false same true"}},
		{"another body", `+0 b> P. "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nBODY"`, nil},
		{"another length", `+0 b> P. "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nbodys"`, nil},
		{"another target", `+0 b> P. "POST /y HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody"`, nil},
		{"another host", `+0 b> P. "POST /x HTTP/1.1\r\nHost: g\r\nContent-Length: 4\r\n\r\nbody"`, nil},
		{"another method", `+0 b> P. "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody"`, nil},
		{"another client", `+0 d> S  mss=1460
			+1ms  d< S. mss=1460
			+0    d> .
			+0    d> P. "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody"`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &retryLines{}
			follow(Config{}, r, parse(t, open+c.text))
			slices.Sort(r.lines) // a failed transaction is reported when its connection is
			slices.Sort(c.want)
			if !slices.Equal(r.lines, c.want) {
				t.Errorf("got %q, want %q", r.lines, c.want)
			}
		})
	}
}

// TestTriesForget fills the memory beyond its limit: the oldest are forgotten,
// the rest are found in their order, and the pairs' counts stay right.
func TestTriesForget(t *testing.T) {
	var ts tries
	pairs := []*Pair{{}, {}, {}}
	add := func(i int) {
		ts.add(Try{pair: pairs[i%3], head: uint64(i % 7), Connection: uint64(i + 1), Failed: capture.NewFrame(0, uint64(i+1), 1)})
	}
	const extra = 1000
	for i := range maxTries + extra {
		add(i)
		if i%5 == 0 { // some are sent again meanwhile
			ts.take(&Try{pair: pairs[i%3], head: uint64(i % 7)}, capture.NewFrame(0, 1, 2))
		}
	}
	if len(ts.ring) > maxTries {
		t.Errorf("%d tries remembered, limit %d", len(ts.ring), maxTries)
	}
	found := 0
	for p, pair := range pairs {
		for head := range uint64(7) {
			last := uint64(0)
			for {
				got := ts.take(&Try{pair: pair, head: head}, capture.NewFrame(0, 1, 2))
				if got.IsZero() {
					break
				}
				if got.Connection <= last || int(got.Connection-1)%3 != p {
					t.Fatalf("pair %d: try of connection %d behind that of %d", p, got.Connection, last)
				}
				last = got.Connection
				found++
			}
		}
		if pair.failed != 0 {
			t.Errorf("pair %d still has %d failed requests", p, pair.failed)
		}
	}
	if found == 0 || found > maxTries || len(ts.chain) != 0 {
		t.Errorf("%d found, %d chains left", found, len(ts.chain))
	}
}
