package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"connlint/capture/livetest"
)

// nginxConf answers on three ports: as nginx does, without keep-alive, and
// with next to nothing. The log of each request names its connection.
const nginxConf = `
worker_processes 1;
pid nginx.pid;
error_log error.log;
events { worker_connections 1024; }
http {
	log_format truth "$connection $connection_requests $request_uri $status $body_bytes_sent";
	client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
	keepalive_requests 1000000;
	server { listen 80; access_log kept.log truth; return 200 "hello\n"; }
	server { listen 81; access_log refused.log truth; keepalive_timeout 0; return 200 "hello\n"; }
	server { listen 82; access_log off; return 204; }
}
`

// startNginx runs nginx in a namespace until the test ends and returns its
// folder.
func startNginx(t *testing.T, ns namespace) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(nginxConf), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := ns.command("nginx", "-p", dir, "-c", "nginx.conf", "-e", filepath.Join(dir, "error.log"), "-g", "daemon off; user root;")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	})
	eventually(t, "nginx listens", func() bool {
		conn, err := ns.dial(t.Context(), "tcp", "127.0.0.1:82")
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return dir
}

// logged reads a log of nginx: its connections, and its requests in order.
func logged(t *testing.T, path string) (connections int, requests []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) != 5 || fields[3] != "200" {
			continue // the one that is being written, or no request of ours
		}
		seen[fields[0]] = true
		requests = append(requests, fields[2])
	}
	return len(seen), requests
}

// curl against nginx: what connlint counts is what nginx logged, and the rule
// about reuse blames the side that nginx was told to be.
func TestLiveNginxAndCurl(t *testing.T) {
	livetest.Need(t, "nginx", "curl")
	const requests = 25
	for _, c := range [...]struct {
		name, port, log string
		fresh           bool // a curl for each request
		culprit         string
	}{
		{"kept", "80", "kept.log", false, ""},
		{"client closes", "80", "kept.log", true, "client"},
		{"server refuses", "81", "refused.log", false, "server"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cable := newCable(t)
			dir := startNginx(t, cable.server)
			w := startLive(t, cable.server, everything("-i", "web0", "--listen", "127.0.0.1:9807")...)
			var urls []string
			for i := range requests {
				url := fmt.Sprintf("http://%s:%s/%d", serverIP, c.port, i)
				if urls = append(urls, url); c.fresh {
					shell(t, cable.client, "curl", "-sS", url)
				}
			}
			if !c.fresh {
				shell(t, cable.client, "curl", append([]string{"-sS"}, urls...)...)
			}
			var connections int
			var asked []string
			eventually(t, "nginx has logged all requests", func() bool { // it does so after the answer
				connections, asked = logged(t, filepath.Join(dir, c.log))
				return len(asked) == requests
			})
			if (connections == 1) != (c.culprit == "") {
				t.Fatalf("nginx logged %d requests on %d connections", len(asked), connections)
			}
			seen := closedSoon(t, cable.server, "http://127.0.0.1:9807/metrics", connections)
			report, _ := w.stop(syscall.SIGTERM)
			agree(t, seen, report)
			if n := len(ofType(report, "connection")); n != connections {
				t.Errorf("%d connections, nginx logged %d", n, connections)
			}
			// curl may ask on a connection that nginx is closing: it asks again
			// on the next, and nginx logs neither the request nor its reset.
			all := ofType(report, "transaction")
			transactions := slices.DeleteFunc(slices.Clone(all), func(x record) bool { return x.number("status") == 0 })
			reset := len(all) - len(transactions)
			if len(transactions) != requests || reset > 0 && c.culprit != "server" {
				t.Fatalf("%d transactions, %d of them reset; nginx logged %d", len(all), reset, requests)
			}
			for i, x := range transactions {
				if x["target"] != asked[i] {
					t.Errorf("transaction %d asks for %v, nginx logged %s", i, x["target"], asked[i])
				}
			}
			reuse := findingsOf(report, "keepalive/connection-per-request")
			switch {
			case c.culprit == "" && len(reuse) > 0:
				t.Errorf("one connection: %v", reuse)
			case c.culprit != "" && (len(reuse) != 1 || reuse[0]["culprit"] != c.culprit || reuse[0].number("count") < float64(requests-reset)):
				t.Errorf("reuse: %v, want the %s to be blamed", reuse, c.culprit)
			}
		})
	}
}
