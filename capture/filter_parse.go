package capture

import (
	"fmt"
	"strings"
)

const (
	// maxFilter is how long an expression may be, in bytes: a thousand
	// addresses fit.
	maxFilter = 32 << 10
	// maxParentheses is how deep they may be nested: Match and the parser
	// call themselves as deep.
	maxParentheses = 64
)

// ParseFilter reads an expression of the language described at [Filter].
// An error names the place, counted in characters from 1, and what to write.
func ParseFilter(expr string) (*Filter, error) {
	if len(expr) > maxFilter {
		return nil, fmt.Errorf("a filter of %d bytes is too long; %d are the limit", len(expr), maxFilter)
	}
	p := &filterParser{expr: expr, tokens: filterTokens(expr)}
	if len(p.tokens) == 0 {
		return nil, fmt.Errorf("the filter is empty; leave it out to take everything")
	}
	root, err := p.expression()
	if err == nil && p.at < len(p.tokens) {
		err = p.trailing()
	}
	if err != nil {
		return nil, err
	}
	return &Filter{root}, nil
}

// filterParser walks through the tokens of an expression.
type filterParser struct {
	expr   string
	tokens []filterToken
	at     int
	depth  int // of parentheses
	// carried are the words that a value without any takes: those of the
	// value before. Behind tcp, ip and ip6 alone, and behind parentheses in
	// which there are words, there are none.
	carried qualifiers
	spoken  bool // there were words since the last open parenthesis
}

// qualifiers stand before a value.
type qualifiers struct {
	protocol string // tcp, ip, ip6 or nothing
	side     side
	kind     string // host, net, port, portrange; nothing if there are no words
}

// word is the token at hand, "" at the end.
func (p *filterParser) word() string { return p.ahead(0) }

func (p *filterParser) ahead(n int) string {
	if p.at+n >= len(p.tokens) {
		return ""
	}
	return p.tokens[p.at+n].text
}

// skip goes past the token at hand if it is the given one.
func (p *filterParser) skip(text string) bool {
	if p.word() != text {
		return false
	}
	p.at++
	return true
}

// expression is operands joined by and and or, from left to right.
func (p *filterParser) expression() (term, error) { return p.chain(p.operand) }

func (p *filterParser) chain(operand func() (term, error)) (term, error) {
	left, err := operand()
	for err == nil {
		op := allOf
		switch {
		case p.skip("and"):
		case p.skip("or"):
			op = anyOf
		default:
			return left, nil
		}
		var right term
		right, err = operand()
		left = joined(op, left, right)
	}
	return term{}, err
}

// operand is a primitive or an expression in parentheses, perhaps negated.
func (p *filterParser) operand() (term, error) {
	negated := p.negations()
	var n term
	var err error
	if p.word() == "(" {
		outer := p.spoken
		p.spoken = false
		n, err = p.parentheses(p.expression)
		if p.spoken {
			p.carried = qualifiers{}
		}
		p.spoken = p.spoken || outer
	} else {
		n, err = p.primitive()
	}
	if negated {
		n = negate(n)
	}
	return n, err
}

// negations reads any number of nots and reports whether they negate.
func (p *filterParser) negations() bool {
	negated := false
	for p.skip("not") {
		negated = !negated
	}
	return negated
}

// parentheses reads what inside reads, from "(" to ")".
func (p *filterParser) parentheses(inside func() (term, error)) (term, error) {
	if p.depth == maxParentheses {
		return term{}, p.errorf("more than %d parentheses inside one another", maxParentheses)
	}
	open := p.at
	p.at++
	p.depth++
	n, err := inside()
	p.depth--
	if err == nil && !p.skip(")") {
		if p.at == len(p.tokens) {
			p.at = open
			return term{}, p.errorf(`"(" is never closed`)
		}
		err = p.trailing()
	}
	return n, err
}

// primitive is a protocol alone, words and a value, or a value that takes the
// words of the one before.
func (p *filterParser) primitive() (term, error) {
	w := qualifiers{}
	switch p.word() {
	case "tcp", "ip", "ip6":
		w.protocol = p.word()
		p.at++
		p.spoken = true
		if !qualifies(p.word()) {
			p.carried = qualifiers{}
			return protocolAlone(w.protocol), nil
		}
	}
	if !qualifies(p.word()) {
		if !isValue(p.word()) || p.carried.kind == "" {
			return term{}, p.unexpected()
		}
		return p.value(p.carried)
	}
	p.spoken = true
	w.side = p.side()
	w.kind = p.kind()
	if err := p.agree(&w); err != nil {
		return term{}, err
	}
	p.carried = w
	return p.values()
}

func protocolAlone(name string) term {
	if name == "tcp" {
		return term{}
	}
	return term{test: test{subject: onFamily, six: name == "ip6"}}
}

// side reads src, dst, or both of them joined.
func (p *filterParser) side() side {
	first, joined, second := p.word(), p.ahead(1), p.ahead(2)
	pair := first == "src" && second == "dst" || first == "dst" && second == "src"
	switch {
	case pair && joined == "and":
		p.at += 3
		return bothEnds
	case pair && joined == "or":
		p.at += 3
		return eitherEnd
	case p.skip("src"):
		return sourceEnd
	case p.skip("dst"):
		return destinationEnd
	}
	return eitherEnd
}

// kind reads the word for the sort of value, if it is there.
func (p *filterParser) kind() string {
	switch kind := p.word(); kind {
	case "host", "net", "port", "portrange":
		p.at++
		return kind
	}
	return ""
}

// agree refuses a protocol that does not go with the kind of value, as
// tcpdump does: the expression is to mean the same there. Where there is no
// kind, it is host.
func (p *filterParser) agree(w *qualifiers) error {
	if w.kind == "" && w.protocol == "tcp" {
		return p.errorf("tcp %s needs port or portrange here", p.tokens[p.at-1].text)
	}
	if w.kind == "" {
		w.kind = "host"
	}
	ports := strings.HasPrefix(w.kind, "port")
	if w.protocol == "" || ports == (w.protocol == "tcp") {
		return nil
	}
	p.at--
	return p.errorf(`%s does not go with %s; write "%s and %s …"`, w.protocol, w.kind, w.protocol, w.kind)
}

// values is a value, or several in parentheses, perhaps negated: "port (80 or
// 443)".
func (p *filterParser) values() (term, error) {
	negated := p.negations()
	var n term
	var err error
	if p.word() == "(" {
		n, err = p.parentheses(func() (term, error) { return p.chain(p.values) })
	} else {
		n, err = p.value(p.carried)
	}
	if negated {
		n = negate(n)
	}
	return n, err
}
