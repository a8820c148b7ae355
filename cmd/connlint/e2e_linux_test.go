package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"connlint/capture/livetest"
)

// everything has each record in the report, told when it is whole.
func everything(args ...string) []string {
	return append([]string{"--format", "jsonl", "--records", "finding,connection,transaction", "--fail-on", "never", "--report-every", "1h"}, args...)
}

// serve has Go's own server answer in a namespace, each request with hello.
func serve(t *testing.T, l net.Listener) {
	t.Helper()
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
}

// fetch asks n times, one after the other.
func fetch(t *testing.T, client *http.Client, url string, n int) {
	t.Helper()
	for i := range n {
		r, err := client.Get(fmt.Sprintf("%s/%d", url, i))
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(r.Body); err != nil || string(body) != "hello" {
			t.Fatalf("%q, %v", body, err)
		}
		r.Body.Close()
	}
}

// closedSoon waits until connlint has nothing open any more, so that a report
// of the run and one of the file end alike.
func closedSoon(t *testing.T, ns namespace, url string, connections int) map[string]float64 {
	t.Helper()
	var seen map[string]float64
	eventually(t, fmt.Sprintf("%d connections are over", connections), func() bool {
		seen = ns.scrapeAt(t, url)
		return seen["connlint_connections_open"] == 0 && seen["connlint_connections_closed_total"] >= float64(connections)
	})
	return seen
}

// Go's client against Go's server, with and without keep-alive: what is
// counted is what was done, from the outside and in the report, and the rule
// about reuse speaks where it must.
func TestLiveKeepAliveOnAndOff(t *testing.T) {
	livetest.Need(t)
	const requests = 40
	for _, keepAlive := range [...]bool{true, false} {
		t.Run(fmt.Sprintf("keep-alive=%t", keepAlive), func(t *testing.T) {
			c := newCable(t)
			serve(t, c.server.listen(t, serverIP+":80"))
			// The capture is at the server, the scrape over the server's loopback.
			w := startLive(t, c.server, everything("-i", "web0", "--listen", "127.0.0.1:9807")...)
			client := c.client.httpClient(t, keepAlive)
			fetch(t, client, "http://"+serverIP, requests)
			client.CloseIdleConnections()
			connections, found := requests, 1
			if keepAlive {
				connections, found = 1, 0
			}
			seen := closedSoon(t, c.server, "http://127.0.0.1:9807/metrics", connections)
			if health := c.server.page(t, "http://127.0.0.1:9807/healthz"); health != "ok\n" {
				t.Errorf("healthz says %q", health)
			}
			report, code := w.stop(syscall.SIGINT)
			if code != exitClean || len(w.stderr.Bytes()) > 0 {
				t.Errorf("exit %d, stderr %q", code, w.stderr.Bytes())
			}
			if n := len(ofType(report, "connection")); n != connections {
				t.Errorf("%d connections, want %d", n, connections)
			}
			transactions := ofType(report, "transaction")
			if len(transactions) != requests {
				t.Errorf("%d transactions, want %d", len(transactions), requests)
			}
			for i, x := range transactions {
				if x["target"] != fmt.Sprintf("/%d", i) || x.number("status") != 200 {
					t.Errorf("transaction %d is %v", i, x)
				}
			}
			reuse := findingsOf(report, "keepalive/connection-per-request")
			if len(reuse) != found {
				t.Errorf("%d findings about reuse, want %d", len(reuse), found)
			}
			for _, f := range reuse {
				if f["culprit"] != "client" || f.number("count") != requests || f.number("cost", "connections") != requests-1 {
					t.Errorf("reuse: %v", f)
				}
			}
			agree(t, seen, report)
		})
	}
}

// agree holds the metrics, read when all was over, against the summary.
func agree(t *testing.T, seen map[string]float64, report []record) {
	t.Helper()
	summaries := ofType(report, "summary")
	if len(summaries) != 1 {
		t.Fatalf("%d summaries", len(summaries))
	}
	s := summaries[0]
	for series, want := range map[string]float64{
		"connlint_segments_total":               s.number("capture", "segments"),
		"connlint_connections_closed_total":     s.number("connections"),
		"connlint_transactions_total":           s.number("transactions"),
		"connlint_dropped_packets_total":        0,
		"connlint_output_dropped_records_total": 0,
	} {
		if seen[series] != want {
			t.Errorf("%s is %v, the summary says %v", series, seen[series], want)
		}
	}
	// Something that is not TCP may have come since.
	if n := s.number("packets"); seen["connlint_packets_total"] > n || seen["connlint_packets_total"] < n-20 {
		t.Errorf("connlint_packets_total is %v, the summary says %v", seen["connlint_packets_total"], n)
	}
	if s.number("dropped") != 0 {
		t.Errorf("dropped %v", s.number("dropped"))
	}
}

// A server that writes head and body apart, with Nagle's algorithm on, waits
// for the client's delayed ACK: the kernel does the rest. The client measures
// what that took.
func TestLiveNagleStall(t *testing.T) {
	livetest.Need(t)
	const requests = 30
	c := newCable(t)
	l := c.server.listen(t, serverIP+":80")
	go halves(l)
	w := startLive(t, c.client, everything("-i", "web0")...)
	conn, err := c.client.dial(t.Context(), "tcp", serverIP+":80")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// Measured from before the request to behind the response: more than what
	// passed on the wire, however late the client was given the processor.
	var waited time.Duration
	stalls, buf := 0, make([]byte, 4096)
	for i := range requests {
		start := time.Now()
		fmt.Fprintf(conn, "GET /%d HTTP/1.1\r\nHost: shop\r\n\r\n", i)
		if _, err := io.ReadFull(conn, buf[:len(headHalf)+len(bodyHalf)]); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > 30*time.Millisecond {
			stalls++
			waited += took
		}
	}
	if stalls < 5 {
		t.Fatalf("the kernel delayed %d ACKs: nothing to find", stalls)
	}
	conn.Close()
	report, _ := w.stop(syscall.SIGTERM)
	found := findingsOf(report, "tcp/nagle-delayed-ack-stall")
	if len(found) != 1 {
		t.Fatalf("%d findings, want one; %d stalls were made", len(found), stalls)
	}
	f, ms := found[0], float64(waited)/1e6
	if f["culprit"] != "server" || f.number("count") < float64(stalls-1) || f.number("count") > float64(stalls+1) {
		t.Errorf("%d stalls were made: %v", stalls, f)
	}
	// TCP_DELACK_MIN is 40 ms, of which the timer's granularity may take 4.
	if cost := f.number("cost", "time_ms"); cost < float64(stalls)*36 || cost > ms {
		t.Errorf("cost %v ms; the client waited %v ms in %d stalls", cost, ms, stalls)
	}
	t.Logf("%d stalls, %.1f ms at the client, %.1f ms in the finding", stalls, ms, f.number("cost", "time_ms"))
}

const (
	headHalf = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
	bodyHalf = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
)

// halves answers each request in two writes.
func halves(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		conn.(*net.TCPConn).SetNoDelay(false)
		go func() {
			defer conn.Close()
			buf := make([]byte, 4096)
			for {
				if _, err := conn.Read(buf); err != nil {
					return
				}
				io.WriteString(conn, headHalf)
				io.WriteString(conn, bodyHalf)
			}
		}()
	}
}

// What a live run says is what a run says over the file that tcpdump writes
// beside it.
func TestLiveAgreesWithTcpdump(t *testing.T) {
	livetest.Need(t, "tcpdump")
	c := newCable(t)
	serve(t, c.server.listen(t, serverIP+":80"))
	go halves(c.server.listen(t, serverIP+":81"))
	file := filepath.Join(t.TempDir(), "seen.pcap")
	dump := c.server.command("tcpdump", "-i", "web0", "-U", "--time-stamp-precision=nano", "-w", file, "tcp")
	if err := dump.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dump.Process.Kill() })
	eventually(t, "tcpdump captures", func() bool { return captures(dump.Process.Pid) })
	w := startLive(t, c.server, everything("-i", "web0", "-f", "tcp", "--listen", "127.0.0.1:9807")...)
	mixture(t, c)
	closedSoon(t, c.server, "http://127.0.0.1:9807/metrics", 22)
	live, _ := w.stop(syscall.SIGINT)
	dump.Process.Signal(syscall.SIGINT)
	if err := dump.Wait(); err != nil {
		t.Fatal(err)
	}
	offline := readBack(t, file)
	want, got := outlines(offline), outlines(live)
	if len(want) < 22+90+2 || len(findingsOf(offline, "tcp/nagle-delayed-ack-stall")) == 0 {
		t.Errorf("the file has %d records: too few to prove anything", len(want))
	}
	same(t, got, want)
}

// mixture is traffic on 22 connections, with and without faults.
func mixture(t *testing.T, c *cable) {
	t.Helper()
	kept, fresh := c.client.httpClient(t, true), c.client.httpClient(t, false)
	fetch(t, kept, "http://"+serverIP, 50)
	fetch(t, fresh, "http://"+serverIP, 20)
	for i := range 20 {
		r, err := kept.Get(fmt.Sprintf("http://%s:81/%d", serverIP, i))
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, r.Body)
		r.Body.Close()
	}
	kept.CloseIdleConnections()
}

// readBack is the report over a file.
func readBack(t *testing.T, file string) []record {
	t.Helper()
	out, err := exec.Command("connlint", "--format", "jsonl", "--records", "finding,connection,transaction", "--fail-on", "never", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	return parseRecords(t, out)
}

// outlines are the findings, connections and transactions without what
// depends on the nanosecond of a packet: the kernel stamps what a host sends
// once for each that captures it, and where both ends close at one time on two
// cores, each has the two packets in an order of its own. Numbers and IDs count
// what is no TCP too.
func outlines(all []record) []string {
	var texts []string
	for _, r := range all {
		switch r["type"] {
		case "connection":
			history := strings.Replace(r["history"].(string), "fF", "Ff", 1)
			texts = append(texts, fmt.Sprint("connection ", r["client"], r["server"], r["closed_by"], r["close"], r["transactions"], history))
		case "transaction":
			texts = append(texts, fmt.Sprint("transaction ", r["method"], r["target"], r["status"], r["index"]))
		case "finding":
			texts = append(texts, fmt.Sprint("finding ", r["rule"], r["culprit"], r["count"]))
		}
	}
	slices.Sort(texts)
	return texts
}

// same fails the test at the first line that differs.
func same(t *testing.T, live, file []string) {
	t.Helper()
	for i := range max(len(live), len(file)) {
		switch {
		case i >= len(live) || i >= len(file):
			t.Fatalf("%d records live, %d of the file", len(live), len(file))
		case live[i] != file[i]:
			t.Fatalf("live\n%s\nfile\n%s", live[i], file[i])
		}
	}
}

// Without the capability there is one line that says which, and how to give it.
func TestLiveWithoutPrivilege(t *testing.T) {
	livetest.Need(t)
	self, err := exec.LookPath("connlint")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/tmp", "connlint-anyone") // where anyone may look
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	program := filepath.Join(dir, "connlint")
	if err := os.WriteFile(program, data, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-i", "lo")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	cmd.Dir = "/"
	var stderr strings.Builder
	cmd.Stderr = &stderr
	err = cmd.Run()
	if cmd.ProcessState.ExitCode() != exitFailed || strings.Count(stderr.String(), "\n") != 1 ||
		!strings.Contains(stderr.String(), "CAP_NET_RAW") || !strings.Contains(stderr.String(), "setcap cap_net_raw") {
		t.Errorf("%v, stderr %q", err, stderr.String())
	}
}

// An address that is taken is told before anything is captured.
func TestLiveListenInUse(t *testing.T) {
	livetest.Need(t)
	c := newCable(t)
	c.server.listen(t, "127.0.0.1:9807")
	cmd := c.server.command("connlint", "-i", "web0", "--listen", ":9807")
	out, _ := cmd.CombinedOutput()
	if want := "connlint: --listen 127.0.0.1:9807: another program listens there; choose another port\n"; cmd.ProcessState.ExitCode() != exitFailed || string(out) != want {
		t.Errorf("exit %d: %q", cmd.ProcessState.ExitCode(), out)
	}
}
