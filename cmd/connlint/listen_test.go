package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"connlint/analysis"
	"connlint/analysis/rules"
	"connlint/output/metrics"
)

func TestListenAddress(t *testing.T) {
	for in, want := range map[string]string{
		":9807":             "127.0.0.1:9807",
		"127.0.0.1:9807":    "127.0.0.1:9807",
		"[::1]:9807":        "[::1]:9807",
		"0.0.0.0:9807":      "0.0.0.0:9807",
		"monitor.local:0":   "monitor.local:0",
		"9807":              "",
		"":                  "",
		"127.0.0.1":         "",
		"127.0.0.1:http":    "",
		"127.0.0.1:70000":   "",
		"127.0.0.1:-1":      "",
		"::1:9807":          "",
		"127.0.0.1:":        "",
		"http://[::1]:9807": "",
	} {
		got, err := listenAddress(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", in, got, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "--listen ")) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

// serveForTest serves an empty run on a free port.
func serveForTest(t *testing.T, address string, clock func() time.Time) (*pages, *pulse) {
	t.Helper()
	o, err := listen(address)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := metrics.New("test", rules.All(), analysis.Limits{}).Handler()
	if err != nil {
		t.Fatal(err)
	}
	p := newPulse(clock)
	o.serve(handler, p, zerolog.Nop())
	t.Cleanup(o.close)
	return o, p
}

// getPage asks the server for a path in the name of host.
func getPage(t *testing.T, o *pages, method, path, host string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, "http://"+o.address().String()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		r.Host = host
	}
	// No connection is kept, so that close has nothing to wait for.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	w, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.StatusCode, string(body)
}

func TestPages(t *testing.T) {
	o, _ := serveForTest(t, "127.0.0.1:0", time.Now)
	for _, c := range [...]struct {
		method, path, host string
		status             int
		body               string
	}{
		{"GET", "/", "", 200, index},
		{"GET", "/healthz", "", 200, "ok\n"},
		{"GET", "/metrics", "", 200, "# TYPE connlint_packets_total counter"},
		{"GET", "/metrics", "localhost:9807", 200, "connlint_connections_open 0"},
		{"GET", "/metrics", "[::1]:9807", 200, "connlint_findings_total{rule="},
		{"GET", "/metrics", "evil.example:9807", 403, "loopback"},
		{"GET", "/metrics", "127.0.0.1.evil.example", 403, "loopback"},
		{"POST", "/metrics", "", 405, ""},
		{"GET", "/debug/pprof/", "", 404, ""},
		{"GET", "/x", "", 404, ""},
	} {
		status, body := getPage(t, o, c.method, c.path, c.host)
		if status != c.status || !strings.Contains(body, c.body) {
			t.Errorf("%s %s of %q: %d, %.200q", c.method, c.path, c.host, status, body)
		}
	}
	if strings.Count(index, "\n") != 2 {
		t.Errorf("the index has not two lines: %q", index)
	}
}

// An address that was asked for by name is answered under any name.
func TestNamesBeyondLoopback(t *testing.T) {
	o, _ := serveForTest(t, "0.0.0.0:0", time.Now)
	if status, _ := getPage(t, o, "GET", "/metrics", "shop.example:9807"); status != 200 {
		t.Errorf("status %d", status)
	}
}

func TestHealth(t *testing.T) {
	var now atomic.Int64
	now.Store(1e18)
	o, p := serveForTest(t, "127.0.0.1:0", func() time.Time { return time.Unix(0, now.Load()) })
	for _, step := range [...]struct {
		do     func()
		status int
		body   string
	}{
		{func() {}, 200, "ok\n"},
		{func() { now.Add(int64(stillLimit)) }, 200, "ok\n"},
		{func() { now.Add(int64(2 * time.Second)) }, 503, "no packet and no tick was read for 12s\n"},
		{p.beat, 200, "ok\n"},
	} {
		step.do()
		if status, body := getPage(t, o, "GET", "/healthz", ""); status != step.status || body != step.body {
			t.Errorf("%d %q, want %d %q", status, body, step.status, step.body)
		}
	}
}

func TestAddressInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address := taken.Addr().String()
	_, err = listen(address)
	if want := fmt.Sprintf("--listen %s: another program listens there; choose another port", address); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err = listen("192.0.2.1:9807"); err == nil || !strings.Contains(err.Error(), "this host has no such address") {
		t.Error(err)
	}
}

// No more connections are served at a time than is said, a header beyond the
// limit is refused, and a client that says nothing does not hold up the end.
func TestListenIsBounded(t *testing.T) {
	o, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.serve(http.NotFoundHandler(), newPulse(time.Now), zerolog.Nop())
	ask := func(text string) net.Conn {
		c, err := net.Dial("tcp", o.address().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
		return c
	}
	const request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
	answer := func(c net.Conn, wait time.Duration) string {
		c.SetReadDeadline(time.Now().Add(wait))
		line, _ := bufio.NewReader(c).ReadString('\n')
		return line
	}
	if line := answer(ask("GET / HTTP/1.1\r\nHost: localhost\r\nX: "+strings.Repeat("x", 2*maxHeader)+"\r\n\r\n"), 10*time.Second); !strings.Contains(line, "431") {
		t.Errorf("a long header: %q", line)
	}
	var held []net.Conn
	for range maxListening {
		c := ask(request)
		if line := answer(c, 10*time.Second); !strings.Contains(line, "200") {
			t.Fatalf("connection %d: %q", len(held), line)
		}
		held = append(held, c)
	}
	if line := answer(ask(request), 200*time.Millisecond); line != "" {
		t.Errorf("one more than the limit: %q", line)
	}
	start := time.Now()
	o.close()
	if took := time.Since(start); took > partTimeout+5*time.Second {
		t.Errorf("close took %v", took)
	}
	if c, err := net.DialTimeout("tcp", o.address().String(), time.Second); err == nil {
		c.Close()
		t.Error("the address is still taken")
	}
}
