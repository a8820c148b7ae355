package http1

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"connlint/capture"
)

// A fuzz input is a list of operations: a byte that says which (bit 7 the
// direction, bits 4-6 what, bits 0-3 and, for a large one, another byte the
// size), then the data.
func decode(in []byte) (midstream bool, ops []op) {
	if len(in) > 0 {
		midstream, in = in[0]&1 != 0, in[1:]
	}
	ends := 0
	for len(in) >= 2 && ends < 3 {
		control, n := in[0], int(binary.BigEndian.Uint16(append([]byte{in[0] & 15}, in[1])))
		in = in[2:]
		way := ">"
		if control&0x80 != 0 {
			way = "<"
		}
		switch control >> 4 & 7 {
		case 6:
			ops = append(ops, way+[]string{"gap", "cut"}[n&1]+" "+string(digits(n>>1)))
		case 7:
			ops = append(ops, way+[]string{"fin", "rst", "eof", "fin"}[n&3])
			ends++
		default:
			n = min(n, len(in))
			ops = append(ops, way+" "+string(in[:n]))
			in = in[n:]
		}
	}
	return midstream, ops
}

func digits(n int) []byte {
	if n < 10 {
		return []byte{byte('0' + n)}
	}
	return append(digits(n/10), byte('0'+n%10))
}

// encode is decode's inverse, for the seeds.
func encode(midstream bool, ops []op) []byte {
	out := []byte{0}
	if midstream {
		out[0] = 1
	}
	for _, o := range ops {
		control := byte(side(o)) << 7
		put := func(what byte, n int) { out = append(out, control|what<<4|byte(n>>8), byte(n)) }
		data, isData := payload(o)
		command, arg, _ := strings.Cut(o[1:], " ")
		switch {
		case isData:
			put(0, len(data))
			out = append(out, data...)
		case command == "gap" || command == "cut":
			n := 0
			for _, d := range arg {
				n = n*10 + int(d-'0')
			}
			n *= 2
			if command == "cut" {
				n++
			}
			put(6, n)
		default:
			put(7, slices.Index([]string{"fin", "rst", "eof"}, command))
		}
	}
	return out
}

// watcher checks each event against those before it.
type watcher struct {
	recorder
	t    testing.TB
	c    *Conn
	open [2]*Message
	deaf bool
}

func (w *watcher) MessageStart(m *Message) {
	if w.open[m.Dir] != nil || w.deaf {
		w.t.Fatal("a message starts while another is open, or after a switch")
	}
	w.open[m.Dir] = m
	w.recorder.MessageStart(m)
}

func (w *watcher) Head(m *Message) {
	if w.open[m.Dir] != m || m.Framing == Undecided {
		w.t.Fatal("the head of a message that is not open, or without framing")
	}
	for name, value := range m.Header.All() {
		if len(name)+len(value) > len(m.Header.buf) {
			w.t.Fatal("a field larger than the head")
		}
	}
	w.recorder.Head(m)
}

func (w *watcher) MessageEnd(m *Message) {
	if w.open[m.Dir] != m || m.End == Open {
		w.t.Fatal("the end of a message that is not open, or no end")
	}
	if n, known := m.Declared.Exact(); m.Framing == Length && m.End == Complete && (!known || n != m.Body.Least()) {
		w.t.Fatalf("complete, but %s", describe(m))
	}
	if m.Missing > m.Body.Least() || m.First.IsZero() || m.Last.Number() < m.First.Number() {
		w.t.Fatalf("%s: missing %d, frames %v to %v", describe(m), m.Missing, m.First, m.Last)
	}
	w.open[m.Dir] = nil
	w.recorder.MessageEnd(m)
}

func (w *watcher) Transaction(t *Transaction) {
	if t.Request == nil && t.Response == nil && len(t.Interim) == 0 || w.deaf {
		w.t.Fatal("an empty transaction, or one after a switch")
	}
	for _, m := range append([]*Message{t.Request, t.Response}, t.Interim...) {
		if m != nil && (m.End == Open || m.Index != t.Index) {
			w.t.Fatalf("transaction %d has an open or foreign message: %s", t.Index, describe(m))
		}
	}
	if t.End == Open {
		w.t.Fatal("a transaction without an end")
	}
	w.recorder.Transaction(t)
}

func (w *watcher) Switched(p Protocol, f capture.Frame) {
	w.deaf = true
	w.recorder.Switched(p, f)
}

func watched(t testing.TB, midstream bool, limits Limits, ops []op) []string {
	pool := NewPool(limits)
	var c Conn
	w := &watcher{recorder: recorder{pool: pool}, t: t, c: &c}
	c.Init(pool, w, midstream)
	for i, o := range ops {
		feedOne(t, &c, o, i+1)
		if limits.Outstanding > 0 && (c.pairing.queued > limits.Outstanding || c.pairing.held > limits.Held+(limits.Interim+4)*limits.Head) {
			t.Fatalf("%d transactions with %d bytes are queued", c.pairing.queued, c.pairing.held)
		}
	}
	feed(t, &c, []op{"<eof", ">eof"})
	checkSums(t, &c, &w.recorder)
	if w.open[0] != nil || w.open[1] != nil || c.pairing.head != nil {
		t.Fatal("something is open at the end")
	}
	if c.Reset(); pool.kept != 0 {
		t.Fatalf("%d bytes count as kept when nothing is", pool.kept)
	}
	return w.events
}

func FuzzHTTP(f *testing.F) {
	for _, s := range slices.Concat(framings(), holes()) {
		f.Add(encode(s.midstream, s.ops))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		midstream, ops := decode(in)
		watched(t, midstream, Limits{Head: 256, Fields: 8, Interim: 3, Outstanding: 4, Held: 1024, ChunkLine: 16}, ops)
		whole := watched(t, midstream, Limits{}, ops)
		bytewise := watched(t, midstream, Limits{}, cut(ops, everyByte))
		if midstream || !cutProof(whole) || !cutProof(bytewise) || slices.ContainsFunc(ops, isGap) {
			return
		}
		if !slices.Equal(whole, bytewise) {
			t.Fatalf("%q\nwhole:\n\t%s\nby bytes:\n\t%s", ops, strings.Join(whole, "\n\t"), strings.Join(bytewise, "\n\t"))
		}
	})
}

func isGap(o op) bool { return strings.HasPrefix(o[1:], "gap") || strings.HasPrefix(o[1:], "cut") }

// cutProof reports whether the events do not depend on where pieces of data
// start: where a request's end is not known, the next is looked for at the
// start of a piece; so is a status line in place of a body whose request was
// not seen.
func cutProof(events []string) bool {
	return !slices.ContainsFunc(events, func(e string) bool {
		return strings.HasPrefix(e, "surplus of request") || strings.Contains(e, "presumed HEAD") ||
			strings.HasPrefix(e, "end ") && strings.Contains(e, "garbled") || strings.Contains(e, " invalid ")
	})
}

// The seeds must mean what the scripts mean.
func TestFuzzEncoding(t *testing.T) {
	for _, s := range slices.Concat(framings(), holes()) {
		midstream, ops := decode(encode(s.midstream, s.ops))
		if midstream != s.midstream || !slices.Equal(ops, s.ops) {
			t.Errorf("%s: %q came back as %q", s.name, s.ops, ops)
		}
	}
}
