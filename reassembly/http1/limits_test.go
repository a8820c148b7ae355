package http1

import (
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"connlint/capture"
)

func TestHeadTooLarge(t *testing.T) {
	long := strings.Repeat("X: y\r\n", 100)
	for _, every := range []bool{false, true} {
		ops := []op{get, "< HTTP/1.1 200 OK\r\nContent-Length: 3\r\n" + long + "\r\nabc", getB, ok5}
		if every {
			ops = cut(ops, everyByte)
		}
		r := run(t, false, Limits{Head: 100}, ops)
		want := "1: GET /a none complete => 200 length 3 of 3 complete {head too large}"
		if len(r.done) != 2 || r.done[0] != want {
			t.Errorf("got %q", r.done)
		}
	}
}

// What all connections keep is bounded: beyond the bound a head is cut to its
// first bytes, and says so; what was kept comes free with the transactions.
func TestAllHeads(t *testing.T) {
	const connections, all = 50, 100 << 10
	pool := NewPool(Limits{All: all})
	conns := make([]Conn, connections)
	recs := make([]recorder, connections)
	for i := range conns {
		recs[i].pool = pool
		conns[i].Init(pool, &recs[i], false)
		feed(t, &conns[i], []op{"> GET /a HTTP/1.1\r\n" + strings.Repeat("X: y\r\n", 2000)})
	}
	if pool.kept < all || pool.kept > all+64<<10+connections*leastHead {
		t.Errorf("%d bytes are kept", pool.kept)
	}
	for i := range conns {
		feed(t, &conns[i], []op{"> \r\n", ok5})
		if len(recs[i].done) != 1 || !strings.Contains(recs[i].done[0], "=> 200 length 5 of 5 complete") {
			t.Errorf("connection %d: %q", i, recs[i].done)
		}
	}
	if cut := strings.Contains(recs[connections-1].done[0], "head too large"); !cut || pool.kept != 0 {
		t.Errorf("cut %v, %d bytes are kept in the end", cut, pool.kept)
	}
}

// What many pipelines hold together is bounded by what all may hold, and beyond
// it by their number; what is left aside is counted, and the answers to it are
// not taken for others'.
func TestAllMessages(t *testing.T) {
	const connections, requests, all = 100, 50, 200 << 10
	pool := NewPool(Limits{All: all})
	conns := make([]Conn, connections)
	recs := make([]recorder, connections)
	most := 0
	for i := range conns {
		recs[i].pool = pool
		conns[i].Init(pool, &recs[i], false)
		feed(t, &conns[i], []op{op("> " + strings.Repeat(get[2:], requests))})
		most = max(most, pool.kept)
	}
	if most > all+connections*2<<10 || pool.Dropped() == 0 {
		t.Errorf("%d bytes are kept, %d messages left aside", most, pool.Dropped())
	}
	if c := &conns[connections-1]; c.pairing.queued != 1 || c.Outstanding() != requests {
		t.Errorf("the last connection keeps %d, and says that %d are outstanding", c.pairing.queued, c.Outstanding())
	}
	for i := range conns {
		feed(t, &conns[i], []op{op("< " + strings.Repeat(ok5[2:], requests))})
		if n := len(recs[i].done); n != requests {
			t.Errorf("connection %d: %d transactions", i, n)
		}
	}
	if last := recs[connections-1].done[requests-1]; !strings.Contains(last, "over limit") || pool.kept != 0 {
		t.Errorf("%s; %d bytes are kept in the end", last, pool.kept)
	}
}

func TestTrailerTooLarge(t *testing.T) {
	r := run(t, false, Limits{Head: 100}, []op{get, te + "0\r\n" + strings.Repeat("X: y\r\n", 100) + "\r\n", getB, ok5})
	if len(r.done) != 2 || !strings.Contains(r.done[0], "+16 trailers {trailer too large}") {
		t.Errorf("got %q", r.done)
	}
}

func TestTooManyFields(t *testing.T) {
	r := run(t, false, Limits{Fields: 3}, []op{"> GET /a HTTP/1.1\r\nA: 1\r\nB: 2\r\nC: 3\r\n", "> D: 4\r\n\r\n", ok5})
	if len(r.done) != 1 || !strings.Contains(r.done[0], "{too many fields}") {
		t.Errorf("got %q", r.done)
	}
}

func TestChunkLineTooLong(t *testing.T) {
	for n, want := range map[int]bool{30: false, 31: true} {
		r := run(t, false, Limits{ChunkLine: 32}, []op{get, te + "5;" + strings.Repeat("x", n-1) + "\r\nhello\r\n0\r\n\r\n"})
		if got := strings.Contains(r.done[0], "chunk line too long"); got != want {
			t.Errorf("line of %d bytes: %s", n+1, r.done[0])
		}
	}
}

func TestInterimLimit(t *testing.T) {
	r := run(t, false, Limits{Interim: 2}, []op{get, "< " + strings.Repeat("HTTP/1.1 103 E\r\n\r\n", 5), ok5, getB, ok5})
	want := "1: GET /a none complete => 103 none complete, 103 none complete, 200 length 5 of 5 complete ?interims dropped"
	if len(r.done) != 2 || r.done[0] != want {
		t.Errorf("got %q", r.done)
	}
}

// Beyond the limit requests are counted, and their responses do not take the
// places of others.
func TestOutstandingLimit(t *testing.T) {
	var ops []op
	for i := range 5 {
		ops = append(ops, fmt.Sprintf("> GET /%d HTTP/1.1\r\n\r\n", i))
	}
	for i := range 5 {
		ops = append(ops, fmt.Sprintf("< HTTP/1.1 20%d OK\r\nContent-Length: 0\r\n\r\n", i))
	}
	ops = append(ops, get, ok5)
	r := run(t, false, Limits{Outstanding: 3}, ops)
	want := []string{"1: GET /0 none complete => 200", "2: GET /1 none complete => 201", "3: GET /2 none complete => 202",
		"4: - => 203", "5: - => 204", "6: GET /a none complete => 200"}
	if len(r.done) != len(want) {
		t.Fatalf("got %q", r.done)
	}
	for i, w := range want {
		if !strings.HasPrefix(r.done[i], w) || strings.Contains(r.done[i], "over limit") != (i == 3 || i == 4) {
			t.Errorf("got %q, want %q", r.done[i], w)
		}
	}
}

// Who has no answer on a connection where messages were left aside may have had
// one: only there is it said to be in doubt.
func TestUnansweredOverLimit(t *testing.T) {
	for limit, want := range map[int]int{1: 1, 3: 0} {
		r := run(t, false, Limits{Outstanding: limit}, []op{get, get})
		if n := strings.Count(strings.Join(r.done, "\n"), "over limit"); n != want || len(r.done) != min(limit, 2) {
			t.Errorf("limit %d: %d in doubt of %q, want %d", limit, n, r.done, want)
		}
	}
}

func TestOutstandingCountsDropped(t *testing.T) {
	pool := NewPool(Limits{Outstanding: 3})
	var c Conn
	c.Init(pool, &recorder{pool: pool}, false)
	for range 10 {
		feed(t, &c, []op{get})
	}
	if c.Outstanding() != 10 || c.pairing.queued != 3 {
		t.Errorf("%d outstanding, %d kept", c.Outstanding(), c.pairing.queued)
	}
}

// Responses that nobody asked for, while a request that never ends holds up
// the queue, must not fill it without bound.
func TestUnaskedResponsesBehindOpenRequest(t *testing.T) {
	pool := NewPool(Limits{Outstanding: 10})
	var c Conn
	c.Init(pool, &recorder{pool: pool}, false)
	feed(t, &c, []op{"> POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n"})
	for range 1000 {
		feed(t, &c, []op{ok5})
	}
	if c.pairing.queued > 10 {
		t.Errorf("%d transactions are queued", c.pairing.queued)
	}
}

func TestHeldLimit(t *testing.T) {
	pool := NewPool(Limits{Held: 1000})
	var c Conn
	c.Init(pool, &recorder{pool: pool}, false)
	big := "> GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 300) + "\r\n\r\n"
	for range 100 {
		feed(t, &c, []op{big})
	}
	if c.pairing.queued > 4 || c.Outstanding() != 100 {
		t.Errorf("%d queued, %d outstanding", c.pairing.queued, c.Outstanding())
	}
}

// An idle connection owns no buffer, and the state itself is small.
func TestIdleConnOwnsNothing(t *testing.T) {
	pool := NewPool(Limits{})
	var c Conn
	c.Init(pool, &recorder{pool: pool}, false)
	feed(t, &c, []op{get, "< HTTP/1.1 100 C\r\n\r\n", ok5 + "surplus", getB, te + "5\r\nhello\r\n0\r\nA: b\r\n\r\n"})
	for dir, h := range c.half {
		if h.m != nil || h.trial != nil || h.done != nil {
			t.Errorf("%v owns a message", Direction(dir))
		}
	}
	if c.pairing.head != nil || c.pairing.tail != nil || c.pairing.await != nil {
		t.Error("a transaction is held")
	}
	if len(pool.messages) == 0 || len(pool.transactions) == 0 {
		t.Error("nothing came back to the pool")
	}
	if size := unsafe.Sizeof(c); size > 320 {
		t.Errorf("a Conn takes %d bytes", size)
	}
}

func TestReset(t *testing.T) {
	pool := NewPool(Limits{})
	r := &recorder{pool: pool}
	var c Conn
	c.Reset()
	c.Init(pool, r, false)
	feed(t, &c, []op{get, getB, "> GET /c", "< HTTP/1.1 200 OK\r\nX"})
	events := len(r.events)
	c.Reset()
	if len(r.events) != events {
		t.Error("Reset spoke to the handler")
	}
	if len(pool.messages) != 4 || len(pool.transactions) != 2 {
		t.Errorf("%d messages, %d transactions came back", len(pool.messages), len(pool.transactions))
	}
	c.Init(pool, r, false)
	feed(t, &c, []op{getC, ok5})
	if len(r.done) != 1 || r.done[0] != "1: GET /c none complete => 200 length 5 of 5 complete" {
		t.Errorf("after Reset: %q", r.done)
	}
}

func TestNoAllocationPerChunk(t *testing.T) {
	pool := NewPool(Limits{})
	var c Conn
	c.Init(pool, discardHandler{pool}, false)
	frame := capture.NewFrame(0, 1, 0)
	request, head, chunk, last := []byte(get[2:]), []byte(te[2:]), []byte("5\r\nhello\r\n"), []byte("0\r\n\r\n")
	exchange := func() {
		c.Data(Request, frame, request)
		c.Data(Response, frame, head)
		for range 10 {
			c.Data(Response, frame, chunk)
		}
		c.Data(Response, frame, last)
	}
	exchange()
	if n := testing.AllocsPerRun(100, exchange); n != 0 {
		t.Errorf("%v allocations an exchange", n)
	}
}
