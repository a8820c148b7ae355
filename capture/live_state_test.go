//go:build linux && !pcap

package capture

import (
	"errors"
	"io/fs"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"connlint/capture/livetest"
)

// An interface that goes down is waited for; the capture ends when it is
// removed.
func TestLiveInterfaceGoesAndComes(t *testing.T) {
	if !livetest.InNamespace(t) {
		return
	}
	const down, up = "the interface is down; the capture goes on when it is up again", "the interface is up again"
	veth(t)
	livetest.IP(t, "link set v0 down")
	run := startLive(t, LiveConfig{Interface: "v0", Idle: 20 * time.Millisecond})
	notices := func(want ...string) func() bool {
		return func() bool { return slices.Equal(run.notices, want) }
	}
	run.wait(t, "it starts down", notices(down))
	livetest.IP(t, "link set v0 up")
	run.wait(t, "it comes up", notices(down, up))
	carrier(t)
	s := newSender(t, "v1")
	s.send(t, plain("one"))
	run.wait(t, "a packet", func() bool { return len(run.segments) == 1 })
	livetest.IP(t, "link set v0 down")
	run.wait(t, "it goes down", notices(down, up, down))
	idle := len(run.idle)
	run.wait(t, "time goes on", func() bool { return len(run.idle) > idle+3 })
	livetest.IP(t, "link set v0 up")
	run.wait(t, "it comes back", notices(down, up, down, up))
	carrier(t)
	s.send(t, plain("two"))
	run.wait(t, "a packet", func() bool { return len(run.segments) == 2 })
	s.send(t, plain("three"))
	livetest.IP(t, "link del v0")
	select {
	case <-run.ended:
	case <-time.After(5 * time.Second):
		t.Fatal("the capture goes on without its interface")
	}
	if run.err == nil || run.err.Error() != "v0: packet 4: the interface was removed" {
		t.Error(run.err)
	}
	wantPayloads(t, run, "one", "two", "three")
	if _, again := run.file.Next(); again != run.err {
		t.Errorf("then %v", again)
	}
	run.Stop()
	run.file.Close()
}

// drop takes capabilities but one from this thread, which ends with the test.
func drop(t *testing.T, but int) {
	t.Helper()
	runtime.LockOSThread()
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if but >= 0 {
		data[but/32].Effective, data[but/32].Permitted = 1<<(but%32), 1<<(but%32)
	}
	if err := unix.Capset(&head, &data[0]); err != nil {
		t.Fatal(err)
	}
}

func TestLiveNeedsNetRaw(t *testing.T) {
	if !livetest.InNamespace(t) {
		return
	}
	drop(t, -1)
	const want = "lo: a live capture needs the capability CAP_NET_RAW; use sudo, or give it once: sudo setcap cap_net_raw=ep $(command -v connlint)"
	if live, err := OpenLive(LiveConfig{Interface: "lo", Clock: wallClock}); err == nil || err.Error() != want {
		t.Errorf("%v, %v", live, err)
	}
}

// Promiscuous mode takes no further capability, and ends with the capture.
func TestLiveNeedsOnlyNetRaw(t *testing.T) {
	if !livetest.InNamespace(t) {
		return
	}
	veth(t)
	promiscuous := func(want string) {
		t.Helper()
		out, err := exec.Command("ip", "-d", "link", "show", "v0").CombinedOutput()
		if err != nil || !strings.Contains(string(out), "promiscuity "+want) {
			t.Errorf("%v: %s", err, out)
		}
	}
	cfg := LiveConfig{Interface: "v0", Clock: wallClock}
	for _, c := range []struct {
		on   bool
		want string
	}{{false, "0"}, {true, "1"}} {
		cfg.Promiscuous = c.on
		opened := make(chan error)
		var live Live
		go func() {
			drop(t, unix.CAP_NET_RAW)
			var err error
			live, err = OpenLive(cfg)
			opened <- err
		}()
		if err := <-opened; err != nil {
			t.Fatal(err)
		}
		promiscuous(c.want)
		if err := live.Close(); err != nil {
			t.Error(err)
		}
		promiscuous("0")
	}
}

// What cannot be captured is refused, and what is closed stays closed.
func TestLiveRefuses(t *testing.T) {
	if !livetest.InNamespace(t) {
		return
	}
	program := func(n int) func(LinkType, int) ([]bpf.RawInstruction, error) {
		return func(LinkType, int) ([]bpf.RawInstruction, error) { return make([]bpf.RawInstruction, n), nil }
	}
	broken := errors.New("broken")
	for want, cfg := range map[string]LiveConfig{
		"lo: a kernel filter of 0 instructions":             {Program: program(0)},
		"lo: a kernel filter of 5000 instructions":          {Program: program(5000)},
		"lo: the kernel refuses the filter of 3 instructio": {Program: program(3)},
		"lo: broken": {Program: func(LinkType, int) ([]bpf.RawInstruction, error) { return nil, broken }},
	} {
		cfg.Interface, cfg.Clock = "lo", wallClock
		if live, err := OpenLive(cfg); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, %v: want %s", live, err, want)
		}
	}
	live, err := OpenLive(LiveConfig{Interface: "lo", Clock: wallClock})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := live.Close(); err != nil {
			t.Error(err)
		}
	}
	live.Stop()
	if _, _, err := live.ZeroCopyReadPacketData(); !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
}
