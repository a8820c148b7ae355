package timeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"connlint/capture"
	"connlint/reassembly"
)

func TestEveryProductHasANameOfItsOwn(t *testing.T) {
	for p := Several + 1; p < NumProducts; p++ {
		if q, ok := ProductByName(p.String()); !ok || q != p {
			t.Errorf("%d: its name %q is that of %d", p, p, q)
		}
		steps := 0
		for k := p.Kin(); k != UnknownProduct; k = k.Kin() {
			if steps++; steps > 4 {
				t.Fatalf("%s is kin of itself", p)
			}
		}
	}
	if _, ok := ProductByName(""); ok {
		t.Error("what has no name is taken for a product")
	}
}

// TestSaid reads fields as programs send them.
func TestSaid(t *testing.T) {
	for _, c := range []struct {
		field         string
		first, behind Product
	}{
		{"nginx/1.24.0 (Ubuntu)", Nginx, 0},
		{"openresty/1.21.4.1", Nginx, 0},
		{"Apache/2.4.57 (Debian) PHP/8.2.7 OpenSSL/3.0.9", Apache, PHP},
		{"Apache/2.4.57 (Unix) mod_wsgi/4.9.4 Python/3.11", Apache, Python},
		{"Apache-Coyote/1.1", Tomcat, 0},
		{"Jetty(9.4.51.v20230217)", Jetty, 0},
		{"Microsoft-IIS/10.0", IIS, 0},
		{"Microsoft-HTTPAPI/2.0", DotNet, 0},
		{"gunicorn", Gunicorn, 0},
		{"gunicorn/20.0.4", Gunicorn, 0},
		{"uvicorn", Uvicorn, 0},
		{"SimpleHTTP/0.6 Python/3.12.3", HTTPServer, 0},
		{"Werkzeug/3.0.1 Python/3.12.3", Python, 0},
		{"Python/3.11 aiohttp/3.9.1", Aiohttp, 0},
		{"python-requests/2.31.0", Requests, 0},
		{"python-urllib3/2.2.1", Urllib3, 0},
		{"Python-urllib/3.12", Python, 0},
		{"Go-http-client/1.1", Go, 0},
		{"curl/8.5.0", Curl, 0},
		{"Wget/1.21.4", Wget, 0},
		{"Apache-HttpClient/4.5.14 (Java/17.0.9)", HttpClient, 0},
		{"Java-http-client/17.0.9", Java, 0},
		{"okhttp/4.12.0", OkHttp, 0},
		{"shop-app/3.1 (Android 14; Pixel) okhttp/4.12.0", OkHttp, 0},
		{"node", Node, 0},
		{"axios/1.6.7", Node, 0},
		{"ApacheBench/2.3", ApacheBench, 0},
		{"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36", Browsers, 0},
		{"istio-envoy", Envoy, 0},
		{"NGINX", Nginx, 0},
		// None of these is what it is said to be.
		{"", 0, 0},
		{"my-nginx-exporter/1.0", 0, 0},
		{"curlyhair/2", 0, 0},
		{"(nginx/1.2)", 0, 0},
		{"app/nginx", 0, 0},
		{"\x1b[31mnginx\x1b[0m", 0, 0},
		{strings.Repeat("x", 200) + " nginx/1.2", 0, 0},
	} {
		if got := said([]byte(c.field)); got != (Products{c.first, c.behind}) {
			t.Errorf("%q is taken for %q and %q", c.field, got.First, got.Behind)
		}
	}
}

func TestSaidAllocatesNothing(t *testing.T) {
	field := []byte("Apache/2.4.57 (Debian) PHP/8.2.7 OpenSSL/3.0.9")
	if n := testing.AllocsPerRun(100, func() { said(field) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// introduced notes what connections and pairs said they are.
type introduced struct{ lines []string }

func (r *introduced) Transaction(*Connection, *Transaction) {}

func (r *introduced) Close(c *Connection) { r.lines = append(r.lines, line(c.Products)) }

func (r *introduced) Pair(p *Pair) { r.lines = append(r.lines, "pair "+line(p.Products)) }

func line(p [2]Products) string {
	name := func(p Products) string {
		all := []string{}
		for _, x := range [...]Product{p.First, p.Behind} {
			switch x {
			case UnknownProduct:
			case Several:
				all = append(all, "several")
			default:
				all = append(all, x.String())
			}
		}
		return strings.Join(all, "+")
	}
	return name(p[reassembly.Client]) + " > " + name(p[reassembly.Server])
}

// TestIntroductions: a relay is what it says itself; what it passes on is
// somebody else's.
func TestIntroductions(t *testing.T) {
	exchange := func(request, response string) string {
		return fmt.Sprintf("+0 > P. \"GET / HTTP/1.1\\r\\n%s\\r\\n\"\n+10ms < P. \"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n%s\\r\\n\"\n", request, response)
	}
	curl, nginx := `User-Agent: curl/8.5.0\r\n`, `Server: nginx\r\n`
	for _, c := range []struct{ name, trace, want string }{
		{"plain", exchange(curl, nginx), "curl > nginx"},
		{"nothing said", exchange("", ""), " > "},
		{"said later", exchange("", "") + exchange(curl, nginx), "curl > nginx"},
		{"two programs on one connection", exchange(curl, nginx) + exchange(`User-Agent: Wget/1.21\r\n`, nginx), "several > nginx"},
		{"the application behind", exchange("", nginx+`X-Powered-By: PHP/8.2\r\n`), " > nginx+PHP"},
		{"an application alone", exchange("", `X-Powered-By: Express\r\n`), " > Node"},
		{"PHP behind Apache that says so", exchange("", `Server: Apache PHP/8.2\r\nX-Powered-By: PHP/8.2\r\n`), " > Apache+PHP"},
		{"a relay that names itself", exchange(curl+`Via: 1.1 cache.example (squid/5.7)\r\n`, nginx+`Via: 1.1 varnish (Varnish/7.1)\r\n`), "Squid > Varnish"},
		{"the nearest of two relays", exchange(curl+`Via: 1.0 a (Varnish/6), 1.1 Caddy\r\n`, ""), "Caddy > "},
		{"a relay without a name", exchange(curl+`X-Forwarded-For: 192.0.2.1\r\n`, nginx+`Via: 1.1 gate\r\n`), "several > several"},
		{"Envoy", exchange(curl+`X-Forwarded-For: 192.0.2.1\r\nx-envoy-internal: true\r\n`, `server: envoy\r\n`), "Envoy > Envoy"},
		{"behind HAProxy, which writes names small", exchange(`user-agent: curl/8.5.0\r\n`, `server: nginx/1.22.1\r\n`), "several > several"},
		{"the same, with an application", exchange("", `x-powered-by: Express\r\n`), " > several"},
		{"programs that write names small", exchange(`user-agent: node\r\n`, `server: uvicorn\r\n`), "Node > uvicorn"},
		{"nginx that speaks HTTP/1.0 upstream", "+0 > P. \"GET / HTTP/1.0\\r\\nHost: up\\r\\nConnection: close\\r\\nUser-Agent: curl/8.5.0\\r\\n\\r\\n\"\n", "nginx > "},
		{"a script that speaks HTTP/1.0", "+0 > P. \"GET / HTTP/1.0\\r\\nHost: up\\r\\nConnection: close\\r\\nUser-Agent: mine/1\\r\\n\\r\\n\"\n", " > "},
		{"nginx that speaks HTTP/1.1 upstream and keeps nothing", exchange(`Host: up\r\nConnection: close\r\nUser-Agent: curl/8.5.0\r\n`, ""), "nginx > "},
		{"curl that closes", exchange(`Host: up\r\nUser-Agent: curl/8.5.0\r\nConnection: close\r\n`, ""), "curl > "},
		{"a client that writes Connection early", exchange(`Host: up\r\nConnection: close\r\nUser-Agent: okhttp/4.12.0\r\n`, ""), "OkHttp > "},
		{"curl that was told to", "+0 > P. \"GET / HTTP/1.0\\r\\nHost: up\\r\\nUser-Agent: curl/8.5.0\\r\\nConnection: close\\r\\n\\r\\n\"\n", "curl > "},
		{"an interim response", "+0 > P. \"GET / HTTP/1.1\\r\\n\\r\\n\"\n+10ms < P. \"HTTP/1.1 103 Early Hints\\r\\nServer: Apache\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\nServer: nginx\\r\\nContent-Length: 0\\r\\n\\r\\n\"\n", " > nginx"},
	} {
		r := &introduced{}
		follow(Config{}, r, parse(t, opened+c.trace))
		if want := []string{c.want, "pair " + c.want}; !slices.Equal(r.lines, want) {
			t.Errorf("%s: %q, not %q", c.name, r.lines, want)
		}
	}
}

// TestPairRemembersProducts: a connection whose heads say nothing has a pair
// that knows.
func TestPairRemembersProducts(t *testing.T) {
	r := &introduced{}
	follow(Config{}, r, parse(t, opened+`
		+0     > P. "GET / HTTP/1.1\r\nUser-Agent: curl/8\r\n\r\n"
		+10ms  < P. "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 0\r\n\r\n"
		conn 10.0.0.1:40002 > 10.0.0.2:80
		+1s    > S  mss=1460
		+10ms  < S. mss=1460
		+0     > .
		+0     > P. "GET / HTTP/1.1\r\n\r\n"
		+10ms  < P. "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"`))
	slices.Sort(r.lines)
	if want := []string{" > ", "curl > nginx", "pair curl > nginx"}; !slices.Equal(r.lines, want) {
		t.Errorf("%q, not %q", r.lines, want)
	}
}

func TestSystem(t *testing.T) {
	const ts = capture.OptTimestamps | capture.OptMSS
	for _, c := range []struct {
		what             string
		ttl              uint8
		options, offered capture.OptionSet
		want             Product
	}{
		{"Linux at a distance", 54, ts, 0, Linux},
		{"Windows at a distance", 119, capture.OptMSS, 0, Windows},
		{"a server that answers timestamps", 64, ts, ts, Linux},
		{"a server that does not take them", 128, capture.OptMSS, ts, Windows},
		{"a server that was offered none", 128, capture.OptMSS, capture.OptMSS, UnknownProduct},
		{"no SYN", 64, 0, 0, UnknownProduct},
		{"small stack", 64, capture.OptMSS, 0, UnknownProduct},
		{"router", 255, ts, 0, UnknownProduct},
	} {
		if got := system(c.ttl, c.options, c.offered); got != c.want {
			t.Errorf("%s: %q, not %q", c.what, got, c.want)
		}
	}
}

// routed notes what each path's proxy is taken for.
type routed struct{ introduced }

func (r *routed) Route(*Route) {}

func (r *routed) Path(p *Path) { r.lines = append(r.lines, p.Route.Product.String()) }

// TestRelayIsNotItsServer: a relay that passes on what the server behind it
// says is not that, also where a request gets no further than the relay.
func TestRelayIsNotItsServer(t *testing.T) {
	const relayed = `
		conn a 10.0.0.1:40000 > 10.0.0.2:3128
		conn b 10.0.0.2:50000 > 10.0.0.3:80
		+0     a> S  mss=1460
		+200us a< S. mss=1460
		+0     a> .
		+0     a> P. "GET http://h/a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"
		+0     b> S  mss=1460
		+200us b< S. mss=1460
		+0     b> .
		+0     b> P. "GET http://h/a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"
		+3ms   b< P. "HTTP/1.0 200 OK\r\nServer: BEHIND\r\nConnection: Keep-Alive\r\nContent-Length: 5\r\n\r\nhello"
		+0     b> .
		+0     a< P. "HTTP/1.0 200 OK\r\nServer: nginx\r\nConnection: Keep-Alive\r\nContent-Length: 5\r\n\r\nhello"
		+0     a> .
		+1ms   a> P. "GET http://h/b HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"
		+0     a< .
		+3s    b< F.
		+0     b> F.
		+0     b< .
		+0     a< F.
		+0     a> F.
		+0     a< .`
	for behind, want := range map[string][]string{"nginx": {"", ""}, "Apache": {"nginx", "nginx"}} {
		r := &routed{}
		follow(Config{}, r, parse(t, strings.Replace(relayed, "BEHIND", behind, 1)))
		var paths []string
		for _, line := range r.lines {
			if !strings.Contains(line, ">") {
				paths = append(paths, line)
			}
		}
		if !slices.Equal(paths, want) {
			t.Errorf("before %s: %q, not %q", behind, paths, want)
		}
	}
}
