//go:build linux

package capture

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"connlint/capture/livetest"
)

// exchange lets a real client ask a real server n times on one connection.
func exchange(t *testing.T, n int, body string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s to %s", body, r.URL.Path)
	}))
	defer server.Close()
	client := server.Client()
	defer client.CloseIdleConnections()
	for i := range n {
		response, err := client.Get(fmt.Sprintf("%s/%d", server.URL, i))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if want := fmt.Sprintf("%s to /%d", body, i); err != nil || string(text) != want {
			t.Fatalf("%d bytes, %v", len(text), err)
		}
	}
}

// flowOf puts the payload of the segments from one side together. Every packet
// must have been seen, and once: the IP id tells a second view from what TCP
// sent again, which a busy machine makes it do. On two cores, loopback may
// reorder.
func flowOf(t *testing.T, segments []Segment, fromServer bool, server Endpoint) []byte {
	t.Helper()
	var sent []Segment
	ids := map[uint16]uint64{}
	for _, s := range segments {
		if (s.Src == server) != fromServer {
			continue
		}
		if first, seen := ids[s.IPID]; seen && s.HasIPID && s.IPID != 0 {
			t.Fatalf("packets %d and %d are one", first, s.Number())
		}
		ids[s.IPID] = s.Number()
		if s.Len != len(s.Payload) {
			t.Fatalf("packet %d: %d of %d bytes", s.Number(), len(s.Payload), s.Len)
		}
		if s.Len > 0 || s.Flags.Any(SYN|FIN) {
			sent = append(sent, s)
		}
	}
	slices.SortStableFunc(sent, func(a, b Segment) int { return a.Seq.Sub(b.Seq) })
	var flow bytes.Buffer
	next := sent[0].Seq
	for _, s := range sent {
		if s.Seq.After(next) {
			t.Fatalf("packet %d: sequence number %d, want %d: something was not seen", s.Number(), s.Seq, next)
		}
		if s.End().After(next) {
			flow.Write(s.Payload[min(next.Sub(s.Seq), s.Len):])
			next = s.End()
		}
	}
	return flow.Bytes()
}

// serverOf is where the first SYN went.
func serverOf(t *testing.T, segments []Segment) Endpoint {
	t.Helper()
	if len(segments) == 0 || segments[0].Flags != SYN {
		t.Fatal("the capture does not start with a SYN")
	}
	return segments[0].Dst
}

// On loopback every packet passes twice and is captured once; packets of up to
// 64 KiB come whole.
func TestLiveLoopback(t *testing.T) {
	if !livetest.InNamespace(t) {
		return
	}
	run := startLive(t, LiveConfig{Interface: "lo"})
	body := strings.Repeat("0123456789", 20_000)
	exchange(t, 20, body)
	run.finish(t)
	server := serverOf(t, run.segments)
	if got := bytes.Count(flowOf(t, run.segments, false, server), []byte("GET /")); got != 20 {
		t.Errorf("%d requests, want 20", got)
	}
	answers := flowOf(t, run.segments, true, server)
	if got := bytes.Count(answers, []byte("HTTP/1.1 200 OK")); got != 20 || bytes.Count(answers, []byte(body)) != 20 {
		t.Errorf("%d answers, want 20", got)
	}
	if run.InterfaceName(0) != "lo" || run.LinkType(0) != LinkEthernet {
		t.Errorf("%q, %v", run.InterfaceName(0), run.LinkType(0))
	}
}

// A reader in silence is told the time, and Stop wakes it.
func TestLiveSilence(t *testing.T) {
	if !livetest.InNamespace(t) {
		return
	}
	run := startLive(t, LiveConfig{Interface: "lo", Idle: 50 * time.Millisecond})
	run.wait(t, "idle ten times", func() bool { return len(run.idle) >= 10 })
	exchange(t, 3, "")
	run.wait(t, "idle after packets", func() bool { return run.idle[len(run.idle)-1].packets > 10 })
	from := time.Now()
	run.finish(t)
	if took := time.Since(from); took > time.Second {
		t.Errorf("Stop took %v", took)
	}
	for i := 1; i < len(run.idle); i++ {
		if run.idle[i].now <= run.idle[i-1].now {
			t.Errorf("idle at %v, then at %v", run.idle[i-1].now, run.idle[i].now)
		}
	}
	if lag := time.Since(time.Unix(0, run.idle[len(run.idle)-1].now)); lag > 2*time.Second {
		t.Errorf("the last Idle is %v late", lag)
	}
}

// trickle sends small datagrams over loopback, one each few milliseconds.
func trickle(t *testing.T, length time.Duration) {
	t.Helper()
	to, err := net.Dial("udp", "127.0.0.1:9")
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	for end := time.Now().Add(length); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		_, _ = to.Write([]byte("x")) // nobody listens, as every second write is told
	}
}

// Where packets come all the time, and perhaps none is yielded, time moves too.
func TestLiveTimeMovesUnderTraffic(t *testing.T) {
	if !livetest.InNamespace(t) {
		return
	}
	run := startLive(t, LiveConfig{Interface: "lo"})
	trickle(t, 2*time.Second)
	run.finish(t)
	during := slices.IndexFunc(run.idle, func(i idleAt) bool { return i.packets >= len(run.raws)/2 })
	if len(run.raws) < 100 || len(run.segments) > 0 || during < 1 {
		t.Errorf("%d packets, idle at %v", len(run.raws), run.idle)
	}
}

// A packet that the kernel has not given out yet is not older than an Idle
// before it, however soon that comes: finish looks.
func TestLiveIdleBesidePackets(t *testing.T) {
	if !livetest.InNamespace(t) {
		return
	}
	run := startLive(t, LiveConfig{Interface: "lo", Idle: 10 * time.Millisecond})
	trickle(t, time.Second)
	run.finish(t)
	if len(run.raws) < 50 || len(run.idle) < 10 {
		t.Errorf("%d packets, %d times idle", len(run.raws), len(run.idle))
	}
}

func TestLiveUnknownInterface(t *testing.T) {
	if !livetest.InNamespace(t) {
		return
	}
	_, err := OpenLive(LiveConfig{Interface: "eth77", Clock: wallClock})
	if err == nil || !strings.HasPrefix(err.Error(), "eth77: no such interface; there are lo") {
		t.Error(err)
	}
}
