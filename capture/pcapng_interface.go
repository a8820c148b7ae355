package capture

import (
	"errors"
	"fmt"
	"hash/fnv"
)

// maxInterfaces is how many interfaces a file may describe: as many as a
// Segment can name. A file of nothing else would otherwise fill the memory.
const maxInterfaces = 1 << 16

// Option codes of interface description (§4.2) and statistics (§4.6) blocks,
// and of enhanced packet blocks (§4.3).
const (
	optEnd       = 0
	optName      = 2
	optTSResol   = 9
	optTSOffset  = 14
	optStartTime = 2
	optIfDrop    = 5
	optOSDrop    = 7
	optDropCount = 4
)

// ngInterface is what a section says about one of its interfaces.
type ngInterface struct {
	link  LinkType
	name  uint64 // a hash of its name, by which other files of a rotated capture know it; 0: it has none
	snap  uint32 // bytes; 0: no limit
	clock clock
	// Losses are told in two ways that count the same packets: one by one
	// with the packets, and as a total so far by statistics blocks.
	losses
}

// losses are the packets that an interface lost: told one by one, and as a
// total since a start that has a time, in units of the interface; 0: it is
// not told.
type losses struct{ told, total, since uint64 }

// dropped believes whoever knows of more.
func (l *losses) dropped() uint64 { return max(l.told, l.total) }

// named is the index over the whole file of the interface that the current
// section calls id.
func (r *pcapngReader) named(id uint32) (int, error) {
	if here := len(r.interfaces) - r.base; uint64(id) >= uint64(here) {
		return 0, fmt.Errorf("interface %d is not described, of %d in its section", id, here)
	}
	return r.base + int(id), nil
}

// describe reads an interface description block, §4.2: link type, two bytes
// reserved, snap length, options.
func (r *pcapngReader) describe(body []byte) error {
	if len(body) < 8 {
		return errShortBlock
	}
	if len(r.interfaces) == maxInterfaces {
		return fmt.Errorf("more than %d interfaces", maxInterfaces)
	}
	resolution, offset := uint8(defaultResolution), int64(0)
	name := uint64(0)
	options := ngOptions{order: r.order, rest: body[8:]}
	for options.next() {
		switch {
		case options.code == optName:
			h := fnv.New64a()
			h.Write(options.value) // never fails
			name = h.Sum64()
		case options.code == optTSResol && len(options.value) >= 1:
			resolution = options.value[0]
		case options.code == optTSOffset && len(options.value) == 8:
			offset = int64(r.order.u64(options.value))
		}
	}
	if options.overrun {
		return errors.New("an interface's options run past their block") // its times would be wrong
	}
	r.interfaces = append(r.interfaces, ngInterface{
		link:  LinkType(r.order.u16(body)),
		name:  name,
		snap:  r.order.u32(body[4:]),
		clock: newClock(resolution, offset),
	})
	return nil
}

// statistics reads an interface statistics block, §4.6: interface, time,
// options. Later ones replace earlier ones: they count from the start of the
// capture. One of an interface that nobody described is no reason to stop.
func (r *pcapngReader) statistics(body []byte) error {
	if len(body) < 12 {
		return errShortBlock
	}
	index, err := r.named(r.order.u32(body))
	if err != nil {
		return nil
	}
	var total, since uint64
	known := false
	options := ngOptions{order: r.order, rest: body[12:]}
	for options.next() {
		if len(options.value) != 8 {
			continue
		}
		switch options.code {
		case optIfDrop, optOSDrop:
			total += r.order.u64(options.value)
			known = true
		case optStartTime: // as of a packet: the upper half first
			since = uint64(r.order.u32(options.value))<<32 | uint64(r.order.u32(options.value[4:]))
		}
	}
	if i := &r.interfaces[index]; known {
		before := i.dropped()
		i.total, i.since = total, since
		r.dropped += i.dropped() - before
	}
	return nil
}

// lose counts packets lost since the packet before at the same interface.
func (r *pcapngReader) lose(i *ngInterface, packets uint64) {
	before := i.dropped()
	i.told += packets
	r.dropped += i.dropped() - before
}

// ngOptions walks a block's options, §3.5: code, length, value, padding to 4
// bytes. One that runs past the block ends the list.
type ngOptions struct {
	order   bigEndian
	rest    []byte
	code    uint16
	value   []byte
	overrun bool
}

func (o *ngOptions) next() bool {
	if len(o.rest) < 4 {
		return false
	}
	o.code = o.order.u16(o.rest)
	if o.code == optEnd {
		return false
	}
	length := int(o.order.u16(o.rest[2:]))
	if length > len(o.rest)-4 {
		o.overrun = true
		return false
	}
	o.value = o.rest[4 : 4+length]
	o.rest = o.rest[4+(length+3)&^3:] // lists are a multiple of 4 long
	return true
}
