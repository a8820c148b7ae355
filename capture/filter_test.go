package capture

import (
	"net/netip"
	"strings"
	"testing"
)

// segmentBetween is a segment of the given ends as the decoder sets it.
func segmentBetween(src, dst string) *Segment {
	s := &Segment{Src: EndpointFrom(netip.MustParseAddrPort(src)), Dst: EndpointFrom(netip.MustParseAddrPort(dst))}
	s.HasIPID = netip.MustParseAddrPort(src).Addr().Is4()
	return s
}

// filterSegments are what the tests below choose from, by a letter.
func filterSegments() map[byte]*Segment {
	return map[byte]*Segment{
		'a': segmentBetween("10.0.0.1:40000", "10.0.0.2:80"),
		'b': segmentBetween("10.0.0.2:80", "10.0.0.1:40000"),
		'c': segmentBetween("10.1.2.3:40001", "192.168.0.1:443"),
		'd': segmentBetween("[2001:db8::1]:40002", "[2001:db8::2]:8080"),
		'e': segmentBetween("[fe80::1]:80", "[2001:db8::1]:80"),
		'f': segmentBetween("[::ffff:10.0.0.1]:40000", "[::ffff:10.0.0.2]:80"), // IPv6 on the wire
	}
}

// chosen is the letters of the segments that f takes.
func chosen(f *Filter) string {
	var b strings.Builder
	all := filterSegments()
	for c := byte('a'); all[c] != nil; c++ {
		if f.Match(all[c]) {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func TestFilter(t *testing.T) {
	for expr, want := range map[string]string{
		"tcp": "abcdef", "ip": "abc", "ip6": "def", "not ip": "def", "! ! ip": "abc",
		"host 10.0.0.1": "ab", "src host 10.0.0.1": "a", "dst 10.0.0.1": "b", "src 10.0.0.1": "a",
		"src or dst host 10.0.0.1": "ab", "dst and src net 10.0.0.0/24": "ab", "src and dst port 80": "e",
		"ip host 10.0.0.1": "ab", "ip6 host ::ffff:10.0.0.1": "f", "host ::ffff:10.0.0.1": "f",
		"host 2001:db8::1": "de", "ip6 dst host 2001:db8::1": "e",
		"net 10": "abc", "net 10.1": "c", "net 10.1.2": "c", "net 10.1.2.3": "c", "net 10.0.0.0": "", "net 10.0.0.0/8": "abc",
		"net 10.0/15": "abc", "net 0.0.0.0/0": "abc", "net ::/0": "def", "net 2001:db8::/32": "de", "ip6 net fe80::/10": "e",
		"net 2001:db8::1/128": "de", "net 2001:db8::2/127": "d",
		"port 80": "abef", "tcp port 80": "abef", "src port 80": "be", "dst port 80": "aef", "tcp dst port 443": "c",
		"port http": "abef", "port https or http-alt": "cd", "portrange 80-443": "abcef", "portrange 443-80": "abcef",
		"portrange 8080": "d", "tcp src portrange 40000-40001": "acf", "portrange http-https": "abcef", "port 0": "",
		// Words carry over; and and or bind equally, to the left.
		"port 80 or 443": "abcef", "host 10.0.0.1 or 2001:db8::2": "abd", "port 80 and not 40000": "e",
		"src port 80 or 40001": "bce", "port (443 or 8080)": "cd", "not port (443 or 8080)": "abef", "port not 80": "cd",
		"port 8080 or port 80 and ip": "ab", "port 8080 or (port 80 and ip)": "abd", "ip and port 80 or 8080": "abd",
		"not port 80 and ip": "c", "not (port 80 and ip)": "cdef",
		"port 40000 and (80 or 443)": "abf", "port (443 or 8080) or 40000": "abcdf",
		"host 10.0.0.1 and port 80": "ab", "ip&&port 80||!ip": "abdef", "(((tcp)))": "abcdef",
		"ip6 and not\n(port\t8080)": "ef",
	} {
		f, err := ParseFilter(expr)
		if err != nil {
			t.Errorf("%q: %v", expr, err)
			continue
		}
		if got := chosen(f); got != want {
			t.Errorf("%q takes %q, want %q", expr, got, want)
		}
		again, err := ParseFilter(f.String())
		if err != nil || chosen(again) != want || again.String() != f.String() {
			t.Errorf("%q prints as %q: that takes %q, %v", expr, f, chosen(again), err)
		}
	}
	if got := chosen(nil); got != "abcdef" || (*Filter)(nil).String() != "tcp" {
		t.Errorf("no filter takes %q", got)
	}
}

// Every mistake is one line that has the place and what to write.
func TestFilterMistakes(t *testing.T) {
	deep := strings.Repeat("(", 65) + "tcp" + strings.Repeat(")", 65)
	for expr, want := range map[string]string{
		"":                                 "the filter is empty",
		" \t":                              "the filter is empty",
		strings.Repeat("tcp or ", 5000):    "a filter of 35000 bytes is too long; 32768 are the limit",
		deep:                               "filter, character 65: more than 64 parentheses inside one another",
		"10.0.0.1":                         `character 1: say what "10.0.0.1" is: "host 10.0.0.1"?`,
		"80":                               `character 1: say what "80" is: "port 80"?`,
		"tcp and 10.0.0.0/8":               `character 9: say what "10.0.0.0/8" is: "net 10.0.0.0/8"?`,
		"port 80 and tcp or 443":           `character 20: say what "443" is: "port 443"?`,
		"(port 80) or 443":                 `character 14: say what "443" is: "port 443"?`,
		"host example.com":                 `character 6: host "example.com" is a name; names are not looked up, write its IP address`,
		"net example":                      `net "example" is a name; names are not looked up`,
		"host 10.0.0.256":                  `host "10.0.0.256" is not an IP address`,
		"host 10.1":                        `host "10.1" is not an IP address`,
		"host 80":                          `host "80" is no address; write port 80 if it is a port`,
		"host 10.0.0.0/8":                  `host "10.0.0.0/8" is a network; write net 10.0.0.0/8`,
		"host fe80::1%eth0":                `host "fe80::1%eth0" has a zone`,
		"net fe80::%1/64":                  `net "fe80::%1/64" has a zone`,
		"net 10.0.0.1/8":                   `net "10.0.0.1/8" has bits behind its length; the network is 10.0.0.0/8`,
		"net 10.0.0.0/33":                  `has no good length behind the /: it is a number up to 32`,
		"net ::/-1":                        `it is a number up to 128`,
		"net ::1.2":                        `net "::1.2" is not a network`,
		"net 10.0.0.0.0":                   `net "10.0.0.0.0" is not a network`,
		"net 0.1":                          `net "0.1" starts with 0; write all four parts`,
		"net 10.1.0.0 mask 255.255.0.0":    `character 14: "mask" is not in this language; write net ADDRESS/BITS`,
		"port 65536":                       `port "65536" is not a port; the last is 65535`,
		"port 080":                         `port "080" starts with 0, which tcpdump takes for octal`,
		"port 80-90":                       `port "80-90" is not one number; write portrange 8000-8080`,
		"port domain":                      `port "domain" is not a number; of names only http, https and http-alt are known`,
		"portrange 80-":                    `portrange "80-" is not a number`,
		"port":                             `character 5: the expression ends where port needs a number, such as 80`,
		"host and":                         `character 6: host needs an address, such as 10.0.0.1 or 2001:db8::1, not "and"`,
		"src src 1.2.3.4":                  `host needs an address, such as 10.0.0.1 or 2001:db8::1, not "src"`,
		"tcp and":                          `character 8: the expression ends where host, net, port or another word is to come`,
		"and tcp":                          `character 1: "and" where host, net, port or another word is to come`,
		"tcp or or ip":                     `character 8: "or" where host`,
		"tcp ip":                           `character 5: "ip" is not expected here; join what stands side by side with and or or`,
		"host 1.2.3.4 port 80":             `character 14: "port" is not expected here`,
		"tcp host 1.2.3.4":                 `character 5: tcp does not go with host; write "tcp and host …"`,
		"tcp dst 80":                       `character 9: tcp dst needs port or portrange here`,
		"ip port 80":                       `character 4: ip does not go with port; write "ip and port …"`,
		"ip host ::1":                      `host "::1" is not of ip`,
		"ip6 net 10.0.0.0/8":               `net "10.0.0.0/8" is not of ip6`,
		"(tcp":                             `character 1: "(" is never closed`,
		"tcp)":                             `character 4: ")" without a "(" before it`,
		"()":                               `character 2: ")" where host`,
		"port (80 or host 1.2.3.4)":        `character 13: port needs a number, such as 80, not "host"`,
		"udp port 53":                      `character 1: connlint reads TCP only, so that "udp" would match nothing`,
		"vlan 7 and tcp":                   `character 1: "vlan" is a header before IP; these are looked through, leave it out`,
		"tcp[13]&2!=0":                     `character 4: "[": packets are chosen by address and port only`,
		"greater 100":                      `character 1: "greater": packets are chosen by address and port only`,
		"PORT 80":                          `character 1: "PORT" is not a word of this language; the words are tcp, ip,`,
		"tcp & ip":                         `character 5: "&" is not expected here`,
		"é":                                `character 1: "é" has no meaning here`,
		"port 80 or é":                     `character 12: "é" has no meaning here`,
		"\x1b[31m":                         `character 1: "\x1b" has no meaning here`,
		"port " + strings.Repeat("9", 500): `port "999999999999999999999999999999999999999999999999999999999999"… is not a port`,
	} {
		f, err := ParseFilter(expr)
		if err == nil {
			t.Errorf("%q is taken for %q", expr, f)
			continue
		}
		if got := err.Error(); !strings.Contains(got, want) || strings.ContainsAny(got, "\n\x1b") || len(got) > 250 {
			t.Errorf("%q: %s\nwant %s", expr, got, want)
		}
	}
}

// A long list is flat: it takes no stack and is looked through in one go.
func TestFilterLongList(t *testing.T) {
	f, err := ParseFilter("port 1" + strings.Repeat(" or 2", 6000) + " or 443")
	if err != nil {
		t.Fatal(err)
	}
	if got := chosen(f); got != "c" || len(f.root.kids) != 6002 {
		t.Errorf("takes %q, %d kids", got, len(f.root.kids))
	}
	f, err = ParseFilter("ip" + strings.Repeat(" and port 443 or ip6", 1500))
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseFilter(f.String())
	if err != nil || chosen(again) != "cdef" || chosen(f) != "cdef" {
		t.Errorf("takes %q, printed %q (%v)", chosen(f), chosen(again), err)
	}
}

func TestFilterAllocations(t *testing.T) {
	f, err := ParseFilter("not (host 10.0.0.9 or net 2001:db9::/32) and portrange 1-500 and (src net 10 or ip6)")
	if err != nil {
		t.Fatal(err)
	}
	all := filterSegments()
	if n := testing.AllocsPerRun(100, func() {
		for _, s := range all {
			f.Match(s)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzFilter holds any expression to what is printed of it, and its
// negations to logic.
func FuzzFilter(f *testing.F) {
	for _, expr := range []string{
		"tcp", "host 10.0.0.1 and port 80 or 443", "not (src net 10 or dst portrange 80-443)", "ip6 net fe80::/10 || !ip",
		"port (80 or not 443)", "net ::ffff:0:0/96", "src and dst host ::1", "((tcp", "tcp[13]", "port 0x50 é", "net 10.1/16",
	} {
		f.Add(expr)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		parsed, err := ParseFilter(expr)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r\x1b") {
				t.Fatalf("%q: %q is not one line", expr, err)
			}
			return
		}
		want := chosen(parsed)
		text := parsed.String()
		if len(text) > maxFilter {
			return // parentheses and words were added
		}
		again, err := ParseFilter(text)
		if err != nil || chosen(again) != want || again.String() != text {
			t.Fatalf("%q takes %q, as %q it takes %q, %v", expr, want, text, chosen(again), err)
		}
		not, err := ParseFilter("not (" + text + ")")
		if err != nil {
			return // one parenthesis too deep
		}
		if got := chosen(not); len(got)+len(want) != len(filterSegments()) || strings.ContainsAny(got, want) && want != "" {
			t.Fatalf("%q takes %q and its negation %q", expr, want, got)
		}
	})
}
