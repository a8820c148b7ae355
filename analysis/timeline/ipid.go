package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
)

// identities follows the IP identifications of one side's packets. Linux
// counts them for each connection (net/ipv4/ip_output.c: one for each packet on
// the wire), so that a step says how many packets left the host and did not
// pass the capture point. A host that counts for all connections together
// gives itself away: its numbers go on while this connection is silent.
type identities struct {
	time    int64 // of the latest packet, ns since the epoch
	lastLen int
	last    uint16
	calm    uint16 // silences over which no number was missing
	odd     uint16 // silences over which some were, or the count went elsewhere
	missing uint16 // numbers missing since the side's last new data
	seen    bool
}

// maxMissing is how many packets may be missing in one step, a window's worth:
// beyond, the numbers are not counted up.
const maxMissing = 1024

// note takes a packet; full is the size of a full segment in bytes. It reports
// whether numbers are missing behind from.
func (d *identities) note(s *capture.Segment, full int) (from uint16, missing bool) {
	if !s.HasIPID || s.Flags&capture.SYN != 0 {
		return 0, false // the SYN-ACK of Linux has 0
	}
	from = d.last
	if d.seen {
		packets := 1
		if full > 0 && d.lastLen > full {
			packets = (d.lastLen + full - 1) / full
		}
		step := int(int16(s.IPID-d.last)) - packets
		if step > -maxMissing && step < 0 {
			return from, false // it was overtaken
		}
		if s.Time-d.time > idSilence {
			if step == 0 {
				d.calm = min(d.calm+1, 1<<14)
			} else {
				d.odd = min(d.odd+1, 1<<14)
			}
		}
		if step > 0 && step <= maxMissing {
			d.missing += uint16(step)
			missing = true
		}
	}
	d.last, d.lastLen, d.time, d.seen = s.IPID, s.Len, s.Time, true
	return from, missing
}

// resume takes the count up behind a hole in the capture: what is missing by
// then is in no packet and proves no loss.
func (d *identities) resume() { d.seen = false }

// numbering is the latest number that a host gave on any connection of a pair.
type numbering struct {
	last   uint16
	slot   uint32 // of the connection, + 1
	shared bool   // a number that one connection lacked was seen on another
}

// note takes a packet of the connection at slot. Where the numbers that are
// missing behind from were given to another connection, the host counts for
// all together.
func (n *numbering) note(s *capture.Segment, slot int, from uint16, missing bool) {
	if !s.HasIPID {
		return
	}
	if missing && n.slot != 0 && n.slot != uint32(slot+1) && n.last-from-1 < s.IPID-from-1 {
		n.shared = true
	}
	n.last, n.slot = s.IPID, uint32(slot+1)
}

// gone is how many packets of side are missing since its last new data. Early
// in a connection few numbers have to do, if no other connection may have them.
func (k *tracked) gone(side reassembly.Side) int {
	p := k.conn.Pair
	if p.numbers[side].shared {
		return 0
	}
	return k.sender[side].ids.gone(p.open <= 1)
}

// idSilence is what counts as a silence, ns: what a host sends in one go is
// numbered in one go however it counts.
const idSilence = int64(1e6)

// gone is how many packets of the side are missing since its last new data;
// 0 if its numbers do not tell. The silence behind which they went missing is
// itself an odd one.
func (d *identities) gone(alone bool) int {
	few := alone && d.missing <= 2 && d.calm == 1 && d.odd <= 1 // a probe, or probe and time-out, early in a connection
	if d.calm < 2 && !few || (d.odd-min(d.odd, 1))*3 > d.calm {
		return 0
	}
	return int(d.missing)
}
