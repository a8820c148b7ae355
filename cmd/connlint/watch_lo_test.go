//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"connlint/capture/livetest"
)

// found is what the test reads of a finding.
type found struct {
	Type, Rule, Culprit string
	Count               int
	Cost                struct {
		TimeMS float64 `json:"time_ms"`
	}
	Subject struct{ Server string }
}

// told are the findings of a live run on lo, as they come.
type told struct {
	t     *testing.T
	lines *bufio.Scanner
	all   []found
}

// until reads on until a finding is what is asked for.
func (r *told) until(what string, is func(*found) bool) *found {
	r.t.Helper()
	for r.lines.Scan() {
		var f found
		if err := json.Unmarshal(r.lines.Bytes(), &f); err != nil {
			r.t.Fatalf("%v: %q", err, r.lines.Text())
		}
		if f.Type == "summary" {
			break
		}
		r.all = append(r.all, f)
		if is(&f) {
			return &f
		}
	}
	r.t.Fatalf("%s: never told; %+v", what, r.all)
	return nil
}

// heldServer answers each request in two writes with Nagle's algorithm on, so
// that the second one waits for the client's delayed ACK.
func heldServer(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_ = c.(*net.TCPConn).SetNoDelay(false)
				for in := bufio.NewReader(c); ; {
					q, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					_ = q.Body.Close()
					for _, piece := range []string{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", "01234", "56789"} {
						if _, err := io.WriteString(c, piece); err != nil {
							return
						}
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// get asks n times, on one connection if it is kept.
func get(t *testing.T, server string, n int, kept bool) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: !kept}}
	defer client.CloseIdleConnections()
	for range n {
		a, err := client.Get("http://" + server + "/")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, a.Body)
		a.Body.Close()
	}
}

// On a real interface faults are told while they happen: writes that Nagle's
// algorithm holds back, on a connection that stays open, and a connection for
// each request, of the server that closes them alone. SIGINT ends it.
func TestWatchLoopback(t *testing.T) {
	if !livetest.InNamespace(t) {
		return
	}
	out, in := io.Pipe()
	code := make(chan int)
	go func() {
		code <- run([]string{"-i", "lo", "--format", "jsonl", "--report-every", "1s", "--fail-on", "warning"}, nil, in, os.Stderr)
		in.Close()
	}()
	r := &told{t: t, lines: bufio.NewScanner(out)}
	r.lines.Buffer(nil, 1<<20)
	if !r.lines.Scan() || !strings.HasPrefix(r.lines.Text(), `{"type":"run"`) {
		t.Fatalf("it does not begin: %v", r.lines.Text())
	}

	held := heldServer(t)
	ask, done := &http.Client{Transport: &http.Transport{}}, make(chan bool)
	go func() { // one connection, kept beyond the findings
		for range 40 {
			if a, err := ask.Get("http://" + held + "/"); err == nil {
				_, _ = io.Copy(io.Discard, a.Body)
				a.Body.Close()
			}
		}
		done <- true
		<-done
		ask.CloseIdleConnections()
		done <- true
	}()
	f := r.until("stalls", func(f *found) bool { return f.Rule == "tcp/nagle-delayed-ack-stall" })
	if f.Subject.Server != held || f.Culprit != "server" || f.Cost.TimeMS < 20*float64(f.Count) || f.Cost.TimeMS > 200*float64(f.Count) {
		t.Errorf("stalls: %+v", f)
	}
	<-done

	web := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })}
		go func() { _ = s.Serve(l) }()
		t.Cleanup(func() { s.Close() })
		return l.Addr().String()
	}
	kept, single := web(), web()
	go func() {
		get(t, kept, 30, true)
		get(t, single, 30, false)
	}()
	f = r.until("a connection for each request", func(f *found) bool { return f.Rule == "keepalive/connection-per-request" })
	if f.Subject.Server != single || f.Culprit != "client" || f.Count < 3 || f.Count > 30 {
		t.Errorf("a connection for each request: %+v", f)
	}
	done <- true
	<-done
	if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	for r.lines.Scan() {
		if strings.HasPrefix(r.lines.Text(), `{"type":"summary"`) {
			break
		}
	}
	if !strings.Contains(r.lines.Text(), `"dropped":0,`) {
		t.Errorf("no summary, or drops: %q, %v", r.lines.Text(), r.lines.Err())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	if got := <-code; got != exitFindings {
		t.Errorf("exit %d", got)
	}
	for _, f := range r.all {
		if f.Rule == "keepalive/connection-per-request" && f.Subject.Server == kept {
			t.Errorf("a false alarm: %+v", f)
		}
	}
}
