package capture

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/gopacket"
)

// stamped yields a packet of one byte for each of its times, in s.
type stamped struct {
	times []float64
	next  int
}

func (s *stamped) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	if s.next == len(s.times) {
		return nil, gopacket.CaptureInfo{}, io.EOF
	}
	at := time.Unix(1e9, int64(s.times[s.next]*1e9)).UTC()
	s.next++
	return []byte{byte(s.next)}, gopacket.CaptureInfo{Timestamp: at, Length: 1, CaptureLength: 1}, nil
}

func (s *stamped) LinkType(int) LinkType { return LinkEthernet }
func (s *stamped) Dropped() uint64       { return 0 }
func (s *stamped) Close() error          { return nil }

// No packet is lost, changed or overtaken; a tick is behind every packet that
// follows it; between two ticks lies the time that was asked for.
func TestTickingReader(t *testing.T) {
	times := []float64{0, 0.1, 0.9, 1.2, 1.3, 2.1, 2.19, 2.2, 9, 9.1, 8.8, 20, 3, 3.5, 4.1}
	r := Ticking(&stamped{times: times}, time.Second)
	packets, ticks := 0, []float64{}
	for {
		data, ci, err := r.ZeroCopyReadPacketData()
		if err == io.EOF {
			break
		}
		if idle, ok := errors.AsType[Idle](err); ok {
			at := float64(idle.Now-1e18) / 1e9
			if ticks = append(ticks, at); packets < len(times) && at > times[packets]-0.999 {
				t.Errorf("tick at %v before the packet at %v", at, times[packets])
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if packets++; int(data[0]) != packets || ci.Timestamp.UnixNano() != 1e18+int64(times[packets-1]*1e9) {
			t.Errorf("packet %d came as %d at %v", packets, data[0], ci.Timestamp)
		}
	}
	if packets != len(times) {
		t.Errorf("%d packets of %d", packets, len(times))
	}
	// Behind 1.2, 2.2, 9, 20, the clock set back to 3, and 4.1.
	if want := 6; len(ticks) != want {
		t.Errorf("ticks at %v, want %d", ticks, want)
	}
}

// A source yields a tick also where every packet is passed over.
func TestTicksAmongPacketsWithoutTCP(t *testing.T) {
	src := NewFile(Ticking(&stamped{times: []float64{0, 1.5, 3}}, time.Second), "eth0", 0)
	for range 2 {
		if _, err := src.Next(); !isIdle(err) {
			t.Errorf("got %v", err)
		}
	}
	if _, err := src.Next(); err != io.EOF {
		t.Errorf("got %v", err)
	}
	if n := src.Stats().Packets; n != 3 {
		t.Errorf("%d packets", n)
	}
}

func isIdle(err error) bool {
	_, ok := errors.AsType[Idle](err)
	return ok
}
