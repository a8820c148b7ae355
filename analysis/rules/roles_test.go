package rules

import (
	"strings"
	"testing"

	"connlint/analysis"
	"connlint/analysis/timeline"
)

// eitherSide are rules whose culprit may be the client or the server: what
// their pages say to a product without a role is said to both.
var eitherSide = strings.Fields(`chunk-size-wrong chunked-unterminated close-wait-leak conflicting-content-length
	connection-churn connection-lists-end-to-end connection-per-request content-length-and-transfer-encoding
	content-length-too-long content-length-too-short control-field-not-listed handshake-overhead head-cut
	message-stalled params-without-token receiver-window-limited serial-connections small-writes time-wait-buildup
	token-missing transfer-encoding-in-http10 truncated-response wasteful-chunks zero-window`)

// What only the other side can do is no fix: an Express server that leaks
// connections has no agent, a Go client no ResponseWriter.
func TestFixesFitTheSide(t *testing.T) {
	foreign := map[analysis.Role][]string{
		analysis.Client: {"w.Header()", "ResponseWriter", "handler's", "the handler", "`res.", "servlet", "WSGI", "`header(", "http.Server.", "of `listen`",
			"client_header_timeout", "add_header", "`proxy_hide_header", "http-response", "response_headers", "RequestReadTimeout", "KeepAlive On"},
		analysis.Server: {"resp.Body", "Transport", "agent", "jdk.httpclient", "SocketsHttpHandler", "curl_", "http.Agent", "`Session`"},
	}
	byName := map[string]*analysis.Rule{}
	for _, r := range All() {
		_, name, _ := strings.Cut(r.Name, "/")
		byName[name] = r
	}
	for _, name := range eitherSide {
		if byName[name] == nil {
			t.Errorf("no rule %s", name)
			continue
		}
		remedy, err := analysis.ParseRemedy(byName[name].Doc)
		if err != nil {
			t.Fatal(err)
		}
		for role, words := range foreign {
			for p := range timeline.NumProducts {
				fix := remedy.For(role, p)
				for _, word := range words {
					if strings.Contains(fix, word) && !onlyOne(p, role) {
						t.Errorf("%s: a %s that is %s is told: %s", name, role, p, fix)
					}
				}
			}
		}
	}
}

// onlyOne reports whether a product is never seen in that role.
func onlyOne(p timeline.Product, role analysis.Role) bool {
	if role == analysis.Client {
		switch p {
		case timeline.HTTPServer, timeline.Gunicorn, timeline.Uvicorn, timeline.UWSGI, timeline.Tomcat, timeline.Jetty, timeline.Puma, timeline.IIS, timeline.Lighttpd, timeline.Caddy:
			return true
		}
		return false
	}
	switch p {
	case timeline.Curl, timeline.Requests, timeline.Urllib3, timeline.HTTPX, timeline.HttpClient, timeline.OkHttp, timeline.Undici, timeline.Wget, timeline.Browsers, timeline.ApacheBench, timeline.Wrk:
		return true
	}
	return false
}
