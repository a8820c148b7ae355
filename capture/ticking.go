package capture

import (
	"time"

	"github.com/google/gopacket"
)

// Ticking is r with an [Idle] between packets about each every of their time,
// whatever they carry. A live reader ticks only while nothing comes; without
// this, a source whose packets all are passed over (no TCP, or not chosen by
// a filter) would yield neither packet nor tick, and the clock of who waits
// for it would stand still.
//
// Packets of several interfaces and cores reach a ring out of order by less
// than tickMargin: by so much a tick stays behind the packet that caused it.
func Ticking(r ReadCloser, every time.Duration) ReadCloser {
	return &ticking{ReadCloser: r, every: int64(every)}
}

// tickMargin is a thousand times what a network card waits for more packets.
const tickMargin = int64(time.Second)

type ticking struct {
	ReadCloser
	every, ticked int64 // ns; capture time of the packet behind the last tick
	held          bool  // data and ci are still to be returned
	data          []byte
	ci            gopacket.CaptureInfo
}

// ZeroCopyReadPacketData implements [Reader]. The packet that caused a tick
// comes with the next call; until then r is left alone, so that it stays
// whole.
func (t *ticking) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	if t.held {
		t.held = false
		return t.data, t.ci, nil
	}
	data, ci, err := t.ReadCloser.ZeroCopyReadPacketData()
	if err != nil {
		return data, ci, err
	}
	now := ci.Timestamp.UnixNano()
	if now-t.ticked < t.every && now >= t.ticked-tickMargin {
		return data, ci, nil
	}
	first := t.ticked == 0
	if t.ticked = now; first {
		return data, ci, nil
	}
	t.held, t.data, t.ci = true, data, ci
	return nil, gopacket.CaptureInfo{}, Idle{Now: now - tickMargin}
}

// Untimed is that of the reader behind it.
func (t *ticking) Untimed() uint64 { return untimed(t.ReadCloser) }
