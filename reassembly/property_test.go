package reassembly

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"connlint/capture"
)

// naive puts a stream together in the plainest way there is: a byte at a
// time, and what comes first stays. It is the opinion that the tracker is
// held against.
type naive struct {
	bytes []byte
	known []bool
}

func (n *naive) add(at int, payload []byte) {
	for i, b := range payload {
		for len(n.bytes) <= at+i {
			n.bytes, n.known = append(n.bytes, 0), append(n.known, false)
		}
		if !n.known[at+i] {
			n.bytes[at+i], n.known[at+i] = b, true
		}
	}
}

// cut is one segment of a random stream.
type cut struct {
	side Side
	at   int
	data []byte // as on the wire
	keep int
	fin  bool
}

// cuts cuts two random streams into segments, repeats some, lets some
// overlap, and shuffles them within a window.
func cuts(rng *rand.Rand, streams [2][]byte, window int, snap bool) []cut {
	var out []cut
	for side, s := range streams {
		for at := 0; at < len(s); {
			n := min(1+rng.IntN(1500), len(s)-at)
			c := cut{side: Side(side), at: at, data: s[at : at+n], keep: n}
			if snap && rng.IntN(3) == 0 {
				c.keep = rng.IntN(n + 1)
			}
			out = append(out, c)
			if rng.IntN(6) == 0 {
				out = append(out, c) // a repetition
			}
			if at > 0 && rng.IntN(8) == 0 && !snap {
				back := min(at, rng.IntN(3000))
				more := min(len(s), at+rng.IntN(2000))
				out = append(out, cut{side: Side(side), at: at - back, data: s[at-back : more], keep: more - at + back})
			}
			at += n
		}
		out = append(out, cut{side: Side(side), at: len(s), fin: true})
	}
	for i := range out {
		j := min(i+rng.IntN(window), len(out)-1)
		out[i], out[j] = out[j], out[i]
	}
	return out
}

// play sends the segments, every one with the acknowledgement that a receiver
// would send: what is contiguous of what passed so far.
func play(w *wire, list []cut, drop func(int) bool) (heard [2]naive) {
	acked := [2]int{}
	for i, c := range list {
		if !drop(i) {
			g := seg{flags: psh, seq: 1 + c.at, ack: 1 + acked[c.side.Peer()], data: string(c.data)}
			if c.fin {
				g.flags |= fin
			}
			if g.keep = c.keep; c.keep == len(c.data) {
				g.keep = 0
			} else if c.keep == 0 {
				g.keep = -1
			}
			w.send(20*us, c.side, g)
		}
		heard[c.side].add(c.at, c.data)
		for k := heard[c.side].known; acked[c.side] < len(k) && k[acked[c.side]]; {
			acked[c.side]++
		}
	}
	return heard
}

func randomStreams(rng *rand.Rand) (s [2][]byte) {
	for i := range s {
		s[i] = make([]byte, rng.IntN(60_000))
		for j := range s[i] {
			s[i][j] = byte(rng.Uint32())
		}
	}
	return s
}

// Whatever is done to the segments short of losing them, the stream comes out
// as it went in, also over the wrap of the sequence numbers.
func TestStreamsComeOutWhole(t *testing.T) {
	for seed := range uint64(150) {
		rng := rand.New(rand.NewPCG(seed, 1))
		streams := randomStreams(rng)
		w := newWire(t, Config{})
		w.isn = [2]capture.Seq{-capture.Seq(rng.IntN(50_000)), capture.Seq(rng.Uint32())}
		w.shake()
		heard := play(w, cuts(rng, streams, 1+rng.IntN(12), false), func(int) bool { return false })
		f := w.only()
		for side := range streams {
			if !bytes.Equal(f.bytes[side], streams[side]) || !bytes.Equal(f.bytes[side], heard[side].bytes) {
				t.Fatalf("seed %d: the %s's stream of %d bytes came out as %d", seed, Side(side), len(streams[side]), len(f.bytes[side]))
			}
			if len(f.gaps[side]) > 0 || f.fins[side] != 1 || f.rec.Flow[side].Bytes != uint64(len(streams[side])) {
				t.Fatalf("seed %d: gaps %v, %d FINs, %d of %d bytes", seed, gapsOf(f, Side(side)), f.fins[side], f.rec.Flow[side].Bytes, len(streams[side]))
			}
		}
	}
}

// What was dropped from the capture or cut by the snap length is exactly what
// is missing; every other byte is there, in its place.
func TestGapsAreWhatIsMissing(t *testing.T) {
	for seed := range uint64(150) {
		rng := rand.New(rand.NewPCG(seed, 2))
		streams := randomStreams(rng)
		w := newWire(t, Config{})
		w.isn = [2]capture.Seq{-capture.Seq(rng.IntN(50_000)), capture.Seq(rng.Uint32())}
		w.shake()
		list := cuts(rng, streams, 1, seed%2 == 0)
		var seen [2]naive
		dropped := map[int]bool{}
		for i, c := range list {
			if dropped[i] = !c.fin && rng.IntN(10) == 0; dropped[i] {
				continue
			}
			first := slices.IndexFunc(list[:i], func(o cut) bool {
				return o.side == c.side && o.at <= c.at && o.at+len(o.data) >= c.at+len(c.data) && len(o.data) > 0
			})
			if first < 0 || dropped[first] || c.keep == len(c.data) {
				seen[c.side].add(c.at, c.data[:c.keep])
			}
		}
		play(w, list, func(i int) bool { return dropped[i] })
		f := w.only()
		for side, stream := range streams {
			if len(f.bytes[side]) != len(stream) {
				t.Fatalf("seed %d: %d bytes and gaps of %d", seed, len(f.bytes[side]), len(stream))
			}
			seen[side].add(len(stream), nil)
			missing := make([]bool, len(stream))
			for _, g := range f.gaps[side] {
				for i := range g.Missing {
					missing[g.Offset+i] = true
				}
			}
			for i, b := range stream {
				known := i < len(seen[side].known) && seen[side].known[i]
				if missing[i] && f.bytes[side][i] != 0 || !missing[i] && (!known || f.bytes[side][i] != b) {
					t.Fatalf("seed %d: %s byte %d: missing %v, captured %v", seed, Side(side), i, missing[i], known)
				}
				if missing[i] && known && seed%2 == 1 { // a repetition may come behind the proof of a gap
					if !repeatedLater(list, dropped, Side(side), i) {
						t.Fatalf("seed %d: %s byte %d was captured and is a gap", seed, Side(side), i)
					}
				}
			}
		}
	}
}

// repeatedLater reports whether the byte is in more than one segment, one of
// them dropped: the other came when the gap was already proven.
func repeatedLater(list []cut, dropped map[int]bool, side Side, i int) bool {
	lost := false
	for k, c := range list {
		if c.side == side && c.at <= i && i < c.at+len(c.data) {
			lost = lost || dropped[k]
		}
	}
	return lost
}

// record is a Handler that writes everything down as text, by connection.
type record struct {
	lines map[uint64][]string
	order []uint64
}

func (r *record) add(c *Connection, format string, args ...any) {
	id := c.ID()
	if r.lines[id] == nil {
		r.order = append(r.order, id)
	}
	r.lines[id] = append(r.lines[id], fmt.Sprintf(format, args...))
}

func (r *record) Open(c *Connection) { r.add(c, "open %s", c.Client()) }
func (r *record) Segment(c *Connection, s *capture.Segment, rd *Reading) {
	r.add(c, "segment %d %+v", s.Number(), *rd)
}
func (r *record) Data(c *Connection, side Side, ch Chunk) { r.add(c, "data %s %+v", side, ch) }
func (r *record) Close(c *Connection, why Reason) {
	rec := *c
	rec.slot, rec.prev, rec.next, rec.queue, rec.queued = 0, 0, 0, 0, 0
	for i := range rec.Flow {
		rec.Flow[i].sent, rec.Flow[i].waiting = sentList{}, 0
	}
	r.add(c, "close %s %+v", why, rec)
}

// A tick of the clock between packets changes when something is reported,
// never what.
func TestTicksChangeNothing(t *testing.T) {
	for seed := range uint64(60) {
		run := func(ticks bool) (*record, Stats) {
			rng := rand.New(rand.NewPCG(seed, 3))
			tick := rand.New(rand.NewPCG(seed, 4))
			rec := &record{lines: map[uint64][]string{}}
			tr := New(Config{Connections: 12, Remembered: 5, Linger: 2e9, Remember: 20e9, IdleLimit: 30e9, EmbryonicLimit: 10e9}, rec)
			now := int64(1e15)
			for i := range 600 {
				before := now
				now += rng.Int64N(3e9)
				if rng.IntN(50) == 0 {
					now += 40e9
				}
				if ticks {
					for at := before; at < now; at += 1 + tick.Int64N(2e9) {
						tr.Advance(at)
					}
				}
				s := randomSegment(rng, 16)
				s.Frame = capture.NewFrame(0, uint64(i+1), now)
				tr.Segment(&s)
			}
			if ticks {
				tr.Advance(now) // later, and it would know of more silence than the capture
			}
			tr.Finish()
			return rec, tr.Stats()
		}
		plain, a := run(false)
		ticked, b := run(true)
		if a != b || len(plain.order) != len(ticked.order) {
			t.Fatalf("seed %d: %+v without ticks, %+v with", seed, a, b)
		}
		for _, id := range plain.order {
			if !slices.Equal(plain.lines[id], ticked.lines[id]) {
				t.Fatalf("seed %d, connection %d:\n%q\nwith ticks\n%q", seed, id, plain.lines[id], ticked.lines[id])
			}
		}
	}
}

// randomSegment is a segment of one of n connections with few sequence
// numbers, so that everything that can happen does.
func randomSegment(rng *rand.Rand, n int) capture.Segment {
	flags := []capture.Flags{syn, synack, ack, ack, ack, psh, psh, psh, finack, finack, rst, rst | ack}
	a := capture.Endpoint4([]byte{10, 0, 0, 1}, uint16(40000+rng.IntN(n)))
	b := capture.Endpoint4([]byte{10, 0, 0, 2}, 80)
	if rng.IntN(2) == 0 {
		a, b = b, a
	}
	s := capture.Segment{Src: a, Dst: b, Flags: flags[rng.IntN(len(flags))], Seq: capture.Seq(rng.IntN(12)) - 4, Ack: capture.Seq(rng.IntN(12)) - 4,
		Window: uint16(rng.IntN(3)), HasIPID: true, IPID: uint16(rng.IntN(4))}
	if s.Flags&psh == psh {
		s.Payload = []byte("abcdefgh")[:1+rng.IntN(8)]
		s.Len = len(s.Payload)
	}
	return s
}
