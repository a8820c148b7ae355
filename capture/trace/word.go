package trace

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"connlint/capture"
)

// word reads one word behind the flags. before is the payload of all lines
// before this one, in bytes.
func (s *pending) word(word string, before int) error {
	if word[0] == '"' {
		text, err := strconv.Unquote(word)
		if err != nil {
			return fmt.Errorf("%s is not quoted as Go quotes", clip(word))
		}
		return s.piece(piece{text: text}, before)
	}
	key, value, valued := strings.Cut(word, "=")
	if key == "len" {
		n, err := number(word, value, MaxPayload)
		if err != nil {
			return err
		}
		return s.piece(piece{n: int(n)}, before)
	}
	if slices.Contains(s.seen, key) {
		return fmt.Errorf("%s stands twice", clip(key))
	}
	s.seen = append(s.seen, key)
	switch key {
	case "sackok", "mptcp", "mpjoin", "nots", "drop", "lost":
		if valued {
			return fmt.Errorf("%s takes no value", key)
		}
		return s.bare(key)
	case "tfo", "ts":
		return s.optional(key, value, valued)
	}
	if !valued {
		return fmt.Errorf("%q is no word for a segment", clip(word))
	}
	return s.valued(word, key, value)
}

func (s *pending) piece(p piece, before int) error {
	if s.copied {
		return errors.New("a repeated segment brings its own payload")
	}
	s.size += p.n + len(p.text)
	if before+s.size > MaxPayload {
		return fmt.Errorf("more than %d bytes of payload in all", MaxPayload)
	}
	s.pieces = append(s.pieces, p)
	return nil
}

// bare takes the words that have no value.
func (s *pending) bare(key string) error {
	switch key {
	case "sackok":
		s.Options.Set |= capture.OptSACKPermitted
	case "mptcp":
		s.Options.Set |= capture.OptMPTCP
	case "mpjoin":
		s.Options.Set |= capture.OptMPTCP | capture.OptMPJoin
	case "nots":
		s.Options.Set &^= capture.OptTimestamps
		s.Options.TSVal, s.Options.TSEcr = 0, 0
	case "drop":
		s.Dropped = true
	case "lost":
		s.Lost = true
	}
	return nil
}

// optional takes the words that may have a value.
func (s *pending) optional(key, value string, valued bool) error {
	if key == "tfo" {
		s.Options.Set |= capture.OptFastOpen
		if !valued {
			return nil
		}
		n, err := strconv.Atoi(value)
		if err != nil || n < 4 || n > 16 || n%2 != 0 { // RFC 7413 §4.1.1
			return fmt.Errorf("tfo=%s: a cookie has 4 to 16 bytes, an even number", clip(value))
		}
		s.Options.FastOpenSize = uint8(n)
		return nil
	}
	s.flow.ends[s.Side].clock.stamp(&s.Segment, s.ns)
	val, ecr, echoed := strings.Cut(value, ":")
	if val != "" {
		n, err := number("ts="+value, val, 1<<32-1)
		if err != nil {
			return err
		}
		s.Options.TSVal = uint32(n)
	}
	if echoed {
		n, err := number("ts="+value, ecr, 1<<32-1)
		if err != nil {
			return err
		}
		s.Options.TSEcr = uint32(n)
	}
	if valued && value == "" {
		return errors.New("ts= takes VAL, VAL:ECR or :ECR")
	}
	return nil
}

// valued takes the words that must have a value.
func (s *pending) valued(word, key, value string) error {
	var n uint64
	var err error
	switch key {
	case "seq":
		s.Seq, err = place(word, value, s.Seq, s.flow.ends[s.Side].isn)
	case "ack":
		// Forced relative to what would follow, also where no flag says ACK.
		follows := s.flow.ends[s.Side].received.next
		s.Ack, err = place(word, value, follows, s.flow.ends[1-s.Side].isn)
	case "win":
		n, err = number(word, value, 1<<16-1)
		s.Window = uint16(n)
	case "ttl":
		n, err = number(word, value, 1<<8-1)
		s.TTL = uint8(n)
	case "ipid":
		if !s.HasIPID {
			return errors.New("ipid: IPv6 has no identification")
		}
		n, err = number(word, value, 1<<16-1)
		s.IPID = uint16(n)
	case "mss":
		n, err = number(word, value, 1<<16-1)
		s.Options.MSS = uint16(n)
		s.Options.Set |= capture.OptMSS
	case "ws":
		n, err = number(word, value, 14) // RFC 7323 §2.3
		s.Options.Scale = uint8(n)
		s.Options.Set |= capture.OptWindowScale
	case "snap":
		n, err = number(word, value, MaxPayload)
		s.snap = int(n)
	case "sack":
		return s.sack(value)
	default:
		return fmt.Errorf("%q is no word for a segment", clip(word))
	}
	return err
}

// sack reads "L-R,L-R…", counted in the other side's stream.
func (s *pending) sack(value string) error {
	isn := s.flow.ends[1-s.Side].isn
	blocks := strings.Split(value, ",")
	if len(blocks) > len(s.Options.SACK) {
		return fmt.Errorf("sack has %d blocks; %d is all there is room for", len(blocks), len(s.Options.SACK))
	}
	s.Options.Set |= capture.OptSACK
	s.Options.SACKBlocks = uint8(len(blocks))
	for i, block := range blocks {
		left, right, _ := strings.Cut(block, "-")
		l, err1 := strconv.ParseUint(left, 10, 32)
		r, err2 := strconv.ParseUint(right, 10, 32)
		if err1 != nil || err2 != nil {
			return fmt.Errorf("sack=%s does not read LEFT-RIGHT,LEFT-RIGHT", clip(value))
		}
		s.Options.SACK[i] = capture.Block{Left: isn + capture.Seq(l), Right: isn + capture.Seq(r)}
	}
	return nil
}

// place reads a sequence number: counted from isn, or with a sign from what
// would follow.
func place(word, value string, follows, isn capture.Seq) (capture.Seq, error) {
	if value != "" && (value[0] == '+' || value[0] == '-') {
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil {
			return 0, fmt.Errorf("%q: the distance does not fit 32 bits", clip(word))
		}
		return follows.Add(int(n)), nil
	}
	n, err := number(word, value, 1<<32-1)
	return isn + capture.Seq(n), err
}

func number(word, value string, most uint64) (uint64, error) {
	n, err := strconv.ParseUint(value, 10, 64)
	if err != nil || n > most {
		return 0, fmt.Errorf("%q takes a number up to %d", clip(word), most)
	}
	return n, nil
}
