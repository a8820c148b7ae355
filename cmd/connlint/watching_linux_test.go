package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// record is a JSON line of a report.
type record map[string]any

func parseRecords(t *testing.T, jsonl []byte) []record {
	t.Helper()
	var all []record
	for line := range bytes.Lines(jsonl) {
		var r record
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		all = append(all, r)
	}
	return all
}

// ofType are the records of a type.
func ofType(all []record, kind string) []record {
	var some []record
	for _, r := range all {
		if r["type"] == kind {
			some = append(some, r)
		}
	}
	return some
}

// findingsOf are those of a rule.
func findingsOf(all []record, rule string) []record {
	var some []record
	for _, r := range ofType(all, "finding") {
		if r["rule"] == rule {
			some = append(some, r)
		}
	}
	return some
}

func (r record) number(path ...string) float64 {
	var v any = map[string]any(r)
	for _, key := range path {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	f, _ := v.(float64)
	return f
}

// watching is a connlint that captures, as a process of its own.
type watching struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout lockedBuffer
	stderr lockedBuffer
	exited chan error
}

// lockedBuffer may be read while a process writes to it.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) Bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.buf.Bytes())
}

// startLive starts connlint in a namespace and returns when it captures.
func startLive(t *testing.T, ns namespace, args ...string) *watching {
	t.Helper()
	w := &watching{t: t, exited: make(chan error, 1)}
	w.cmd = ns.command("connlint", args...)
	w.cmd.Stdout, w.cmd.Stderr = &w.stdout, &w.stderr
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { w.exited <- w.cmd.Wait() }()
	t.Cleanup(func() { w.cmd.Process.Kill() })
	eventually(t, "connlint captures", func() bool {
		select {
		case err := <-w.exited:
			t.Fatalf("connlint ended at once: %v: %s", err, w.stderr.Bytes())
		default:
		}
		return captures(w.cmd.Process.Pid)
	})
	time.Sleep(300 * time.Millisecond) // libpcap sets the filter behind it, and signals are taken from then on
	return w
}

// captures reports whether a process has a packet socket that receives: in the
// kernel's table of those in its network namespace, R says so. That of another
// process does not count, nor one that is not bound yet, such as that with
// which connlint looks the interface up.
func captures(pid int) bool {
	table, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/packet", pid))
	if err != nil {
		return false
	}
	own := map[string]bool{}
	files := fmt.Sprintf("/proc/%d/fd", pid)
	open, _ := os.ReadDir(files) // it may be gone
	for _, f := range open {
		if link, err := os.Readlink(filepath.Join(files, f.Name())); err == nil {
			own[link] = true
		}
	}
	for line := range strings.Lines(string(table)) {
		if f := strings.Fields(line); len(f) > 8 && f[5] == "1" && own["socket:["+f[8]+"]"] {
			return true
		}
	}
	return false
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}

// stop ends the capture with a signal and returns the records of the report
// and the exit code.
func (w *watching) stop(sig syscall.Signal) ([]record, int) {
	w.t.Helper()
	w.cmd.Process.Signal(sig)
	select {
	case <-w.exited:
	case <-time.After(60 * time.Second):
		w.t.Fatalf("%v did not end connlint within a minute: %s", sig, w.stderr.Bytes())
	}
	return parseRecords(w.t, w.stdout.Bytes()), w.cmd.ProcessState.ExitCode()
}

// scrapeAt asks a page of a connlint in a namespace, values by series.
func (ns namespace) scrapeAt(t *testing.T, url string) map[string]float64 {
	t.Helper()
	series := map[string]float64{}
	for line := range strings.Lines(ns.page(t, url)) {
		var v float64
		at := strings.LastIndexByte(line, ' ')
		if strings.HasPrefix(line, "#") || at < 0 {
			continue
		}
		if _, err := fmt.Sscan(line[at:], &v); err == nil {
			series[line[:at]] = v
		}
	}
	return series
}

func (ns namespace) page(t *testing.T, url string) string {
	t.Helper()
	w, err := ns.httpClient(t, false).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
