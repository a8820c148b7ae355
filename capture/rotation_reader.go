package capture

import (
	"errors"
	"io"
	"io/fs"
	"time"

	"github.com/google/gopacket"
)

// rotated reads the parts of a Rotation one behind the other.
type rotated struct {
	rotation *Rotation
	sites    sites
	open     ReadCloser // the part at hand; nil: none
	hole     bool       // a part before was not read to its end
	last     time.Time  // of the packet before
	noTimes  uint64     // packets without a time in the parts before
	taken    int64      // bytes of them, as they lay on disk
	err      error      // what reading ended with: it is returned for ever
}

// ZeroCopyReadPacketData implements [Reader].
func (r *rotated) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	for r.err == nil {
		if r.open == nil && !r.next() {
			break
		}
		if r.open == nil {
			continue // it could not be opened
		}
		if r.hole {
			r.hole = false
			return nil, gopacket.CaptureInfo{}, Hole{}
		}
		data, ci, err := r.open.ZeroCopyReadPacketData()
		if err == nil {
			err = r.book(&ci)
		}
		if err == nil {
			return data, ci, nil
		}
		r.end(err)
	}
	return nil, gopacket.CaptureInfo{}, r.err
}

// part is the part at hand.
func (r *rotated) part() *Part { return &r.rotation.parts[r.rotation.at] }

// LinkType implements [Reader].
func (r *rotated) LinkType(index int) LinkType { return r.sites.link(index) }

// next turns to the next part, if there is one.
func (r *rotated) next() bool {
	before, rot := uint64(0), r.rotation
	if rot.at >= 0 {
		before = r.part().Before + r.part().Packets
	}
	if rot.at+1 == len(rot.parts) {
		r.err = io.EOF
		return false
	}
	rot.at++
	p := r.part()
	p.Before, p.Reached = before, true
	r.sites.begin()
	var err error
	if r.open, _, err = openPart(p.Path); err != nil {
		r.open = nil
		if !errors.Is(err, errNoBytes) { // its writer had not come to write a header
			p.Err, r.hole = err, true
		}
	}
	return true
}

// book counts a packet of the part at hand and says at which place of the
// whole it was captured, and when if its own file does not: a part that begins
// without a time goes on from the one before it.
func (r *rotated) book(ci *gopacket.CaptureInfo) error {
	p := r.part()
	at, err := r.sites.of(ci.InterfaceIndex, r.open)
	if err != nil {
		return &Error{Path: p.Path, Packet: p.Packets + 1, Err: err}
	}
	ci.InterfaceIndex = at
	if ci.Timestamp.UnixNano() == 0 && untimed(r.open) == p.Packets+1 && !r.last.IsZero() {
		ci.Timestamp = r.last
	}
	r.last = ci.Timestamp
	ns := ci.Timestamp.UnixNano()
	if p.Packets == 0 {
		p.First, p.Last = ns, ns
	}
	p.First, p.Last = min(p.First, ns), max(p.Last, ns)
	p.Packets++
	return nil
}

// end closes the part at hand, which ended with err.
func (r *rotated) end(err error) {
	if r.open == nil {
		return
	}
	if err != io.EOF {
		r.part().Err, r.hole = err, true
	}
	r.sites.lose(r.open)
	r.noTimes += untimed(r.open)
	r.taken += takenOf(r.open)
	r.open.Close() // it was read only
	r.open = nil
}

// Dropped implements [Reader].
func (r *rotated) Dropped() uint64 { return r.sites.dropped(r.open) }

// Untimed is how many packets so far have no capture time.
func (r *rotated) Untimed() uint64 {
	if r.open == nil {
		return r.noTimes
	}
	return r.noTimes + untimed(r.open)
}

// Taken is how many bytes of the files were read so far.
func (r *rotated) Taken() int64 {
	if r.open == nil {
		return r.taken
	}
	return r.taken + takenOf(r.open)
}

func takenOf(r Reader) int64 {
	if t, ok := r.(interface{ Taken() int64 }); ok {
		return t.Taken()
	}
	return 0
}

// Close implements [ReadCloser].
func (r *rotated) Close() error {
	r.end(io.EOF)
	if r.err == nil {
		r.err = &Error{Path: r.rotation.Name(), Err: fs.ErrClosed}
	}
	return nil
}
