package capture

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// value reads a value that the words w stand before.
func (p *filterParser) value(w qualifiers) (term, error) {
	if !isValue(p.word()) {
		return term{}, p.noValue(w)
	}
	var t test
	var err error
	switch word := p.word(); w.kind {
	case "host":
		t, err = hostTest(word, w)
	case "net":
		t, err = netTest(word, w)
	case "port":
		t, err = portTest(word, w)
	case "portrange":
		t, err = rangeTest(word, w)
	}
	if err == nil && t.subject == onAddress && w.protocol != "" && t.six != (w.protocol == "ip6") {
		err = fmt.Errorf("is not of %s", w.protocol)
	}
	if err != nil {
		return term{}, p.errorf("%s %s %v", w.kind, p.quoted(), err)
	}
	p.at++
	return term{test: t}, nil
}

// noValue says what is to follow the words.
func (p *filterParser) noValue(w qualifiers) error {
	what := map[string]string{
		"host": "an address, such as 10.0.0.1 or 2001:db8::1", "net": "a network, such as 10.0.0.0/8 or 2001:db8::/32",
		"port": "a number, such as 80", "portrange": "two numbers, such as 8000-8080",
	}[w.kind]
	if p.at == len(p.tokens) {
		return p.errorf("the expression ends where %s needs %s", w.kind, what)
	}
	return p.errorf("%s needs %s, not %s", w.kind, what, p.quoted())
}

func hostTest(word string, w qualifiers) (test, error) {
	ip, err := netip.ParseAddr(word)
	switch {
	case err == nil && ip.Zone() != "":
		return test{}, fmt.Errorf("has a zone, which is not in packets; leave the %% and what follows out")
	case err == nil:
		return onPrefix(netip.PrefixFrom(ip, ip.BitLen()), w.side), nil
	case looksLikeNet(word):
		return test{}, fmt.Errorf("is a network; write net %s", word)
	case isNumber(word):
		return test{}, fmt.Errorf("is no address; write port %s if it is a port", word)
	case looksLikeAddress(word):
		return test{}, fmt.Errorf("is not an IP address")
	}
	return test{}, fmt.Errorf("is a name; names are not looked up, write its IP address")
}

func netTest(word string, w qualifiers) (test, error) {
	text, length, sized := strings.Cut(word, "/")
	ip, bits, err := netAddress(text)
	if err != nil {
		return test{}, err
	}
	if sized {
		bits, err = strconv.Atoi(length)
		if err != nil || !isNumber(length) || bits > ip.BitLen() {
			return test{}, fmt.Errorf("has no good length behind the /: it is a number up to %d", ip.BitLen())
		}
	}
	prefix := netip.PrefixFrom(ip, bits)
	if masked := prefix.Masked(); masked != prefix {
		return test{}, fmt.Errorf("has bits behind its length; the network is %v", masked)
	}
	return onPrefix(prefix, w.side), nil
}

// netAddress reads an address of which the last parts may be missing: 10.1 is
// 10.1.0.0/16, and a whole address without a length is a host (pcap-filter(7)).
func netAddress(text string) (ip netip.Addr, bits int, err error) {
	if ip, err = netip.ParseAddr(text); err == nil {
		if ip.Zone() != "" {
			return ip, 0, fmt.Errorf("has a zone, which is not in packets; leave the %% and what follows out")
		}
		return ip, ip.BitLen(), nil
	}
	parts := 1 + strings.Count(text, ".")
	ip, err = netip.ParseAddr(text + strings.Repeat(".0", max(0, 4-parts)))
	switch {
	case looksLikeAddress(text) && (err != nil || !ip.Is4()):
		return ip, 0, fmt.Errorf("is not a network")
	case err != nil:
		return ip, 0, fmt.Errorf("is a name; names are not looked up, write its address and length, such as 10.0.0.0/8")
	case ip.As4()[0] == 0: // tcpdump takes leading zeros off
		return ip, 0, fmt.Errorf("starts with 0; write all four parts and the length")
	}
	return ip, 8 * parts, nil
}

func portTest(word string, w qualifiers) (test, error) {
	n, err := portNumber(word)
	return test{subject: onPort, side: w.side, from: n, to: n}, err
}

func rangeTest(word string, w qualifiers) (test, error) {
	low, high, ranged := strings.Cut(word, "-")
	from, err := portNumber(low)
	to := from
	if err == nil && ranged {
		to, err = portNumber(high)
	}
	return test{subject: onPort, side: w.side, from: min(from, to), to: max(from, to)}, err
}

// portNumber reads a port. Of the names of services only HTTP's are known: a
// filter is to mean the same on every host.
func portNumber(word string) (uint16, error) {
	switch word {
	case "http":
		return 80, nil
	case "https":
		return 443, nil
	case "http-alt":
		return 8080, nil
	}
	n, err := strconv.ParseUint(word, 10, 16)
	switch {
	case err == nil && word != "0" && word[0] == '0':
		return 0, fmt.Errorf("starts with 0, which tcpdump takes for octal; leave the 0 out")
	case err == nil:
		return uint16(n), nil
	case isNumber(word):
		return 0, fmt.Errorf("is not a port; the last is 65535")
	case len(word) > 0 && isNumber(strings.ReplaceAll(word, "-", "")):
		return 0, fmt.Errorf("is not one number; write portrange 8000-8080")
	}
	return 0, fmt.Errorf("is not a number; of names only http, https and http-alt are known")
}

// isNumber reports whether a word is made of digits.
func isNumber(word string) bool { return word != "" && strings.Trim(word, "0123456789") == "" }

// looksLikeAddress reports whether a word was meant for an IP address, whole
// or in part.
func looksLikeAddress(word string) bool {
	return strings.Contains(word, ":") || strings.Trim(word, "0123456789.") == ""
}

func looksLikeNet(word string) bool {
	ip, _, sized := strings.Cut(word, "/")
	return sized && looksLikeAddress(ip)
}
