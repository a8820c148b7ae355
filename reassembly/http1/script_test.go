package http1

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"connlint/capture"
)

// recorder writes down what a Conn tells, in a form that does not depend on
// how the bytes were cut: frames are left out, and neighbouring pieces of
// surplus are one.
type recorder struct {
	pool    *Pool
	events  []string
	done    []string // the transactions
	indices []int
	// bytes of each direction in messages and in surplus
	inMessages, inSurplus [2]uint64
	surplus               string // what the last event was of
	surplusBytes          uint64
	keep                  bool // transactions, in kept
	kept                  []*Transaction
}

func (r *recorder) add(s string) {
	r.surplus = ""
	r.events = append(r.events, s)
}
func (r *recorder) MessageStart(m *Message) { r.add("start " + name(m)) }
func (r *recorder) Head(m *Message) {
	r.add(fmt.Sprintf("head %s %v %d fields", name(m), m.Framing, m.Header.Len()))
}

func (r *recorder) MessageEnd(m *Message) {
	r.inMessages[m.Dir] += m.Size()
	r.add("end " + describe(m))
}

func (r *recorder) Surplus(dir Direction, index int, n uint64, _ capture.Frame) {
	r.inSurplus[dir] += n
	key := fmt.Sprintf("surplus of %v %d: ", dir, index)
	if r.surplus != key {
		r.add("")
		r.surplus, r.surplusBytes = key, 0
	}
	r.surplusBytes += n
	r.events[len(r.events)-1] = key + strconv.FormatUint(r.surplusBytes, 10)
}

func (r *recorder) Transaction(t *Transaction) {
	s := fmt.Sprintf("%d: %s =>", t.Index, describe(t.Request))
	for _, m := range t.Interim {
		s += " " + describe(m) + ","
	}
	s += " " + describe(t.Response)
	if t.Response == nil {
		s += " " + t.End.String()
	}
	for i, d := range []string{"after gap", "in gap", "over limit", "interims dropped"} {
		if t.Doubt&(1<<i) != 0 {
			s += " ?" + d
		}
	}
	r.add("transaction " + s)
	r.done = append(r.done, s)
	r.indices = append(r.indices, t.Index)
	if r.keep {
		r.kept = append(r.kept, t)
		return
	}
	r.pool.Release(t)
}

func (r *recorder) Switched(p Protocol, _ capture.Frame) {
	r.add("switched to " + p.String())
	r.done = append(r.done, "switched to "+p.String())
}

func name(m *Message) string {
	if m.Dir == Request {
		return string(m.Start.Method) + " " + string(m.Start.Target)
	}
	return strconv.Itoa(m.Start.Status)
}

// describe is "GET /a length 5 of 5 complete {flaws}".
func describe(m *Message) string {
	if m == nil {
		return "-"
	}
	s := name(m) + " " + m.Framing.String()
	if !m.Body.IsAbsent() || !m.Declared.IsAbsent() {
		s += " " + m.Body.String()
	}
	if !m.Declared.IsAbsent() {
		s += " of " + m.Declared.String()
	}
	if m.Missing > 0 {
		s += fmt.Sprintf(" (%d missing)", m.Missing)
	}
	s += " " + m.End.String()
	if m.Trailer.Len() > 0 {
		s += fmt.Sprintf(" +%d trailers", m.Trailer.Len())
	}
	if !m.Surplus.IsAbsent() {
		s += " surplus " + m.Surplus.String()
	}
	if m.Flaws != 0 {
		s += " {" + m.Flaws.String() + "}"
	}
	return s
}

// op is one thing that is fed: a string that starts with the side, '>' for
// the client, '<' for the server, and then " BYTES" or a command: "gap N",
// "cut N" (by a snap length), "fin", "rst", "eof".
type op = string

func side(o op) Direction {
	if o[0] == '>' {
		return Request
	}
	return Response
}

func payload(o op) (string, bool) { return o[min(2, len(o)):], o[1] == ' ' }

// feed gives the operations to c, each with a frame of its own.
func feed(t testing.TB, c *Conn, ops []op) {
	for i, o := range ops {
		feedOne(t, c, o, i+1)
	}
}

func feedOne(t testing.TB, c *Conn, o op, number int) {
	frame := capture.NewFrame(0, uint64(number), int64(number)*1000)
	dir := side(o)
	if data, ok := payload(o); ok {
		c.Data(dir, frame, []byte(data))
	} else {
		command, arg, _ := strings.Cut(o[1:], " ")
		n, _ := strconv.Atoi(arg)
		switch command {
		case "gap":
			c.Gap(dir, frame, uint64(n), Hole)
		case "cut":
			c.Gap(dir, frame, uint64(n), Snaplen)
		case "fin":
			c.End(dir, frame, CutByClose)
		case "rst":
			c.End(dir, frame, CutByReset)
		case "eof":
			c.End(dir, frame, StillOpen)
		default:
			t.Fatalf("no such command: %q", o)
		}
	}
}

// run feeds the operations to a new connection and ends what is open.
func run(t testing.TB, midstream bool, limits Limits, ops []op) *recorder {
	pool := NewPool(limits)
	r := &recorder{pool: pool}
	var c Conn
	c.Init(pool, r, midstream)
	feed(t, &c, ops)
	feed(t, &c, []op{"<eof", ">eof"})
	checkSums(t, &c, r)
	return r
}

// checkSums asserts that every byte is somewhere and every transaction came
// once and in order.
func checkSums(t testing.TB, c *Conn, r *recorder) {
	t.Helper()
	for i, index := range r.indices {
		if index != i+1 {
			t.Fatalf("transactions came as %v", r.indices)
		}
	}
	if c.switched {
		return
	}
	for dir := range c.half {
		sum := r.inMessages[dir] + r.inSurplus[dir] + c.half[dir].skipped
		if sum != c.half[dir].off {
			t.Errorf("%v: %d bytes went in, %d in messages + %d surplus + %d skipped came out",
				Direction(dir), c.half[dir].off, r.inMessages[dir], r.inSurplus[dir], c.half[dir].skipped)
		}
	}
	if n := c.Outstanding(); n != 0 {
		t.Errorf("%d outstanding after the end", n)
	}
	if c.pairing.head != nil || c.pairing.queued != 0 || c.pairing.held != 0 {
		t.Errorf("the queue still holds %d transactions, %d bytes", c.pairing.queued, c.pairing.held)
	}
}
