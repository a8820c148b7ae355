package capture

import "encoding/binary"

// 802.11 is decoded by hand: gopacket copies the frame, closes the driver's
// padding up by writing into the packet, and takes the last four bytes for a
// checksum even where there is none. Here a checksum at the end does no harm,
// for the length of the IP packet says where the payload ends.

// radiotap steps over a radiotap header (radiotap.org): version, padding,
// length and presence words in little endian, then fields of which only
// flags is of interest: whether the driver padded the 802.11 header, and
// whether the frame came with a wrong checksum, when any byte may be wrong.
func (d *Decoder) radiotap(b []byte, n int, seg *Segment) Verdict {
	const (
		tsft, flags, more = 1 << 0, 1 << 1, 1 << 31
		padded, damaged   = 0x20, 0x40
	)
	if len(b) < 8 || b[0] != 0 {
		return Malformed
	}
	size := int(binary.LittleEndian.Uint16(b[2:]))
	if size < 8 || size > len(b) {
		return Malformed
	}
	present := binary.LittleEndian.Uint32(b[4:])
	at := 8
	for word := present; word&more != 0; at += 4 {
		if at+4 > size {
			return Malformed
		}
		word = binary.LittleEndian.Uint32(b[at:])
	}
	if present&tsft != 0 {
		at = (at+7)&^7 + 8
	}
	bits := byte(0)
	if present&flags != 0 && at < size {
		bits = b[at]
	}
	if bits&damaged != 0 {
		return Malformed
	}
	return d.dot11(b[size:], n-size, bits&padded != 0, seg)
}

// dot11 decodes an IEEE 802.11 frame (§9.2): data frames in clear lead to an
// LLC header. padded says that the header is filled up to four bytes.
func (d *Decoder) dot11(b []byte, n int, padded bool, seg *Segment) Verdict {
	const (
		data                  = 2    // type
		null, qos             = 4, 8 // subtype bits of data frames
		toFromDS              = 0x03
		moreFragments         = 0x04
		protected             = 0x40
		order                 = 0x80
		aggregate             = 0x80 // in the QoS control field
		plain, address4, htc  = 24, 6, 4
		fragmentNumber, qosAt = 22, 2
	)
	if len(b) < 2 {
		return Malformed
	}
	subtype, bits := b[0]>>4, b[1]
	if b[0]>>2&3 != data || subtype&null != 0 {
		return NotTCP
	}
	if bits&protected != 0 {
		return Undecoded
	}
	size := plain
	if bits&toFromDS == toFromDS {
		size += address4
	}
	quality := size
	if subtype&qos != 0 {
		size += qosAt
		if bits&order != 0 {
			size += htc
		}
	}
	if padded {
		size = (size + 3) &^ 3
	}
	switch {
	case len(b) < size:
		return Malformed
	case bits&moreFragments != 0 || b[fragmentNumber]&15 != 0:
		return Fragment
	case subtype&qos != 0 && b[quality]&aggregate != 0:
		return d.aggregate(b[size:], n-size, seg)
	case subtype&qos != 0:
		size += meshControl(b[quality+1], b[size:])
	}
	return d.llc(b[size:], n-size, seg)
}

// aggregate decodes the first packet of a frame made of several (A-MSDU,
// §9.3.2.2): addresses, length in network byte order, then an LLC header; all
// but the last are filled up to four bytes. What is behind it is left to
// [Decoder.More], unless it is too short to be anything but a checksum.
func (d *Decoder) aggregate(b []byte, n int, seg *Segment) Verdict {
	const header = 14
	if len(b) < header {
		return Malformed
	}
	size := int(binary.BigEndian.Uint16(b[12:]))
	if header+size > n {
		return Undecoded
	}
	if next := (header + size + 3) &^ 3; len(b) >= next+header {
		d.rest, d.restWire = b[next:], n-next
	}
	b = b[header:]
	return d.llc(b[:min(size, len(b))], size, seg)
}

// meshControl is how many bytes a mesh control field takes (§9.2.4.7.3): six,
// and up to three addresses less one. Outside of a mesh the bit of the QoS
// field that announces it says something else, so the LLC header of a packet
// of IP has to be where it would be then, and not at once.
func meshControl(quality byte, b []byte) int {
	const present, addresses = 0x01, 0x03
	snap := func(at int) bool { return len(b) >= at+3 && b[at] == 0xaa && b[at+1] == 0xaa && b[at+2] == 3 }
	if quality&present == 0 || len(b) == 0 || snap(0) {
		return 0
	}
	if size := 6 + 6*int(b[0]&addresses); snap(size) {
		return size
	}
	return 0
}
