//go:build linux && !pcap

package capture

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"connlint/capture/livetest"
)

// veth makes a pair of interfaces, v0 and v1: what one sends the other gets.
func veth(t testing.TB) {
	t.Helper()
	for _, name := range []string{"all", "default"} { // or the host joins in
		if err := os.WriteFile("/proc/sys/net/ipv6/conf/"+name+"/disable_ipv6", []byte("1"), 0); err != nil {
			t.Log(err)
		}
	}
	livetest.IP(t, "link add v0 type veth peer name v1", "link set v0 up", "link set v1 up")
	carrier(t)
}

// carrier waits until the pair carries packets, which Linux notices with a
// delay.
func carrier(t testing.TB) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		out, err := exec.Command("ip", "link", "show", "type", "veth").CombinedOutput()
		if err != nil || time.Now().After(end) {
			t.Fatalf("no carrier: %v: %s", err, out)
		}
		if bytes.Count(out, []byte("state UP")) == 2 {
			return
		}
	}
}

// sender sends frames on an interface.
type sender struct {
	fd int
	to unix.SockaddrLinklayer
}

func newSender(t testing.TB, name string) *sender {
	t.Helper()
	iface, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return &sender{fd, unix.SockaddrLinklayer{Ifindex: iface.Index}}
}

func (s *sender) send(t testing.TB, frames ...[]byte) {
	t.Helper()
	for _, f := range frames {
		if err := unix.Sendto(s.fd, f, 0, &s.to); err != nil {
			t.Fatal(err)
		}
	}
}

// payloads are the segments' payloads, in order.
func payloads(segments []Segment) (list []string) {
	for _, s := range segments {
		list = append(list, string(s.Payload))
	}
	return list
}

func wantPayloads(t *testing.T, run *liveRun, want ...string) {
	t.Helper()
	if got := payloads(run.segments); !slices.Equal(got, want) {
		t.Errorf("segments %q, want %q", got, want)
	}
}

func plain(payload string) []byte { return eth(etherIPv4, ip4(6, tcp(nil, payload))) }

// The kernel takes the outermost tag off what comes in and keeps it beside the
// frame: the capture has the frame as it was on the wire.
func TestLiveVLAN(t *testing.T) {
	if !livetest.InNamespace(t) {
		return
	}
	veth(t)
	beside := func(_ LinkType, snaplen int) ([]bpf.RawInstruction, error) {
		return bpf.Assemble([]bpf.Instruction{
			bpf.LoadExtension{Num: bpf.ExtVLANTagPresent},
			bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipTrue: 1},
			bpf.RetConstant{Val: uint32(snaplen)},
			bpf.RetConstant{Val: 0},
		})
	}
	in, out := startLive(t, LiveConfig{Interface: "v0"}), startLive(t, LiveConfig{Interface: "v1"})
	tagged := startLive(t, LiveConfig{Interface: "v0", Program: beside})
	frames := [][]byte{
		plain("none"),
		eth(etherVLAN, tag(etherIPv4, ip4(6, tcp(nil, "one")))),
		eth(etherQinQ, tag(etherVLAN, tag(etherIPv4, ip4(6, tcp(nil, "two"))))),
		eth(etherVLAN, tag(etherIPv6, ip6(6, tcp(nil, "six")))),
	}
	newSender(t, "v1").send(t, frames...)
	for _, run := range []*liveRun{in, out} {
		run.finish(t)
		wantPayloads(t, run, "none", "one", "two", "six")
		wantFrames(t, run, frames...)
	}
	tagged.finish(t)
	wantPayloads(t, tagged, "one", "two", "six")
	wantFrames(t, tagged, frames[1:]...)
}

func wantFrames(t *testing.T, run *liveRun, frames ...[]byte) {
	t.Helper()
	for i, p := range run.raws {
		if i >= len(frames) || !bytes.Equal(p.data, frames[i]) || p.wire != len(p.data) || p.link != LinkEthernet {
			t.Errorf("frame %d is %v", i+1, p)
		}
	}
}

// What leaves by a VLAN interface has its tag beside it on the interface
// below.
func TestLiveVLANInterface(t *testing.T) {
	if !livetest.InNamespace(t) {
		return
	}
	veth(t)
	if out, err := exec.Command("ip", strings.Fields("link add link v1 name v1.7 type vlan id 7")...).CombinedOutput(); err != nil {
		t.Logf("this kernel makes no VLAN interfaces, the test ends here: %s", out)
		return
	}
	livetest.IP(t, "link set v1.7 up")
	run, any := startLive(t, LiveConfig{Interface: "v1"}), startLive(t, LiveConfig{Interface: "any"})
	newSender(t, "v1.7").send(t, plain("by interface"))
	run.finish(t)
	wantPayloads(t, run, "by interface")
	wantFrames(t, run, eth(etherVLAN, tag(etherIPv4, ip4(6, tcp(nil, "by interface")))))
	any.finish(t)
	wantPayloads(t, any, "by interface", "by interface", "by interface") // v1.7, v1, v0
}

// On any, each interface a packet passes is a place of its own.
func TestLiveAny(t *testing.T) {
	if !livetest.InNamespace(t) {
		return
	}
	run := startLive(t, LiveConfig{Interface: "any", Promiscuous: true})
	veth(t)
	newSender(t, "v1").send(t, plain("none"),
		eth(etherVLAN, tag(etherIPv4, ip4(6, tcp(nil, "one")))),
		eth(etherQinQ, tag(etherVLAN, tag(etherIPv6, ip6(6, tcp(nil, "two"))))),
		eth(etherQinQ, tag(etherVLAN, tag(etherIPv4, ip4(6, tcp(nil, "four"))))))
	newSender(t, "lo").send(t, plain("lo"))
	run.wait(t, "the packets", func() bool { return len(run.segments) >= 9 })
	run.finish(t)
	where := map[string][]string{}
	for _, s := range run.segments {
		where[string(s.Payload)] = append(where[string(s.Payload)], run.InterfaceName(int(s.Interface)))
	}
	want := map[string][]string{"none": {"v1", "v0"}, "one": {"v1", "v0"}, "two": {"v1", "v0"}, "four": {"v1", "v0"}, "lo": {"lo"}}
	if !reflect.DeepEqual(where, want) {
		t.Errorf("seen at %q, want %q", where, want)
	}
	for i, name := range []string{"v1", "v0", "lo"} { // in the order in which they are met
		if got := run.InterfaceName(i); got != name {
			t.Errorf("interface %d is %q, want %q", i, got, name)
		}
	}
	for i, p := range run.raws {
		if p.link != LinkSLL2 || p.wire != len(p.data) {
			t.Errorf("packet %d is %v", i+1, p)
		}
	}
}

// A tunnel has no link layer: what it carries comes cooked.
func TestLiveTunnel(t *testing.T) {
	if !livetest.InNamespace(t) {
		return
	}
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("tun0")
	if err != nil {
		t.Fatal(err)
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		t.Fatal(err)
	}
	livetest.IP(t, "link set tun0 up")
	run := startLive(t, LiveConfig{Interface: "tun0", Promiscuous: true})
	for _, packet := range [][]byte{ip4(6, tcp(nil, "four")), ip6(6, tcp(nil, "six"))} {
		if _, err := unix.Write(fd, packet); err != nil {
			t.Fatal(err)
		}
	}
	run.finish(t)
	wantPayloads(t, run, "four", "six")
	if run.LinkType(0) != LinkSLL2 {
		t.Error(run.LinkType(0))
	}
}

// A snap length cuts packets, and says how long they were.
func TestLiveSnaplen(t *testing.T) {
	if !livetest.InNamespace(t) {
		return
	}
	veth(t)
	run := startLive(t, LiveConfig{Interface: "v0", Snaplen: 96})
	frame := plain(string(make([]byte, 1000)))
	tagged := eth(etherVLAN, tag(etherIPv4, ip4(6, tcp(nil, string(make([]byte, 1000))))))
	newSender(t, "v1").send(t, frame, tagged)
	run.finish(t)
	if len(run.raws) != 2 {
		t.Fatal(run.raws)
	}
	// The kernel counts without the tag, which is put back.
	for i, want := range [][2]int{{96, len(frame)}, {100, len(tagged)}} {
		if p, s := run.raws[i], run.segments[i]; len(p.data) != want[0] || p.wire != want[1] || s.Len != 1000 || len(s.Payload) != 96-54 {
			t.Errorf("%d of %d bytes, %d of payload %d", len(p.data), p.wire, len(s.Payload), s.Len)
		}
	}
}

// The filter is in place before the first packet comes in.
func TestLiveFilterComesFirst(t *testing.T) {
	if !livetest.InNamespace(t) {
		return
	}
	veth(t)
	flood := newSender(t, "v1")
	done, flooded := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(flooded)
		for {
			select {
			case <-done:
				return
			default:
				flood.send(t, plain("unwanted"))
			}
		}
	}()
	program := func(link LinkType, snaplen int) ([]bpf.RawInstruction, error) {
		if link != LinkEthernet {
			t.Errorf("a filter for %v", link)
		}
		return bpf.Assemble([]bpf.Instruction{
			bpf.LoadAbsolute{Off: 12, Size: 2},
			bpf.JumpIf{Cond: bpf.JumpEqual, Val: etherIPv6, SkipFalse: 1},
			bpf.RetConstant{Val: uint32(snaplen)},
			bpf.RetConstant{Val: 0},
		})
	}
	for range 20 {
		run := startLive(t, LiveConfig{Interface: "v0", Program: program})
		newSender(t, "v1").send(t, eth(etherIPv6, ip6(6, tcp(nil, "wanted"))))
		run.finish(t)
		wantPayloads(t, run, "wanted")
		if c := run.Counters(); c.Received != 1 || c.Dropped != 0 {
			t.Errorf("%+v", c)
		}
	}
	close(done)
	<-flooded
}

// What only looks like a tag is none.
func TestLiveHiddenTag(t *testing.T) {
	inner := be16(7)
	long := ip4(6, tcp(nil, string(make([]byte, 2048-40)))) // its length is 0x0800
	long[4] = 0x40
	ambiguous := be16(0x4fff) // priority 2
	for name, c := range map[string]struct {
		protocol uint16
		packet   []byte
		want     bool
	}{
		"a tag before IPv4":          {etherIPv4, join(inner, be16(etherIPv4), ip4(6, tcp(nil, "x"))), true},
		"a tag before IPv6":          {etherIPv6, join(inner, be16(etherIPv6), ip6(6, tcp(nil, "x"))), true},
		"one that looks like IPv4":   {etherIPv4, join(ambiguous, be16(etherIPv4), ip4(6, tcp(nil, "x"))), true},
		"IPv4":                       {etherIPv4, ip4(6, tcp(nil, "x")), false},
		"IPv4 that looks like a tag": {etherIPv4, long, false},
		"IPv6":                       {etherIPv6, ip6(6, tcp(nil, "x")), false},
		"ARP":                        {0x0806, join(inner, be16(0x0806), make([]byte, 20)), false},
		"nothing":                    {etherIPv4, nil, false},
	} {
		if got := hidesTag(c.protocol, c.packet, len(c.packet)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
