package trace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"connlint/capture"
)

// FromSource makes a trace of the segments of a capture, to cut a test case
// out of it. It reads src to its end; Idle is passed over. On an error the
// trace of what came before is returned with it.
//
// Times, headers, options and the text at the head of each payload stay; the
// rest of a payload becomes filler of the same length, and with it go content
// such as chunk sizes behind the first kilobyte. Packet numbers count
// segments only, link layers become Ethernet, and the capture interface is
// lost. Heads are kept as they are, cookies and all: look before you share.
func FromSource(src capture.Source) (*Trace, error) {
	c := collector{trace: &Trace{}, known: map[pair]int{}}
	for {
		packet, err := src.Next()
		if idle := (capture.Idle{}); errors.As(err, &idle) {
			continue
		}
		if err == nil && packet.Kind == capture.TCP {
			err = c.add(&packet.Segment)
		}
		if errors.Is(err, io.EOF) {
			err = nil
		} else if err == nil {
			continue
		}
		c.label()
		return c.trace, err
	}
}

// pair is the two ends of a connection, the smaller endpoint first.
type pair [2]capture.Endpoint

// collector puts segments into a trace.
type collector struct {
	trace   *Trace
	known   map[pair]int // index of the latest connection of these ends
	isn     [][2]bool    // whether the initial sequence numbers are known
	payload int
}

func (c *collector) add(seen *capture.Segment) error {
	t := c.trace
	if len(t.Packets) == 0 {
		t.Start = seen.Stamp()
	}
	if len(t.Packets) == MaxPackets || len(t.Connections) == MaxConnections {
		return fmt.Errorf("packet %d: more than a trace holds; cut the capture first", seen.Number())
	}
	p := Packet{Segment: *seen}
	p.Connection, p.Side = c.place(seen)
	p.Line = c.line()
	p.Frame = capture.NewFrame(0, uint64(len(t.Packets)+1), seen.Time)
	normalise(&p.Segment)
	if err := check(&p.Segment); err != nil {
		return fmt.Errorf("packet %d: %w", seen.Number(), err)
	}
	if c.payload += p.Len; c.payload > MaxPayload {
		return fmt.Errorf("packet %d: more than %d bytes of payload; cut the capture first", seen.Number(), MaxPayload)
	}
	p.Payload = slices.Clone(seen.Payload)
	text := head(p.Payload)
	at := offset(&p.Segment, t.Connections[p.Connection].ISN[p.Side])
	fill(p.Payload[text:], at+uint32(text))
	t.Packets = append(t.Packets, p)
	return nil
}

// line is the next line of the text that Format will write; the first says
// when the trace starts.
func (c *collector) line() int { return 2 + len(c.trace.Packets) + len(c.trace.Connections) }

// place finds the segment's connection and side, and learns the initial
// sequence numbers. A SYN with a new one on known ends is a new connection.
func (c *collector) place(s *capture.Segment) (int, Side) {
	ends := pair{s.Src, s.Dst}
	if s.Src.Compare(s.Dst) > 0 {
		ends = pair{s.Dst, s.Src}
	}
	i, ok := c.known[ends]
	if ok && s.Flags.Has(capture.SYN) && !s.Flags.Has(capture.ACK) {
		side := c.trace.Connections[i].side(s)
		ok = !c.isn[i][side] || c.trace.Connections[i].ISN[side] == s.Seq
	}
	if !ok {
		i = len(c.trace.Connections)
		c.known[ends] = i
		c.trace.Connections = append(c.trace.Connections, c.open(s))
		c.isn = append(c.isn, [2]bool{})
	}
	connection := &c.trace.Connections[i]
	side := connection.side(s)
	first := s.Seq
	if !s.Flags.Has(capture.SYN) {
		first--
	}
	c.learn(i, side, first)
	if s.Flags.Has(capture.ACK) {
		c.learn(i, 1-side, s.Ack-1)
	}
	return i, side
}

func (c *collector) learn(connection int, side Side, isn capture.Seq) {
	if known := &c.isn[connection][side]; !*known {
		c.trace.Connections[connection].ISN[side], *known = isn, true
	}
}

// open makes the connection that s is the first segment of. Without a
// handshake the server is the end with the smaller port.
func (c *collector) open(s *capture.Segment) Connection {
	client := s.Src.Port() >= s.Dst.Port()
	if s.Flags.Has(capture.SYN) {
		client = !s.Flags.Has(capture.ACK)
	}
	n := Connection{Line: c.line(), Client: s.Src, Server: s.Dst, ISN: defaultISN(len(c.trace.Connections))}
	if !client {
		n.Client, n.Server = s.Dst, s.Src
	}
	return n
}

func (c *Connection) side(s *capture.Segment) Side {
	if s.Src == c.Client && s.Dst == c.Server {
		return Client
	}
	return Server
}

// label names the connections; a single one needs no name.
func (c *collector) label() {
	if c.trace.Start.IsZero() {
		c.trace.Start = time.Unix(0, 0).UTC()
	}
	if len(c.trace.Connections) < 2 {
		return
	}
	for i := range c.trace.Connections {
		c.trace.Connections[i].Label = fmt.Sprintf("c%d", i+1)
	}
}

// normalise brings what a decoder may hand on into what a trace can say, and
// options with Linux's padding into their 40 bytes: least important first.
func normalise(s *capture.Segment) {
	s.Interface = 0
	s.HasIPID = s.Src.Addr().Is4()
	if !s.HasIPID {
		s.IPID = 0
	}
	o := &s.Options
	o.Scale = min(o.Scale, 14)
	if o.FastOpenSize = min(o.FastOpenSize, 16) &^ 1; o.FastOpenSize < 4 {
		o.FastOpenSize = 0
	}
	o.SACKBlocks = min(o.SACKBlocks, uint8(len(o.SACK)))
	if o.SACKBlocks == 0 {
		o.Set &^= capture.OptSACK // none, or malformed
	}
	for _, least := range []capture.OptionSet{capture.OptMPTCP | capture.OptMPJoin, capture.OptFastOpen, capture.OptSACK} {
		if optionsLen(o) > maxOptions {
			o.Set &^= least
		}
	}
}

// head is how much of a payload stays as text: up to a kilobyte of it, or to
// the end of the last HTTP head in it.
func head(b []byte) int {
	const (
		text  = 1 << 10
		heads = 8 << 10
	)
	b = b[:min(len(b), heads)]
	if i := slices.IndexFunc(b, unprintable); i >= 0 {
		b = b[:i]
	}
	if end := bytes.LastIndex(b, []byte("\r\n\r\n")); end >= 0 && end+4 > text {
		return end + 4
	}
	return min(len(b), text)
}

func unprintable(c byte) bool {
	return (c < ' ' || c > '~') && c != '\r' && c != '\n' && c != '\t'
}
