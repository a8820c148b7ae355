package trace

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"connlint/capture"
)

// Parse reads a trace. name stands in messages, which read "name:line: what
// is wrong". The trace keeps no reference to text.
func Parse(name string, text []byte) (*Trace, error) {
	start, err := time.Parse(time.RFC3339, DefaultStart)
	if err != nil {
		return nil, err
	}
	p := &parser{
		trace:  &Trace{Name: name, Start: start},
		labels: map[string]int{},
	}
	var l line
	for len(text) > 0 {
		raw, rest, _ := bytes.Cut(text, []byte{'\n'})
		p.line++
		number := p.line
		err := l.scan(string(raw))
		if err == nil {
			text, err = p.next(&l, rest)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, number, err)
		}
	}
	if p.loop.line != 0 {
		return nil, fmt.Errorf("%s:%d: this repeat has no end", name, p.loop.line)
	}
	return p.trace, nil
}

// next takes a line and is the text to go on with; rest is what follows.
func (p *parser) next(l *line, rest []byte) ([]byte, error) {
	if len(l.words) > 0 {
		switch l.words[0] {
		case "repeat":
			return rest, p.repeat(l.words[1:], rest)
		case "end":
			return p.end(rest)
		}
	}
	return rest, p.statement(l)
}

// parser is a trace in the making.
type parser struct {
	trace    *Trace
	line     int
	loop     loop
	labels   map[string]int // label to index of the connection; "" is the latest without one
	flows    []*flow        // one a connection
	now      int64          // time of the last segment line, ns since the start
	captured uint64         // packets in the capture so far
	payload  int            // bytes, against MaxPayload
}

func (p *parser) statement(l *line) error {
	frame := uint64(0)
	if len(l.words) > 0 {
		before := p.captured
		if err := p.words(l.words); err != nil {
			return err
		}
		if p.captured > before {
			frame = p.captured
		}
	}
	if l.marked && p.loop.pass == 0 {
		p.trace.Marks = append(p.trace.Marks, Mark{p.line, frame, strings.Clone(l.comment)})
	}
	return nil
}

func (p *parser) words(words []string) error {
	switch first := words[0]; first {
	case "conn":
		return p.connection(words[1:])
	case "start", "snaplen":
		if len(words) != 2 {
			return fmt.Errorf("%s takes one value", first)
		}
		if len(p.trace.Packets) > 0 {
			return fmt.Errorf("%s must stand before the first segment", first)
		}
		if first == "start" {
			return p.start(words[1])
		}
		return p.snapLen(words[1])
	default:
		if strings.ContainsRune("+-@", rune(first[0])) {
			return p.segment(words)
		}
		return fmt.Errorf("%q is no line of a trace; it starts with conn, start, snaplen, repeat, end or a time such as +10ms", clip(first))
	}
}

func (p *parser) start(value string) error {
	at, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return fmt.Errorf("start %q is no time such as %s", clip(value), DefaultStart)
	}
	if at.Year() < 1970 || at.Year() > 2105 {
		return errors.New("start lies outside what a pcap file can say, 1970 to 2105")
	}
	p.trace.Start = at.UTC()
	return nil
}

func (p *parser) snapLen(value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > fullFrame {
		return fmt.Errorf("snaplen %q is no number from 1 to %d", clip(value), fullFrame)
	}
	p.trace.SnapLen = n
	return nil
}

// connection reads "[LABEL] CLIENT > SERVER [isn=C:S]".
func (p *parser) connection(words []string) error {
	c := Connection{Line: p.line, ISN: defaultISN(len(p.flows))}
	if len(words) > 0 && isLabel(words[0]) {
		c.Label, words = strings.Clone(words[0]), words[1:]
	}
	if len(words) < 3 || words[1] != ">" {
		return errors.New("a connection reads: conn [label] 10.0.0.1:40000 > 10.0.0.2:80")
	}
	var err error
	if c.Client, err = endpoint(words[0]); err != nil {
		return err
	}
	if c.Client, err = p.moved(c.Client); err != nil {
		return err
	}
	if c.Server, err = endpoint(words[2]); err != nil {
		return err
	}
	if c.Client.Addr().Is4() != c.Server.Addr().Is4() {
		return errors.New("one end is IPv4, the other IPv6")
	}
	for _, word := range words[3:] {
		value, ok := strings.CutPrefix(word, "isn=")
		client, server, both := strings.Cut(value, ":")
		first, err1 := strconv.ParseUint(client, 10, 32)
		second, err2 := strconv.ParseUint(server, 10, 32)
		if !ok || !both || err1 != nil || err2 != nil {
			return fmt.Errorf("%q does not belong here; a connection takes isn=CLIENT:SERVER", clip(word))
		}
		c.ISN = [2]capture.Seq{capture.Seq(first), capture.Seq(second)}
	}
	return p.add(c)
}

func (p *parser) add(c Connection) error {
	if before, ok := p.labels[c.Label]; ok && c.Label != "" {
		return fmt.Errorf("connection %s is already that of line %d", c.Label, p.trace.Connections[before].Line)
	}
	if len(p.flows) == MaxConnections {
		return fmt.Errorf("more than %d connections", MaxConnections)
	}
	p.labels[c.Label] = len(p.flows)
	p.trace.Connections = append(p.trace.Connections, c)
	p.flows = append(p.flows, newFlow(&c))
	return nil
}

func endpoint(word string) (capture.Endpoint, error) {
	ap, err := netip.ParseAddrPort(word)
	if err != nil || ap.Addr().Zone() != "" {
		return capture.Endpoint{}, fmt.Errorf("%q is no address and port such as 10.0.0.1:80 or [2001:db8::1]:80", clip(word))
	}
	return capture.EndpointFrom(ap), nil
}

// isLabel reports whether word can name a connection: a letter, then up to 31
// letters, digits and underscores.
func isLabel(word string) bool {
	for i := range len(word) {
		c := word[i] | 0x20
		letter := c >= 'a' && c <= 'z'
		if !letter && (i == 0 || word[i] != '_' && (word[i] < '0' || word[i] > '9')) {
			return false
		}
	}
	return word != "" && len(word) <= 32
}

// clip keeps a message on one line, whatever the word.
func clip(word string) string {
	if len(word) > 40 {
		return word[:40] + "…"
	}
	return word
}
