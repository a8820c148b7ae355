package timeline

import (
	"bytes"

	"connlint/reassembly"
	"connlint/reassembly/http1"
)

// maxIntroductions is how many heads of a side are asked who it is on one
// connection: the first says it, a second that says something else shows that
// it passes on what others send.
const maxIntroductions = 4

// introduce takes what the head of a message says of its sender: User-Agent of
// requests (RFC 9110 §10.1.5), Server of responses (§10.2.4), and what
// proxies add. It allocates nothing and keeps no bytes.
func (k *tracked) introduce(m *http1.Message) {
	c := &k.conn
	side := reassembly.Side(m.Dir)
	if c.introduced[side] >= maxIntroductions || m.Interim() {
		return
	}
	c.introduced[side]++
	said := senderOf(m)
	c.Products[side].merge(said)
	k.pair().Products[side].merge(said)
}

// senderOf is what a message says of the program that sent it.
func senderOf(m *http1.Message) Products {
	if via, ok := relay(m); ok {
		return Products{First: via}
	}
	if m.Dir == http1.Request {
		p := said(m.Header.Get("user-agent"))
		switch {
		case nginxAsked(m, p.First):
			return Products{First: Nginx}
		case rewritten(m, "user-agent", p.First):
			return Products{First: Several}
		}
		return p
	}
	p := said(m.Header.Get("server"))
	by := said(m.Header.Get("x-powered-by")).First
	if rewritten(m, "server", p.First) || p.First == UnknownProduct && rewritten(m, "x-powered-by", by) {
		return Products{First: Several}
	}
	if by != UnknownProduct && p.Behind == UnknownProduct && !p.First.kindred(by) {
		if p.First == UnknownProduct {
			p.First = by
		} else {
			p.Behind = by
		}
	}
	return p
}

// nginxAsked reports whether a request was written by nginx as a proxy, which
// says nothing of itself: up to 1.29.6 it puts Host and "Connection: close"
// before what the client sent, and asks in HTTP/1.0 if it was not told
// otherwise (ngx_http_proxy_headers in src/http/modules/
// ngx_http_proxy_module.c). A script may write the same; so it must carry the
// name of a program that speaks HTTP/1.1 by itself, and in HTTP/1.1 of one that
// writes the two fields elsewhere.
func nginxAsked(m *http1.Message, agent Product) bool {
	if m.Start.Major != 1 || m.Header.Len() < 3 {
		return false
	}
	switch agent {
	case UnknownProduct, PHP, ApacheBench, Wget, Ruby, C:
		return false
	case Curl, Go, Requests, Browsers:
	default:
		if m.Start.Minor != 0 {
			return false
		}
	}
	first, _ := m.Header.Field(0)
	second, value := m.Header.Field(1)
	return string(first) == "Host" && string(second) == "Connection" && string(value) == "close"
}

// rewritten reports whether the field in which a product names itself has
// passed a relay that writes all names in small letters, as HAProxy and Envoy
// do, though the product itself begins the words of a name with capitals.
func rewritten(m *http1.Message, field string, by Product) bool {
	switch by {
	case Nginx, Apache, Lighttpd, IIS, Go, HttpClient, Tomcat, Jetty, HTTPServer, Requests, Urllib3, Aiohttp, Gunicorn, PHP, Browsers, Curl, Wget, ApacheBench:
	case Node:
		if field != "x-powered-by" { // Express; its fetch writes user-agent so
			return false
		}
	default:
		return false
	}
	for i := range m.Header.Len() {
		if name, _ := m.Header.Field(i); string(name) == field {
			return true
		}
	}
	return false
}

// relay is the proxy that passed a message on, Several if it does not say which
// it is: the field that names the program is then that of somebody behind it.
// The last element of Via is of the nearest (RFC 9110 §7.6.3).
func relay(m *http1.Message) (p Product, ok bool) {
	for element := range m.Header.Elements("via") {
		_, by, _ := bytes.Cut(element, []byte{' '})
		name, comment, _ := bytes.Cut(by, []byte{'('})
		p, ok = Several, true
		for _, part := range [...][]byte{comment, name} {
			if x := said(bytes.TrimSpace(part)); x.First != UnknownProduct {
				p = x.First
				break
			}
		}
	}
	if ok || m.Dir != http1.Request {
		return p, ok
	}
	switch h := &m.Header; {
	case h.Get("x-envoy-expected-rq-timeout-ms") != nil || h.Get("x-envoy-external-address") != nil || h.Get("x-envoy-internal") != nil:
		return Envoy, true
	case h.Get("x-forwarded-for") != nil || h.Get("forwarded") != nil || h.Get("x-real-ip") != nil:
		return Several, true
	}
	return 0, false
}

// maxSaid is how much of a field is looked at, bytes.
const maxSaid = 96

// said reads a list of products: name, version, and comments in parentheses
// (RFC 9110 §10.1.5). Of two that are kin the more particular one counts.
func said(value []byte) (p Products) {
	value = value[:min(len(value), maxSaid)]
	for depth, i := 0, 0; i < len(value); {
		switch c := value[i]; {
		case c == '(':
			depth++
			i++
		case c == ')':
			depth = max(0, depth-1)
			i++
		case depth > 0 || !nameByte(c):
			i++
		default:
			end := i
			for end < len(value) && nameByte(value[end]) {
				end++
			}
			p.hear(productCalled(value[i:end]))
			for end < len(value) && value[end] != ' ' && value[end] != '(' && value[end] != ';' {
				end++ // the version
			}
			i = end
		}
	}
	return p
}

// hear takes the next product of a field.
func (p *Products) hear(next Product) {
	switch {
	case next == UnknownProduct || p.First.kindred(next):
	case p.First == UnknownProduct || next.kindred(p.First):
		p.First = next
	case p.Behind == UnknownProduct || next.kindred(p.Behind):
		p.Behind = next
	}
}

func nameByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.'
}

// longestName is that of the names that productCalled knows.
const longestName = 24

// productCalled is the product whose programs name themselves so, in whatever
// case. The names are those that the programs send by default.
func productCalled(name []byte) Product {
	var low [longestName]byte
	if len(name) > len(low) {
		return UnknownProduct
	}
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		low[i] = c
	}
	switch string(low[:len(name)]) {
	case "nginx", "openresty", "tengine", "angie", "freenginx":
		return Nginx
	case "apache", "mod_proxy":
		return Apache
	case "haproxy":
		return HAProxy
	case "envoy", "istio-envoy":
		return Envoy
	case "varnish":
		return Varnish
	case "squid":
		return Squid
	case "traefik":
		return Traefik
	case "caddy":
		return Caddy
	case "lighttpd":
		return Lighttpd
	case "microsoft-iis":
		return IIS
	case "awselb", "elb-healthchecker", "cloudfront":
		return AWS
	}
	return programCalled(string(low[:len(name)]))
}

// programCalled is productCalled for clients, and for servers that programs
// bring along.
func programCalled(low string) Product {
	switch low {
	case "node", "node.js", "express", "node-fetch", "axios", "got", "superagent", "next.js":
		return Node
	case "undici":
		return Undici
	case "go-http-client", "go", "fasthttp", "hey", "k6":
		return Go
	case "java", "java-http-client", "servlet", "jsp", "undertow", "jersey":
		return Java
	case "apache-httpclient", "apache-httpasyncclient":
		return HttpClient
	case "okhttp":
		return OkHttp
	case "apache-coyote", "tomcat":
		return Tomcat
	case "jetty":
		return Jetty
	case "netty", "reactornetty", "ahc":
		return Netty
	case "python", "cpython", "python-urllib", "wsgiserver", "werkzeug", "tornadoserver", "waitress", "cherrypy", "hypercorn", "daphne":
		return Python
	case "simplehttp", "basehttp":
		return HTTPServer
	case "python-requests":
		return Requests
	case "python-urllib3":
		return Urllib3
	case "python-httpx":
		return HTTPX
	case "aiohttp":
		return Aiohttp
	case "gunicorn":
		return Gunicorn
	case "uvicorn":
		return Uvicorn
	case "uwsgi":
		return UWSGI
	case "php", "guzzlehttp":
		return PHP
	case "ruby", "webrick", "faraday", "thin", "phusion":
		return Ruby
	case "puma":
		return Puma
	case "kestrel", "asp.net", "restsharp", "microsoft-httpapi":
		return DotNet
	case "mozilla", "opera":
		return Browsers
	case "curl", "libcurl", "libcurl-agent", "pycurl":
		return Curl
	case "wget":
		return Wget
	case "apachebench":
		return ApacheBench
	case "wrk":
		return Wrk
	}
	return UnknownProduct
}
