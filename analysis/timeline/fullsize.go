package timeline

import (
	"cmp"

	"connlint/capture"
	"connlint/reassembly"
)

// fullSize learns how much payload a full segment of a flow carries: what the
// peer's SYN allows, less what timestamps take, or less where the path does
// not carry that. Only lengths inside a flight count, which end without PSH:
// an application that writes 600 bytes at a time makes no small path.
type fullSize struct {
	len [3]uint16
	n   [3]uint8
}

// mostWithoutSYN is the most that a full segment carries on Ethernet, bytes: what
// is longer, where no SYN is in the capture, was coalesced by a host.
const mostWithoutSYN = 1460

const leastFullSize = 500 // bytes; below it a length is an application's habit

// timestampsSize is what the option takes of each segment (RFC 7323 App. A).
const timestampsSize = 12

func (z *fullSize) learn(s *capture.Segment) {
	if s.Len < leastFullSize || s.Len > 1<<16-1 || s.Flags&(capture.PSH|capture.FIN|capture.SYN) != 0 {
		return
	}
	least := 0
	for i, l := range z.len {
		if int(l) == s.Len {
			z.n[i] = min(z.n[i], 254) + 1
			return
		}
		if z.n[i] < z.n[least] {
			least = i
		}
	}
	if z.n[least] < 3 {
		z.len[least], z.n[least] = uint16(s.Len), 1
	}
}

// of is the size of a full segment from side, bytes; 0 if nothing tells.
func (z *fullSize) of(c *reassembly.Connection, side reassembly.Side) int {
	// What a host can receive is also what its own link carries.
	limit := int(c.Flow[side.Peer()].MSS)
	if own := int(c.Flow[side].MSS); limit > 0 && own > 0 {
		limit = min(limit, own)
	}
	if limit > 0 && c.Flow[0].Options&c.Flow[1].Options&capture.OptTimestamps != 0 {
		limit -= timestampsSize
	}
	seen := 0
	for i, l := range z.len {
		if z.n[i] >= 3 && int(l) <= cmp.Or(limit, mostWithoutSYN) {
			seen = max(seen, int(l))
		}
	}
	if seen > 0 {
		return seen
	}
	return limit
}

// partial reports whether a segment of n bytes is short of full; several full
// ones that a host coalesced are full.
func partial(n, full int) bool { return full > 0 && n%full != 0 }
