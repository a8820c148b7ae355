package timeline

import "connlint/capture"

// identities follows the IP identifications of one side's packets. Linux
// counts them for each connection (net/ipv4/ip_output.c: one for each packet on
// the wire), so that a step says how many packets left the host and did not
// pass the capture point. Hosts that draw them otherwise are found out.
type identities struct {
	last    uint16
	lastLen int
	good    uint16 // steps of exactly one packet
	bad     uint16 // steps of another kind
	missing uint16 // since the side's last new data
	lost    uint32 // in all, where something was repaired
	seen    bool
}

// maxMissing is how many packets may be missing in one step, a window's worth:
// beyond, the numbers are not counted up.
const maxMissing = 1024

// note takes a packet; full is the size of a full segment in bytes.
func (d *identities) note(s *capture.Segment, full int) {
	if !s.HasIPID || s.Flags&capture.SYN != 0 {
		return // the SYN-ACK of Linux has 0
	}
	if d.seen {
		packets := 1
		if full > 0 && d.lastLen > full {
			packets = (d.lastLen + full - 1) / full
		}
		switch step := int(int16(s.IPID-d.last)) - packets; {
		case step == 0:
			d.good = min(d.good+1, 1<<15)
		case step > 0 && step <= maxMissing:
			d.missing += uint16(step)
		case step > -maxMissing && step < 0:
			return // it was overtaken
		default:
			d.bad = min(d.bad+1, 1<<15)
		}
	}
	d.last, d.lastLen, d.seen = s.IPID, s.Len, true
}

// gone is how many packets of the side are missing since its last new data;
// 0 if its numbers do not tell.
func (d *identities) gone() int {
	if d.good < 3 || d.bad*8 > d.good {
		return 0
	}
	return int(d.missing)
}
