package timeline

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"connlint/capture"
	"connlint/capture/trace"
	"connlint/reassembly"
)

// hostLog notes what is reported of hosts.
type hostLog struct{ lines []string }

func (r *hostLog) Transaction(*Connection, *Transaction) {}
func (r *hostLog) Close(*Connection)                     {}
func (r *hostLog) Pair(*Pair)                            {}
func (r *hostLog) Host(h *Host) {
	low, high := h.PortRange()
	r.lines = append(r.lines, fmt.Sprintf("%s %s at %s: %d opened, %d closed, %d entered, %d crossed, %d retaken; %d waited at a time; ports %d-%d; from %d packets",
		h.Role, h.Address.Addr(), h.Service, h.Opened, h.Closed, h.Entered, h.Crossed, h.Retaken, h.Series.Waiting(60e9).N, low, high, len(h.Closes)))
}

func hostsOf(t *testing.T, text string) []string {
	t.Helper()
	tr, err := trace.Parse("x", []byte(strings.ReplaceAll(text, "\t", "")))
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := tr.Encode(&file); err != nil {
		t.Fatal(err)
	}
	r, err := capture.NewReader(&file, "x")
	if err != nil {
		t.Fatal(err)
	}
	log := &hostLog{}
	facts := New(Config{}, log)
	connections := reassembly.New(reassembly.Config{Sniff: Sniff}, facts)
	src := capture.NewFile(r, "x", 0)
	for p, err := src.Next(); err == nil; p, err = src.Next() {
		connections.Segment(&p.Segment)
	}
	connections.Finish()
	facts.Finish()
	return log.lines
}

// The client holds what it closed first, the server what it did, both what
// crossed, nobody what was reset; a SYN without answer leaves nothing.
func TestHosts(t *testing.T) {
	open := "+1s > S mss=1460\n+1ms < S. mss=1460\n+0 > .\n"
	got := hostsOf(t, "conn 10.0.0.1:40000 > 10.0.0.2:80\n"+open+"+0 > F.\n+1ms < F.\n+0 > .\n"+
		"conn 10.0.0.1:40001 > 10.0.0.2:80\n"+open+"+0 < F.\n+1ms > F.\n+0 < .\n"+
		"conn 10.0.0.1:40009 > 10.0.0.2:80\n"+open+"+0 < F.\n+0 > F. ack=1\n+0 < .\n+0 > .\n"+
		"conn 10.0.0.1:40003 > 10.0.0.2:80\n"+open+"+0 > F.\n+1ms < R.\n"+
		"conn 10.0.0.1:40000 > 10.0.0.2:80 isn=5:9\n"+open+ // takes the first one's port
		"conn 10.0.0.3:40000 > 10.0.0.2:80\n+0 > S mss=1460\n")
	want := []string{
		"client 10.0.0.1 at 10.0.0.2:80: 5 opened, 4 closed, 2 entered, 1 crossed, 1 retaken; 1 waited at a time; ports 40000-40009; from 2 packets",
		"server 10.0.0.2 at 10.0.0.2:80: 5 opened, 4 closed, 2 entered, 1 crossed, 0 retaken; 2 waited at a time; ports 0-0; from 2 packets",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Beyond the limit hosts are given up, and the records are used again clean.
func TestHostsAreBounded(t *testing.T) {
	log := &hostLog{}
	hs := &hosts{limit: maxHosts}
	for i := range maxHosts + 10 {
		c := Connection{Connection: &reassembly.Connection{}}
		c.Ends = [2]capture.Endpoint{capture.Endpoint4([]byte{10, 1, byte(i >> 8), byte(i)}, 4000), capture.Endpoint4([]byte{10, 0, 0, 2}, 80)}
		c.Handshake.SYN = capture.NewFrame(0, uint64(i+1), int64(i+1)*1e9)
		c.Handshake.SYNACK = c.Handshake.SYN
		hs.add(&c, log)
	}
	if len(hs.byKey) != maxHosts || hs.evicted != 11 || len(log.lines) != 11 { // the server is one of them
		t.Errorf("%d hosts, %d given up, %d reported", len(hs.byKey), hs.evicted, len(log.lines))
	}
	if want := "client 10.1.0.0 at 10.0.0.2:80: 1 opened, 0 closed"; !strings.HasPrefix(log.lines[0], want) {
		t.Errorf("the first to go is %s, not %s", log.lines[0], want)
	}
	hs.finish(log)
	if last := log.lines[len(log.lines)-1]; len(hs.byKey) != 0 || !strings.Contains(last, " 1 opened") && !strings.Contains(last, "server") {
		t.Errorf("%d hosts left, the last is %s", len(hs.byKey), last)
	}
}

// A series is the same in whatever order its events come, takes no more than
// its limit, and its peak is that of a plain count to within one slot.
func TestSeries(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, length := range []int64{60e9, 3600e9, 86400e9} {
		times := make([]int64, 20000)
		for i := range times {
			times[i] = 1_700_000_000e9 + rnd.Int64N(length)
		}
		a, b := &Series{}, &Series{}
		for _, at := range times {
			a.slotOf(at).entered++
		}
		for _, i := range rnd.Perm(len(times)) {
			b.slotOf(times[i]).entered++
		}
		if a.shift != b.shift || !reflect.DeepEqual(a.slots, b.slots) {
			t.Errorf("%d s: the order of events shows", length/1e9)
		}
		if len(a.slots) > maxSlots {
			t.Errorf("%d slots", len(a.slots))
		}
		if got := a.Waiting(2 * length).N; got != len(times) {
			t.Errorf("%d s: %d at a time if none ever goes, of %d", length/1e9, got, len(times))
		}
		want := float64(len(times)) * min(1, 60e9/float64(length))
		if got := float64(a.Waiting(60e9).N); got < 0.8*want || got > 1.5*want+30 {
			t.Errorf("%d s: %.0f at a time, about %.0f were", length/1e9, got, want)
		}
	}
}

// The ports of a stack that gives them out in order never fall; those of one
// that came to the end of its range do.
func TestWrapped(t *testing.T) {
	for _, x := range []struct {
		ports []uint16
		want  bool
	}{
		{[]uint16{100, 101, 102, 103, 104, 105}, false},
		{[]uint16{100, 102, 101, 103, 105, 104}, false},
		{[]uint16{103, 104, 105, 100, 101, 102}, true},
		{[]uint16{100}, false},
	} {
		h := &Host{}
		for i, p := range x.ports {
			h.Series.slotOf(int64(i+1) * 1e9).open(p)
		}
		if h.Wrapped() != x.want {
			t.Errorf("%v: %v", x.ports, h.Wrapped())
		}
	}
}
