package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"connlint/capture/livetest"
)

// usage is what a process has taken.
type usage struct {
	cpu time.Duration
	rss int // kB
}

// usageOf reads /proc (proc(5)): CPU time is in ticks of 1/100 s.
func usageOf(t *testing.T, pid int) usage {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	pages, _ := strconv.Atoi(fields[21])
	return usage{time.Duration(user+system) * 10 * time.Millisecond, pages * os.Getpagesize() / 1024}
}

// loadTime is how long the load lasts: 20 s, or what CONNLINT_LOAD says.
func loadTime(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("CONNLINT_LOAD")
	if text == "" {
		return 20 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 4*time.Second {
		t.Fatalf("CONNLINT_LOAD=%s: it is a time such as 10m", text)
	}
	return d
}

// wrk against nginx at the rate that the machine gives, its cores shared with
// connlint: no packet is dropped, and memory stays as it was after the start.
func TestLiveUnderLoad(t *testing.T) {
	livetest.Need(t, "nginx", "wrk")
	if os.Getenv("CONNLINT_LIVE") == "" && os.Getenv("CONNLINT_LOAD") == "" {
		t.Skip("neither CONNLINT_LIVE=required nor CONNLINT_LOAD=20s is set: no load is made")
	}
	if raceDetector {
		t.Skip("under the race detector this measures the race detector")
	}
	const url = "http://127.0.0.1:9807/metrics"
	duration := loadTime(t)
	c := newCable(t)
	startNginx(t, c.server)
	w := startLive(t, c.server, "-i", "web0", "--format", "jsonl", "--fail-on", "never", "--listen", "127.0.0.1:9807")
	pid := w.cmd.Process.Pid
	load := c.client.command("wrk", "-t1", "-c64", fmt.Sprintf("-d%ds", int(duration.Seconds())), "http://"+serverIP+":82/")
	before, start := usageOf(t, pid), time.Now()
	done := make(chan string)
	go func() {
		out, _ := load.CombinedOutput()
		done <- string(out)
	}()
	warm, most, said := usage{}, 0, ""
	for step := duration / 20; said == ""; {
		select {
		case said = <-done:
		case <-time.After(step):
			now := usageOf(t, pid)
			if most = max(most, now.rss); warm.rss == 0 && time.Since(start) > duration/4 {
				warm = now
			}
			t.Logf("%4.0f s: RSS %d kB, CPU %v", time.Since(start).Seconds(), now.rss, now.cpu-before.cpu)
		}
	}
	took, after := time.Since(start), usageOf(t, pid)
	eventually(t, "all connections are over", func() bool { return c.server.scrapeAt(t, url)["connlint_connections_open"] == 0 })
	report, _ := w.stop(syscall.SIGINT)
	s := ofType(report, "summary")[0]
	packets := s.number("packets")
	t.Logf("wrk says:\n%s", said)
	t.Logf("%.0f packets in %v, %.0f/s; %.0f transactions; CPU %.0f %% of a core, %.0f ns a packet; RSS %d kB at most",
		packets, took.Round(time.Second), packets/took.Seconds(), s.number("transactions"),
		100*(after.cpu-before.cpu).Seconds()/took.Seconds(), float64(after.cpu-before.cpu)/packets, most)
	if packets < 10_000*took.Seconds() {
		t.Errorf("only %.0f packets: no load", packets)
	}
	if dropped := s.number("dropped"); dropped != 0 {
		t.Errorf("the kernel dropped %v packets", dropped)
	}
	// The collector may let the heap double between two of its runs.
	if most > warm.rss*3/2+32<<10 {
		t.Errorf("RSS grew from %d kB to %d kB", warm.rss, most)
	}
}
