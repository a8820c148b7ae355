package timeline

// Product is a program, a library or a system that people configure: what a
// fix can be written for. A packet can choose one of these names; no text of
// a packet is kept.
type Product uint8

// The products. The first two are no names.
const (
	UnknownProduct Product = iota // nothing was said, or nothing that is known here
	Several                       // messages said different things, or came through a relay that does not name itself

	Nginx
	Apache
	HAProxy
	Envoy
	Varnish
	Squid
	Traefik
	Caddy
	Lighttpd
	IIS
	AWS

	Node
	Undici
	Go
	Java
	HttpClient // of Apache
	OkHttp
	Tomcat
	Jetty
	Netty
	Python
	HTTPServer // of Python's library
	Requests
	Urllib3
	HTTPX
	Aiohttp
	Gunicorn
	Uvicorn
	UWSGI
	PHP
	Ruby
	Puma
	DotNet
	C

	Browsers
	Curl
	Wget
	ApacheBench
	Wrk

	Linux
	Windows
	FreeBSD
	MacOS

	NumProducts
)

var productNames = [NumProducts]string{"", "", "nginx", "Apache", "HAProxy", "Envoy", "Varnish", "Squid", "Traefik", "Caddy", "lighttpd", "IIS", "AWS",
	"Node", "undici", "Go", "Java", "Apache HttpClient", "OkHttp", "Tomcat", "Jetty", "Netty", "Python", "http.server", "requests", "urllib3", "httpx",
	"aiohttp", "gunicorn", "uvicorn", "uWSGI", "PHP", "Ruby", "Puma", ".NET", "C",
	"browsers", "curl", "Wget", "ab", "wrk", "Linux", "Windows", "FreeBSD", "macOS"}

// String is the name that people use.
func (p Product) String() string { return productNames[p] }

// ProductByName is the product that people call so.
func ProductByName(name string) (p Product, ok bool) {
	for i, n := range productNames {
		if n == name && n != "" {
			return Product(i), true
		}
	}
	return 0, false
}

// Kin is what a product is made with or runs on, so that what is said for that
// goes for it too; UnknownProduct if that is nothing in particular.
func (p Product) Kin() Product {
	switch p {
	case Undici:
		return Node
	case HttpClient, OkHttp, Tomcat, Jetty, Netty:
		return Java
	case HTTPServer, Requests, HTTPX, Aiohttp, Gunicorn, Uvicorn, UWSGI:
		return Python
	case Urllib3:
		return Requests // which is a coat around it
	case Puma:
		return Ruby
	case IIS:
		return Windows
	}
	return UnknownProduct
}

// relays reports whether the product is run as a proxy in front of others.
func (p Product) relays() bool { return p >= Nginx && p <= Caddy || p == AWS }

// kindred reports whether q is p, or p is made with q.
func (p Product) kindred(q Product) bool {
	for ; p != UnknownProduct; p = p.Kin() {
		if p == q {
			return true
		}
	}
	return false
}

// Products are what one side of a connection says it is: First is the program
// at the socket, Behind what the application runs on, if that names itself.
type Products struct{ First, Behind Product }

// merge takes what another message said.
func (p *Products) merge(o Products) {
	p.First, p.Behind = p.First.or(o.First), p.Behind.or(o.Behind)
}

func (p Product) or(q Product) Product {
	switch {
	case q == UnknownProduct || p == q:
		return p
	case p == UnknownProduct:
		return q
	}
	return Several
}
