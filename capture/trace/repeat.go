package trace

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"

	"connlint/capture"
)

// maxLines is how many lines repetitions may come to: what limits a text
// without them is its size.
const maxLines = 1 << 21

// loop is a block between repeat and end.
type loop struct {
	times  int
	pass   int    // which one is being read, from 0
	body   []byte // the text from the line behind repeat on
	line   int    // of repeat; 0: there is no loop
	passed int    // lines read in passes but the first, of all loops
}

// repeat begins a loop at "repeat N".
func (p *parser) repeat(words []string, rest []byte) error {
	if p.loop.line != 0 {
		return fmt.Errorf("the repeat of line %d has not ended", p.loop.line)
	}
	if len(words) != 1 {
		return errors.New("repeat takes one number")
	}
	n, err := strconv.Atoi(words[0])
	if err != nil || n < 1 || n > MaxConnections {
		return fmt.Errorf("repeat %q is no number from 1 to %d", clip(words[0]), MaxConnections)
	}
	p.loop = loop{times: n, body: rest, line: p.line, passed: p.loop.passed}
	return nil
}

// end is the text to go on with behind the line "end": the loop's body again,
// or what follows.
func (p *parser) end(rest []byte) ([]byte, error) {
	l := &p.loop
	if l.line == 0 {
		return nil, errors.New("end without a repeat")
	}
	if l.pass++; l.pass == l.times {
		*l = loop{passed: l.passed}
		return rest, nil
	}
	if l.passed += p.line - l.line; l.passed > maxLines {
		return nil, fmt.Errorf("more than %d lines", maxLines)
	}
	p.line = l.line
	return l.body, nil
}

// moved is the client of a connection in the pass that is being read: its port
// goes up by one each time.
func (p *parser) moved(e capture.Endpoint) (capture.Endpoint, error) {
	port := int(e.Port()) + p.loop.pass
	if port > 65535 {
		return e, fmt.Errorf("there is no port %d", port)
	}
	return capture.EndpointFrom(netip.AddrPortFrom(e.Addr(), uint16(port))), nil
}
