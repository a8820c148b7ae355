package capture

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
)

// halting yields a packet and an Idle in turn.
type halting struct {
	packets int
	idle    bool
	data    []byte
}

func (h *halting) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	now := time.Unix(1, 0).UTC()
	if h.idle = !h.idle; h.idle {
		return nil, gopacket.CaptureInfo{}, Idle{Now: now.UnixNano()}
	}
	if h.packets--; h.packets < 0 {
		return nil, gopacket.CaptureInfo{}, io.EOF
	}
	return h.data, gopacket.CaptureInfo{Timestamp: now, Length: len(h.data), CaptureLength: len(h.data)}, nil
}

func (h *halting) LinkType(int) LinkType { return LinkEthernet }
func (h *halting) Dropped() uint64       { return 0 }
func (h *halting) Close() error          { return nil }

// A File passes Idle on and goes on behind it, and -c counts no Idle.
func TestIdleIsNoEnd(t *testing.T) {
	for most, want := range map[uint64]int{3: 3, 100: 5} {
		r := &halting{packets: 5, data: eth(0x0800, ip4(6, tcp(nil, "")))}
		f := NewFile(First(r, most), "x", 0)
		var packets, idle int
		for {
			_, err := f.Next()
			if err == io.EOF {
				break
			}
			switch err := err.(type) {
			case nil:
				packets++
			case Idle:
				if idle++; err.Now != 1e9 {
					t.Fatal(err)
				}
			default:
				t.Fatal(err)
			}
		}
		if packets != want || idle < want {
			t.Errorf("%d packets and %d times idle, want %d", packets, idle, want)
		}
	}
}

func TestLiveConfigIsChecked(t *testing.T) {
	clock := func() int64 { return 0 }
	for want, c := range map[string]LiveConfig{
		"needs a clock":                {},
		"a ring of 4096 bytes":         {Clock: clock, Ring: 4096},
		"a ring of -1 bytes":           {Clock: clock, Ring: -1},
		"a snap length of 10 bytes":    {Clock: clock, Snaplen: 10},
		"a snap length of 1000000 byt": {Clock: clock, Snaplen: 1e6},
		"idle after 1ns":               {Clock: clock, Idle: 1},
	} {
		c.Interface = "eth7"
		if err := c.check(); err == nil || !strings.HasPrefix(err.Error(), "eth7: "+want) && !strings.HasPrefix(err.Error(), "eth7: a live capture "+want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	c := LiveConfig{Clock: clock}
	if err := c.check(); err != nil || c.Ring != RingDefault || c.Snaplen != SnaplenMost || c.Idle != IdleDefault {
		t.Errorf("%+v, %v", c, err)
	}
}
