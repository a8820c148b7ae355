package capture

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// filterToken is a word of an expression, or a character that is in none.
type filterToken struct {
	text string // and, or, not also where &&, ||, ! were written
	at   int    // its first byte
}

// filterTokens takes an expression apart. What has no place in the language
// becomes tokens too, for the parser to complain about.
func filterTokens(expr string) []filterToken {
	var list []filterToken
	for at := 0; at < len(expr); {
		if strings.IndexByte(" \t\r\n", expr[at]) >= 0 {
			at++
			continue
		}
		size := tokenSize(expr[at:])
		text := expr[at : at+size]
		switch text {
		case "&&":
			text = "and"
		case "||":
			text = "or"
		case "!":
			text = "not"
		}
		list = append(list, filterToken{text, at})
		at += size
	}
	return list
}

// tokenSize is how many bytes the first token takes, at least one.
func tokenSize(s string) int {
	if strings.HasPrefix(s, "&&") || strings.HasPrefix(s, "||") {
		return 2
	}
	size := 0
	for size < len(s) && isWordByte(s[size]) {
		size++
	}
	if size > 0 {
		return size
	}
	_, size = utf8.DecodeRuneInString(s)
	return size
}

func isWordByte(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte(".:/-_%", c) >= 0
}

// qualifies reports whether a word says something of the value behind it.
func qualifies(word string) bool {
	return slices.Contains([]string{"src", "dst", "host", "net", "port", "portrange"}, word)
}

// isValue reports whether a token can be a value: a word that has no meaning
// of its own.
func isValue(word string) bool {
	return word != "" && isWordByte(word[0]) && !qualifies(word) &&
		!slices.Contains([]string{"tcp", "ip", "ip6", "and", "or", "not"}, word)
}

// errorf complains about the token at hand.
func (p *filterParser) errorf(format string, args ...any) error {
	at := len(p.expr)
	if p.at < len(p.tokens) {
		at = p.tokens[p.at].at
	}
	character := utf8.RuneCountInString(p.expr[:at]) + 1
	return fmt.Errorf("filter, character %d: %s", character, fmt.Sprintf(format, args...))
}

// quoted is the token at hand as it is shown in errors.
func (p *filterParser) quoted() string {
	const enough = 60
	word := p.word()
	if len(word) > enough {
		return fmt.Sprintf("%q…", strings.ToValidUTF8(word[:enough], ""))
	}
	return fmt.Sprintf("%q", word)
}

const filterWords = "the words are tcp, ip, ip6, host, net, port, portrange, src, dst, and, or, not and parentheses"

// unexpected says why the token at hand cannot begin a primitive.
func (p *filterParser) unexpected() error {
	switch word := p.word(); word {
	case "":
		return p.errorf("the expression ends where host, net, port or another word is to come")
	case "udp", "icmp", "icmp6", "igmp", "sctp", "arp", "rarp", "ah", "esp", "pim", "vrrp", "atalk", "decnet", "iso", "stp":
		return p.errorf("connlint reads TCP only, so that %q would match nothing", word)
	case "ether", "link", "vlan", "mpls", "pppoed", "pppoes", "geneve", "vxlan", "wlan", "fddi", "tr", "ppp", "slip":
		return p.errorf("%q is a header before IP; these are looked through, leave it out", word)
	case "less", "greater", "len":
		return p.errorf("%q: packets are chosen by address and port only, for a connection cannot be judged by some of its packets", word)
	case ")", "and", "or":
		return p.errorf("%q where host, net, port or another word is to come", word)
	default:
		return p.unknown(word)
	}
}

// unknown says what a word that means nothing here may have been meant for.
func (p *filterParser) unknown(word string) error {
	switch {
	case !isWordByte(word[0]):
		return p.errorf("%s has no meaning here; %s", p.quoted(), filterWords)
	case isNumber(word):
		return p.errorf(`say what %s is: "port %s"?`, p.quoted(), word)
	case looksLikeNet(word):
		return p.errorf(`say what %s is: "net %s"?`, p.quoted(), word)
	case looksLikeAddress(word):
		return p.errorf(`say what %s is: "host %s"?`, p.quoted(), word)
	}
	return p.errorf("%s is not a word of this language; %s", p.quoted(), filterWords)
}

// trailing says why the token at hand cannot follow what is complete.
func (p *filterParser) trailing() error {
	switch word := p.word(); word {
	case ")":
		return p.errorf(`")" without a "(" before it`)
	case "[":
		return p.errorf(`"[": packets are chosen by address and port only, for a connection cannot be judged by some of its packets`)
	case "mask":
		return p.errorf(`"mask" is not in this language; write net ADDRESS/BITS`)
	}
	return p.errorf("%s is not expected here; join what stands side by side with and or or", p.quoted())
}
