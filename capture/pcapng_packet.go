package capture

import (
	"errors"
	"fmt"
	"math"

	"github.com/google/gopacket"
)

// The bytes of each packet block's body before the packet.
const (
	enhancedHead = 20
	obsoleteHead = 20
	simpleHead   = 4
)

// enhanced reads an enhanced packet block, §4.3: interface, time (upper half
// first in either byte order), captured length, wire length, data, options.
func (r *pcapngReader) enhanced(body []byte) ([]byte, gopacket.CaptureInfo, error) {
	if len(body) < enhancedHead {
		return nil, gopacket.CaptureInfo{}, errShortBlock
	}
	return r.packet(body, r.order.u32(body), optDropCount)
}

// obsolete reads a packet block, §A: an enhanced one whose interface has 16
// bits and is followed by the number of packets lost since the one before,
// 0xffff if the writer did not know.
func (r *pcapngReader) obsolete(body []byte) ([]byte, gopacket.CaptureInfo, error) {
	if len(body) < obsoleteHead {
		return nil, gopacket.CaptureInfo{}, errShortBlock
	}
	data, ci, err := r.packet(body, uint32(r.order.u16(body)), optEnd)
	if lost := r.order.u16(body[2:]); err == nil && lost != 0xffff {
		r.lose(&r.interfaces[ci.InterfaceIndex], uint64(lost))
	}
	return data, ci, err
}

// packet reads what those two have in common. drops is the code of the option
// that counts losses, or optEnd.
func (r *pcapngReader) packet(body []byte, id uint32, drops uint16) (data []byte, ci gopacket.CaptureInfo, err error) {
	index, err := r.named(id)
	if err != nil {
		return nil, ci, err
	}
	captured := r.order.u32(body[12:])
	if uint64(captured) > uint64(len(body)-enhancedHead) {
		return nil, ci, fmt.Errorf("a packet of %d bytes in a block of %d", captured, len(body)+blockEnds)
	}
	end := enhancedHead + int(captured)
	data = body[enhancedHead:end]
	from := &r.interfaces[index]
	ticks := uint64(r.order.u32(body[4:]))<<32 | uint64(r.order.u32(body[8:]))
	r.last = from.clock.time(ticks)
	ci.Timestamp = r.last
	ci.CaptureLength = len(data)
	ci.Length = wireLength(r.order.u32(body[16:]), captured)
	ci.InterfaceIndex = index
	if end = (end + 3) &^ 3; end < len(body) && drops != optEnd {
		r.lostBefore(from, body[end:], drops)
	}
	return data, ci, nil
}

// lostBefore looks for the count of packets lost since the one before.
func (r *pcapngReader) lostBefore(from *ngInterface, list []byte, drops uint16) {
	options := ngOptions{order: r.order, rest: list}
	for options.next() {
		if options.code == drops && len(options.value) == 8 {
			r.lose(from, r.order.u64(options.value))
		}
	}
}

// simple reads a simple packet block, §4.4: the wire length and the data, of
// which there are as many as the snap length of interface 0 lets through.
func (r *pcapngReader) simple(body []byte) (data []byte, ci gopacket.CaptureInfo, err error) {
	if len(body) < simpleHead {
		return nil, ci, errShortBlock
	}
	index, err := r.named(0)
	if err != nil {
		return nil, ci, err
	}
	wire := r.order.u32(body)
	captured := wire
	if snap := r.interfaces[index].snap; snap > 0 {
		captured = min(captured, snap)
	}
	if uint64(captured) > uint64(len(body)-simpleHead) {
		return nil, ci, fmt.Errorf("a packet of %d bytes in a block of %d", captured, len(body)+blockEnds)
	}
	r.untimed++
	ci.Timestamp = r.last
	ci.CaptureLength = int(captured)
	ci.Length = int(min(wire, math.MaxInt32))
	ci.InterfaceIndex = index
	return body[simpleHead : simpleHead+int(captured)], ci, nil
}

var errShortBlock = errors.New("a block is too short for its type")
