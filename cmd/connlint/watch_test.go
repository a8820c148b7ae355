package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/gopacket"

	"connlint/capture"
)

// replay is a live capture of what a file has: an idle tick comes before each
// packet. At the end it is silent until it is stopped.
type replay struct {
	capture.ReadCloser
	cfg      capture.LiveConfig
	data     []byte
	ci       gopacket.CaptureInfo
	ready    bool
	err      error
	counters capture.LiveCounters
	atEnd    func()    // called when all was read; may be nil
	silent   chan bool // closed when all was read
	stopped  chan bool // closed by Stop
	once     sync.Once
}

func openReplay(t *testing.T, path string) *replay {
	t.Helper()
	r, err := capture.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &replay{ReadCloser: r, silent: make(chan bool), stopped: make(chan bool)}
}

func (r *replay) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	switch {
	case r.err != nil:
		return nil, gopacket.CaptureInfo{}, r.err
	case r.ready:
		r.ready = false
		return r.data, r.ci, nil
	}
	r.data, r.ci, r.err = r.ReadCloser.ZeroCopyReadPacketData()
	if r.err != nil {
		if r.atEnd != nil {
			r.atEnd()
		}
		close(r.silent)
		<-r.stopped
		r.err = io.EOF
		return nil, gopacket.CaptureInfo{}, io.EOF
	}
	r.ready = true
	return nil, gopacket.CaptureInfo{}, capture.Idle{Now: r.ci.Timestamp.UnixNano()}
}

func (r *replay) Stop()                          { r.once.Do(func() { close(r.stopped) }) }
func (r *replay) Counters() capture.LiveCounters { return r.counters }
func (r *replay) Dropped() uint64                { return r.counters.Dropped }
func (r *replay) InterfaceName(int) string       { return "eth0" }

// hostOf is a machine whose interface is r. Signals are sent by interrupt.
func hostOf(r *replay) (h *host, interrupt func(os.Signal)) {
	var to chan<- os.Signal
	var mu sync.Mutex
	h = &host{
		open: func(cfg capture.LiveConfig) (capture.Live, error) {
			r.cfg = cfg
			return r, nil
		},
		now:   func() int64 { return 1e18 },
		after: func(d time.Duration, do func()) func() bool { return time.AfterFunc(d, do).Stop },
		signals: func(c chan<- os.Signal, _ ...os.Signal) {
			mu.Lock()
			defer mu.Unlock()
			to = c
		},
		exit: func(code int) { panic(code) },
	}
	return h, func(s os.Signal) {
		mu.Lock()
		defer mu.Unlock()
		to <- s
	}
}

// records are the lines of a jsonl report that are of one of the kinds, sorted.
func records(t *testing.T, report string, kinds ...string) []string {
	t.Helper()
	var all []string
	for line := range strings.Lines(report) {
		var r struct{ Type string }
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		if slices.Contains(kinds, r.Type) {
			all = append(all, line)
		}
	}
	slices.Sort(all)
	return all
}

// A live run of the packets of a file has the file's records. SIGINT ends it,
// with everything seen so far and the file's exit code, and nothing is left of
// it.
func TestLiveIsFile(t *testing.T) {
	before := runtime.NumGoroutine()
	args := []string{"--format", "jsonl", "--records", "finding,connection,transaction", "--fail-on", "warning"}
	var file, live, stderr bytes.Buffer
	code := run(append(args, mixed), nil, &file, &stderr)
	r := openReplay(t, mixed)
	h, interrupt := hostOf(r)
	go func() {
		<-r.silent
		interrupt(syscall.SIGINT)
	}()
	if got := runOn(h, append(args, "-i", "eth0", "--report-every", "0"), nil, &live, &stderr); got != code {
		t.Errorf("exit %d, of the file %d", got, code)
	}
	if stderr.Len() > 0 {
		t.Error(stderr.String())
	}
	kinds := []string{"finding", "connection", "transaction"}
	a := records(t, strings.ReplaceAll(file.String(), `"`+mixed+`"`, `"eth0"`), kinds...)
	if b := records(t, live.String(), kinds...); len(a) == 0 || !slices.Equal(a, b) {
		t.Errorf("%d records, live %d, or others", len(a), len(b))
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, before there were %d", runtime.NumGoroutine(), before)
}

// The intervals of a live run tell what is new, of connections that are open
// as well; the report ends as a whole whatever the form is.
func TestLiveIntervals(t *testing.T) {
	for _, form := range []string{"text", "json", "jsonl"} {
		r := openReplay(t, mixed)
		h, interrupt := hostOf(r)
		go func() {
			<-r.silent
			interrupt(syscall.SIGTERM)
		}()
		var stdout, stderr bytes.Buffer
		runOn(h, []string{"-i", "eth0", "--format", form, "--records", "connection", "--report-every", "500ms"}, nil, &stdout, &stderr)
		switch form {
		case "text":
			blocks := strings.Count(stdout.String(), " active\n")
			if whole := strings.Count(stdout.String(), "\neth0: "); blocks < 2 || whole != 1 || stderr.Len() > 0 {
				t.Errorf("%d blocks, %d reports, stderr %q", blocks, whole, stderr.String())
			}
		case "json":
			if !json.Valid(stdout.Bytes()) {
				t.Errorf("no JSON document: %q", stdout.String())
			}
		default:
			var open, over int
			for _, line := range records(t, stdout.String(), "connection") {
				if strings.Contains(line, `"open":true`) {
					open++
				} else {
					over++
				}
			}
			if open == 0 || over == 0 {
				t.Errorf("%d records of open connections, %d of others", open, over)
			}
		}
	}
}

// -c ends a live run as it ends the reading of a file, and what the flags ask
// of the interface arrives there.
func TestLiveCount(t *testing.T) {
	r := openReplay(t, mixed)
	h, _ := hostOf(r)
	var stdout, stderr bytes.Buffer
	code := runOn(h, []string{"-i", "eth0", "-c", "20", "--format", "jsonl", "--ring", "8MiB", "--snaplen", "200", "--no-promiscuous"}, nil, &stdout, &stderr)
	if sums := records(t, stdout.String(), "summary"); code != exitClean || len(sums) != 1 || !strings.Contains(sums[0], `"packets":20,`) {
		t.Errorf("exit %d, %q", code, sums)
	}
	if c := r.cfg; c.Interface != "eth0" || c.Ring != 8<<20 || c.Snaplen != 200 || c.Promiscuous || c.Clock() != 1e18 {
		t.Errorf("asked for %+v", c)
	}
}

// --duration ends a silent run; what was dropped and what became of the
// interface is one line each, and in the summary.
func TestLiveTroubleIsTold(t *testing.T) {
	r := openReplay(t, mixed)
	h, _ := hostOf(r)
	r.counters = capture.LiveCounters{Dropped: 1204, Freezes: 3}
	r.atEnd = func() {
		for range 5 {
			r.cfg.Notice("it went down")
		}
	}
	var stdout, stderr bytes.Buffer
	if code := runOn(h, []string{"-i", "eth0", "--duration", "300ms", "--format", "jsonl"}, nil, &stdout, &stderr); code != exitFindings {
		t.Errorf("exit %d", code)
	}
	lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
	slices.Sort(lines)
	if len(lines) != 2 || !strings.Contains(lines[0], "eth0: it went down") || !strings.HasSuffix(lines[1], "eth0: the kernel dropped 1204 packets (1204 in all): they came faster than they were read; --ring gives it more room") {
		t.Errorf("stderr %q", lines)
	}
	if sums := records(t, stdout.String(), "summary"); len(sums) != 1 || !strings.Contains(sums[0], `"ring_full":3,"interruptions":5,`) || !strings.Contains(sums[0], `"dropped":1204,`) {
		t.Errorf("summary %q", sums)
	}
}

// A reader that goes away ends the run, also where it was silent.
func TestLiveClosedOutput(t *testing.T) {
	r := openReplay(t, mixed)
	h, _ := hostOf(r)
	out, in := io.Pipe()
	go func() {
		<-r.silent
		out.Close()
	}()
	var stderr bytes.Buffer
	if code := runOn(h, []string{"-i", "eth0", "--format", "jsonl"}, nil, in, &stderr); code != exitFailed || stderr.Len() > 0 {
		t.Errorf("exit %d, stderr %q", code, stderr.String())
	}
}

// What -w writes is what was analysed: read again, it has the same records, also
// from files that rotate. Then evidence has the name of its file beside it, and
// its number there.
func TestLiveWrites(t *testing.T) {
	for _, rotate := range [][]string{nil, {"--rotate-size", "10K"}} {
		r := openReplay(t, mixed)
		h, _ := hostOf(r)
		dir := t.TempDir()
		args := []string{"--format", "jsonl", "--records", "finding,connection,transaction"}
		var live, file, stderr bytes.Buffer
		r.atEnd = r.Stop
		runOn(h, slices.Concat(args, []string{"-i", "eth0", "-w", filepath.Join(dir, "x.pcapng"), "--report-every", "0"}, rotate), nil, &live, &stderr)
		paths, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || (len(paths) > 5) != (rotate != nil) {
			t.Fatal(paths, err)
		}
		slices.Reverse(paths)
		run(slices.Concat(args, []string{"--rotated"}, paths), nil, &file, &stderr)
		kinds := []string{"finding", "connection", "transaction"}
		a, b := records(t, placeless(live.String()), kinds...), records(t, placeless(file.String()), kinds...)
		if len(a) == 0 || !slices.Equal(a, b) || stderr.Len() > 0 {
			t.Errorf("%v: %d records, of the files %d, or others; stderr %q", rotate, len(a), len(b), stderr.String())
		}
	}
}

// placeless are records without the names of sources and files and without
// numbers in files.
func placeless(report string) string {
	return regexp.MustCompile(`"source":"[^"]*",|"file":"[^"]*","file_number":[0-9]+,`).ReplaceAllString(report, "")
}

// Where packets cannot be written the analysis goes on, and the exit code says
// that the job was not done.
func TestLiveCannotWrite(t *testing.T) {
	r := openReplay(t, mixed)
	h, _ := hostOf(r)
	r.atEnd = r.Stop
	var stdout, stderr bytes.Buffer
	code := runOn(h, []string{"-i", "eth0", "-w", "/dev/full", "--format", "jsonl"}, nil, &stdout, &stderr)
	if sums := records(t, stdout.String(), "summary"); code != exitFailed || len(sums) != 1 {
		t.Errorf("exit %d, %q", code, sums)
	}
	lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "connlint: /dev/full: ") || !strings.Contains(lines[1], " packets were not written to /dev/full") {
		t.Errorf("stderr %q", lines)
	}
}
