package trace

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"connlint/capture"
)

// pending is a segment line half read.
type pending struct {
	Packet
	flow   *flow
	ns     int64  // since the start
	label  string // of the connection, for messages
	copied bool   // retrans or dup: the payload is that of another packet
	pieces []piece
	size   int // of the pieces
	snap   int // captured payload bytes; -1: as the snap length has it
	seen   []string
}

// segment reads "TIME [LABEL]>|< FLAGS|retrans[=N]|dup [WORD…]".
func (p *parser) segment(words []string) error {
	if len(words) < 3 {
		return errors.New("a segment reads: +10ms > P. \"payload\"")
	}
	if len(p.trace.Packets) == MaxPackets {
		return fmt.Errorf("more than %d packets", MaxPackets)
	}
	s := &pending{snap: -1}
	if err := p.when(s, words[0]); err != nil {
		return err
	}
	if err := p.whose(s, words[1]); err != nil {
		return err
	}
	if err := p.what(s, words[2]); err != nil {
		return err
	}
	for _, word := range words[3:] {
		if err := s.word(word, p.payload); err != nil {
			return err
		}
	}
	return p.finish(s)
}

func (p *parser) when(s *pending, word string) error {
	from, text := p.now, word
	if at, ok := strings.CutPrefix(word, "@"); ok {
		from, text = 0, at
	}
	d, err := time.ParseDuration(text)
	s.ns = from + int64(d)
	if err != nil || (d > 0) != (s.ns > from) {
		return fmt.Errorf("%q is no time such as +10ms, -2us or @1.5s", clip(word))
	}
	return nil
}

func (p *parser) whose(s *pending, word string) error {
	label, ok := strings.CutSuffix(word, ">")
	if !ok {
		if label, ok = strings.CutSuffix(word, "<"); !ok {
			return fmt.Errorf("%q is no direction such as >, < or b>", clip(word))
		}
		s.Side = Server
	}
	index, ok := p.labels[label]
	if !ok && label == "" {
		return errors.New("no connection without a label yet; it takes a line such as: conn 10.0.0.1:40000 > 10.0.0.2:80")
	}
	if !ok {
		return fmt.Errorf("no connection %q yet", clip(label))
	}
	s.Connection, s.flow, s.label = index, p.flows[index], label
	return nil
}

// what reads the flags, or which packet is to be repeated, and fills in the
// header that follows by itself.
func (p *parser) what(s *pending, word string) error {
	me := &s.flow.ends[s.Side]
	back, repeat := strings.CutPrefix(word, "retrans")
	switch {
	case word == "dup":
		if me.last < 0 {
			return errors.New("dup has no packet of this side to repeat")
		}
		s.Segment, s.copied = p.trace.Packets[me.last].Segment, true
		return nil
	case repeat:
		n, err := 1, error(nil)
		if back != "" {
			n, err = strconv.Atoi(strings.TrimPrefix(back, "="))
		}
		if err != nil || n < 1 || n > len(me.fresh) {
			return fmt.Errorf("%s: this side has sent %d segments with new bytes, SYN or FIN", clip(word), len(me.fresh))
		}
		s.Segment = s.flow.again(s.Side, &p.trace.Packets[me.fresh[len(me.fresh)-n]].Segment, s.ns)
		s.copied = true
		return nil
	}
	flags, err := parseFlags(word)
	s.Segment = s.flow.expect(s.Side, flags, s.ns)
	return err
}

// again is old, sent once more: the same bytes of the stream under a new
// header.
func (f *flow) again(side Side, old *capture.Segment, ns int64) capture.Segment {
	s := f.expect(side, old.Flags, ns)
	s.Seq, s.Len, s.Payload = old.Seq, old.Len, old.Payload
	const same = capture.OptMSS | capture.OptWindowScale | capture.OptSACKPermitted |
		capture.OptFastOpen | capture.OptMPTCP | capture.OptMPJoin
	s.Options.Set |= old.Options.Set & same
	s.Options.MSS, s.Options.Scale, s.Options.FastOpenSize =
		old.Options.MSS, old.Options.Scale, old.Options.FastOpenSize
	return s
}

func parseFlags(word string) (capture.Flags, error) {
	var flags capture.Flags
	if word == "-" {
		return 0, nil
	}
	for _, c := range word {
		// The letters in the order of the bits of a TCP header.
		i := strings.IndexRune("FSRP.UEW", c)
		if i < 0 {
			return 0, fmt.Errorf("%q are no flags; they are of F S R P U E W and . for ACK, or - for none", clip(word))
		}
		flags |= 1 << i
	}
	return flags, nil
}

// finish puts the payload in place, cuts it as a capture would, and adds the
// segment to the trace.
func (p *parser) finish(s *pending) error {
	t := p.trace
	c := &t.Connections[s.Connection]
	s.Line = p.line
	s.Src, s.Dst = c.fromTo(s.Side)
	s.Frame = capture.NewFrame(0, 0, t.Start.UnixNano()+s.ns)
	if !s.Dropped {
		s.Frame = capture.NewFrame(0, p.captured+1, s.Time)
	}
	if !s.copied {
		s.Len = s.size
	}
	if err := check(&s.Segment); err != nil {
		return err
	}
	if p.payload += s.Len; p.payload > MaxPayload {
		return fmt.Errorf("more than %d bytes of payload in all", MaxPayload)
	}
	kept, err := t.kept(&s.Segment)
	if err != nil {
		return err
	}
	if s.snap >= 0 {
		kept = min(kept, s.snap)
	}
	if s.copied {
		s.Payload = s.Payload[:min(kept, len(s.Payload))]
	} else {
		s.Payload = join(s.pieces, s.size, kept, offset(&s.Segment, c.ISN[s.Side]))
	}
	p.captured, p.now = max(p.captured, s.Number()), s.ns
	t.Packets = append(t.Packets, s.Packet)
	last := len(t.Packets) - 1
	s.flow.advance(last, &t.Packets[last], s.ns)
	return nil
}

// kept is how many payload bytes of s the trace's snap length leaves.
func (t *Trace) kept(s *capture.Segment) (int, error) {
	if t.SnapLen == 0 {
		return s.Len, nil
	}
	room := t.SnapLen - headerLen(s)
	if room < 0 {
		return 0, fmt.Errorf("snaplen %d cuts into the headers of this segment, which take %d bytes", t.SnapLen, headerLen(s))
	}
	return min(s.Len, room), nil
}
