package timeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"connlint/reassembly"
)

// walker writes down the paths that a tracker joins, one line each.
type walker struct {
	paths, routes []string
	relayed       int
}

func (w *walker) Transaction(_ *Connection, x *Transaction) {
	if x.Relayed {
		w.relayed++
	}
}
func (w *walker) Close(*Connection) {}
func (w *walker) Pair(*Pair)        {}
func (w *walker) Route(r *Route) {
	w.routes = append(w.routes, fmt.Sprintf("%s to %s: %d", r.Proxy, r.Server, r.Paths))
}

func (w *walker) Path(p *Path) {
	line := fmt.Sprintf("%s %s %d", p.Down.Client, p.Down.Start.Target, p.Down.Index)
	if p.Up != nil {
		line += fmt.Sprintf(" over %s %d %d", p.Up.Client, p.Up.Index, p.Up.Status)
	} else {
		line += " stays"
	}
	for word, is := range map[string]bool{" verbatim": p.Verbatim, " tied": p.Tied, " ambiguous": p.Ambiguous, " alone": p.Alone, " again": p.Before != nil} {
		if is {
			line += word
		}
	}
	words := strings.Fields(line)
	slices.Sort(words[slices.IndexFunc(words, func(s string) bool { return s == "over" || s == "stays" })+1:])
	w.paths = append(w.paths, strings.Join(words, " "))
}

// walk runs a trace and returns its paths.
func walk(t *testing.T, cfg Config, text string) *walker {
	t.Helper()
	w := &walker{}
	follow(cfg, w, parse(t, text))
	return w
}

// script writes traces of proxies in few words: "a" opens a connection, "a?x"
// sends the request x on it, "a!" answers, "ax" resets.
func script(head string, steps ...string) string {
	var b strings.Builder
	b.WriteString(head + "\n")
	for _, s := range steps {
		label, rest := s[:1], s[1:]
		switch {
		case rest == "":
			fmt.Fprintf(&b, "+1ms %s> S mss=1460\n+10us %s< S. mss=1460\n+0 %s> .\n", label, label, label)
		case rest[0] == '?':
			fmt.Fprintf(&b, "+1ms %s> P. %q\n", label, strings.ReplaceAll(rest[1:], "|", "\r\n")+"\r\n\r\n")
		case rest == "!":
			fmt.Fprintf(&b, "+1ms %s< P. \"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n\"\n+0 %s> .\n", label, label)
		case rest == "x":
			fmt.Fprintf(&b, "+1ms %s< R.\n", label)
		}
	}
	return b.String()
}

const (
	proxied = `conn a 10.0.0.1:40000 > 10.0.0.2:3128
		conn c 10.0.0.9:40000 > 10.0.0.2:3128
		conn b 10.0.0.2:50000 > 10.0.0.3:80
		conn d 10.0.0.2:50001 > 10.0.0.3:80
		conn e 10.0.0.3:60000 > 10.0.0.4:80`
	get = "GET /x HTTP/1.1|Host: h|User-Agent: u"
)

// TestPaths says which requests are taken for one on its way and which not.
func TestPaths(t *testing.T) {
	absolute := strings.Replace(get, "/x", "http://h:80/x", 1)
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"one": {script(proxied, "a", "a?"+absolute, "b", "b?"+get, "b!", "a!"),
			[]string{"10.0.0.1:40000 http://h:80/x 1 over 1 10.0.0.2:50000 200 tied"}},
		"verbatim": {script(proxied, "a", "a?"+get, "b", "b?"+get, "b!", "a!"),
			[]string{"10.0.0.1:40000 /x 1 over 1 10.0.0.2:50000 200 tied verbatim"}},
		"not answered first": {script(proxied, "a", "a?"+get, "b", "a!", "b?"+get, "b!"), nil},
		"other path":         {script(proxied, "a", "a?"+get, "b", "b?"+strings.Replace(get, "/x", "/y", 1), "b!", "a!"), nil},
		"other query":        {script(proxied, "a", "a?"+get, "b", "b?"+strings.Replace(get, "/x", "/x?1", 1), "b!", "a!"), nil},
		"other method":       {script(proxied, "a", "a?"+get, "b", "b?"+strings.Replace(get, "GET", "PUT", 1), "b!", "a!"), nil},
		"other program": {script(proxied, "a", "a?"+get+"|Accept: */*|Cookie: c", "b", "b?GET /x HTTP/1.1|Host: h|User-Agent: v|Accept: json", "b!", "a!"),
			nil},
		"other host, same words": {script(proxied, "a", "a?"+get+"|Accept: */*", "b", "b?GET /x HTTP/1.1|Host: up|User-Agent: u|Accept: */*", "b!", "a!"),
			[]string{"10.0.0.1:40000 /x 1 over 1 10.0.0.2:50000 200 tied"}},
		"other host": {script(proxied, "a", "a?"+get, "b", "b?GET /x HTTP/1.1|Host: up|User-Agent: u", "b!", "a!"), nil},
		"tunnel":     {script(proxied, "a", "a?CONNECT h:443 HTTP/1.1|Host: h", "b", "b?CONNECT h:443 HTTP/1.1|Host: h", "b!", "a!"), nil},
		"again": {script(proxied, "a", "a?"+get, "b", "b?"+get, "bx", "d", "d?"+get, "d!", "a!"),
			[]string{"10.0.0.1:40000 /x 1 over 0 1 10.0.0.2:50000 tied verbatim", "10.0.0.1:40000 /x 1 over 1 10.0.0.2:50001 200 again verbatim"}},
		"kept upstream, two clients": {script(proxied, "a", "a?"+get, "b", "b?"+get, "b!", "a!", "c", "c?"+get, "b?"+get, "b!", "c!"),
			[]string{"10.0.0.1:40000 /x 1 over 1 10.0.0.2:50000 200 tied verbatim", "10.0.0.9:40000 /x 1 over 10.0.0.2:50000 2 200 verbatim"}},
		"told apart by a field": {script(proxied, "a", "c", "a?"+get+"|X-Id: 1", "c?"+get+"|X-Id: 2", "b", "b?"+get+"|X-Id: 2", "b!", "c!", "a!"),
			[]string{"10.0.0.9:40000 /x 1 over 1 10.0.0.2:50000 200 tied verbatim"}},
		"not told apart": {script(proxied, "a", "c", "a?"+get+"|X-Id: 1", "c?"+get+"|X-Id: 2", "b", "b?"+get, "b!", "c!", "a!"), nil},
		"the same to the last byte": {script(proxied, "a", "c", "a?"+get, "c?"+get, "b", "b?"+get, "b!", "c!", "a!"),
			[]string{"10.0.0.1:40000 /x 1 over 1 10.0.0.2:50000 200 ambiguous tied verbatim"}},
		"two proxies": {script(proxied, "a", "a?"+get, "b", "b?"+get, "e", "e?"+get, "e!", "b!", "a!"),
			[]string{"10.0.0.2:50000 /x 1 over 1 10.0.0.3:60000 200 tied verbatim", "10.0.0.1:40000 /x 1 over 1 10.0.0.2:50000 200 tied verbatim"}},
		"stays": {script(proxied, "a", "a?"+get, "b", "b?"+get, "b!", "a!", "a?"+get, "ax"),
			[]string{"10.0.0.1:40000 /x 1 over 1 10.0.0.2:50000 200 tied verbatim", "10.0.0.1:40000 /x 2 stays alone verbatim"}},
		"stays while others go": {script(proxied, "a", "a?"+get, "b", "b?"+get, "b!", "a!", "a?"+get, "d", "d?GET /z HTTP/1.1", "ax"),
			[]string{"10.0.0.1:40000 /x 1 over 1 10.0.0.2:50000 200 tied verbatim", "10.0.0.1:40000 /x 2 stays verbatim"}},
		"one client, two servers": {script("conn a 10.0.0.1:40000 > 10.0.0.2:80\nconn b 10.0.0.1:40001 > 10.0.0.3:80", "a", "a?"+get, "b", "b?"+get, "b!", "a!"), nil},
		"one server, two clients": {script("conn a 10.0.0.1:40000 > 10.0.0.2:80\nconn b 10.0.0.2:40001 > 10.0.0.2:80", "a", "a?"+get, "b", "b?"+get, "b!", "a!"), nil},
		"a proxy at the client's": {script("conn a 10.0.0.1:40000 > 10.0.0.1:3128\nconn b 10.0.0.1:40001 > 10.0.0.3:80", "a", "a?"+get, "b", "b?"+get, "b!", "a!"),
			[]string{"10.0.0.1:40000 /x 1 over 1 10.0.0.1:40001 200 tied verbatim"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := walk(t, Config{}, c.text).paths; !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// twoSides is a proxy with an address on either side, as seen at the proxy:
// near are the round trips to it, far those to the others.
func twoSides(near, far string) string {
	r := strings.NewReplacer("NEAR", near, "FAR", far)
	return r.Replace(`conn a 10.0.0.1:40000 > 10.0.1.1:80
		conn b 10.0.2.1:50000 > 10.0.3.1:80
		+0    a> S mss=1460
		+NEAR a< S. mss=1460
		+FAR  a> .
		+0    a> P. "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"
		+NEAR a< .
		+0    b> S mss=1460
		+FAR  b< S. mss=1460
		+NEAR b> .
		+0    b> P. "GET /x HTTP/1.1\r\nHost: h\r\nVia: 1.1 p\r\n\r\n"
		+FAR  b< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		+NEAR b> .
		+0    a< P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		+FAR  a> .`)
}

// TestTwoSides joins legs that share no address only where the capture was
// taken at both: where the client's server and the server's client are.
func TestTwoSides(t *testing.T) {
	if w := walk(t, Config{}, twoSides("20us", "10ms")); len(w.paths) != 1 || w.relayed != 1 {
		t.Errorf("at the proxy: %q, %d relayed", w.paths, w.relayed)
	}
	if w := walk(t, Config{}, twoSides("5ms", "10ms")); len(w.paths) != 0 || w.relayed != 0 {
		t.Errorf("in the middle: %q, %d relayed", w.paths, w.relayed)
	}
}

// TestNotTwice takes no connection for a proxy's that the capture has before
// and behind a translation of addresses, by its sequence numbers or, where
// these were changed too, by the order of the handshakes.
func TestNotTwice(t *testing.T) {
	const rest = "\n+1ms a> P. \"GET /x HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n\"\n+0 b> P. \"GET /x HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n\"\n" +
		"+1ms b< P. \"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n\"\n+0 a< P. \"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n\""
	apart := "+0 a> S\n+0 a< S.\n+0 a> .\n+0 b> S\n+0 b< S.\n+0 b> ."
	nested := "+0 a> S\n+0 b> S\n+0 b< S.\n+0 a< S.\n+0 a> .\n+0 b> ."
	for _, c := range []struct {
		isn, handshake string
		paths          int
	}{{"isn=5:6", apart, 0}, {"isn=7:6", apart, 1}, {"isn=7:6", nested, 0}} {
		text := "conn a 10.0.0.1:40000 > 10.0.0.2:80 isn=5:6\nconn b 10.0.0.2:50000 > 10.0.0.3:80 " + c.isn + "\n" + c.handshake + rest
		if got := walk(t, Config{}, text).paths; len(got) != c.paths {
			t.Errorf("%s, %q: %q", c.isn, c.handshake, got)
		}
	}
}

// TestRoutes counts paths by proxy and server, and loses none at the limit of
// legs but those given up, which are counted.
func TestRoutes(t *testing.T) {
	text := script(proxied, "a", "a?"+get, "b", "b?"+get, "b!", "a!", "a?"+get, "b?"+get, "b!", "a!")
	if got, want := walk(t, Config{}, text).routes, []string{"10.0.0.2:3128 to 10.0.0.3:80: 2"}; !slices.Equal(got, want) {
		t.Errorf("routes %q, want %q", got, want)
	}
	w := &walker{}
	facts := New(Config{Legs: 1}, w)
	conns := reassembly.New(reassembly.Config{Sniff: Sniff}, facts)
	for _, s := range parse(t, text) {
		conns.Segment(&s)
	}
	conns.Finish()
	facts.Finish()
	if len(w.paths) != 0 || facts.Stats().LegsEvicted == 0 {
		t.Errorf("with room for one leg: %q, %d given up", w.paths, facts.Stats().LegsEvicted)
	}
}
