package capture

import "encoding/binary"

// TCP option kinds (IANA TCP Parameters).
const (
	kindEnd           = 0
	kindNOP           = 1
	kindMSS           = 2
	kindWindowScale   = 3
	kindSACKPermitted = 4
	kindSACK          = 5
	kindTimestamps    = 8
	kindMPTCP         = 30
	mpJoin            = 1 // a subtype of it (RFC 8684 §3.2)
	kindFastOpen      = 34
	kindExperiment    = 254
)

// fastOpenMagic marks TCP Fast Open in the experimental option of before
// RFC 7413 (RFC 6994; TCPOPT_FASTOPEN_MAGIC in net/tcp.h of Linux).
const fastOpenMagic = 0xf989

// alignedTimestamps is NOP, NOP, timestamps of 10 bytes: how most stacks send
// them (RFC 7323 appendix A) and how most data segments look.
const alignedTimestamps = 0x0101080a

// decodeTCP decodes a TCP header (RFC 9293 §3.1) and sets what it says in
// seg. A header that the snap length cuts behind its 20 fixed bytes is good:
// the options that are whole are taken.
func decodeTCP(b []byte, n int, seg *Segment) Verdict {
	if len(b) < 20 {
		return Malformed
	}
	header := int(b[12]>>4) * 4
	if header < 20 || header > n {
		return Malformed
	}
	seg.Src.port = binary.BigEndian.Uint16(b)
	seg.Dst.port = binary.BigEndian.Uint16(b[2:])
	seg.Seq = Seq(binary.BigEndian.Uint32(b[4:]))
	seg.Ack = Seq(binary.BigEndian.Uint32(b[8:]))
	seg.Flags = Flags(b[13])
	seg.Window = binary.BigEndian.Uint16(b[14:])
	seg.Len = n - header
	seg.Options = Options{}
	there := min(header, len(b))
	// The capacity ends with the payload: an append must not write into the
	// packet behind it.
	seg.Payload = b[there:len(b):len(b)]
	if there > 20 {
		seg.Options.parse(b[20:there])
	}
	return Decoded
}

// parse reads a list of options into o, which is zero. As in Linux
// (tcp_parse_options), an option whose length cannot be ends the list, one
// whose length is wrong for its kind is passed over, and of two of one kind
// the last counts.
func (o *Options) parse(b []byte) {
	if len(b) == 12 && binary.BigEndian.Uint32(b) == alignedTimestamps {
		o.Set = OptTimestamps
		o.TSVal, o.TSEcr = binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
		return
	}
	for len(b) > 0 {
		switch b[0] {
		case kindEnd:
			return
		case kindNOP:
			b = b[1:]
			continue
		}
		if len(b) < 2 {
			return
		}
		size := int(b[1])
		if size < 2 || size > len(b) {
			return
		}
		o.option(b[0], b[2:size])
		b = b[size:]
	}
}

// option takes one option, v being its value without kind and length.
func (o *Options) option(kind byte, v []byte) {
	switch {
	case kind == kindMSS && len(v) == 2:
		o.MSS = binary.BigEndian.Uint16(v)
		o.Set |= OptMSS
	case kind == kindWindowScale && len(v) == 1:
		o.Scale = min(v[0], 14)
		o.Set |= OptWindowScale
	case kind == kindSACKPermitted && len(v) == 0:
		o.Set |= OptSACKPermitted
	case kind == kindSACK:
		o.sack(v)
	case kind == kindTimestamps && len(v) == 8:
		o.TSVal, o.TSEcr = binary.BigEndian.Uint32(v), binary.BigEndian.Uint32(v[4:])
		o.Set |= OptTimestamps
	case kind == kindFastOpen:
		o.fastOpen(v)
	case kind == kindExperiment && len(v) >= 2 && binary.BigEndian.Uint16(v) == fastOpenMagic:
		o.fastOpen(v[2:])
	case kind == kindMPTCP && len(v) > 0:
		o.Set |= OptMPTCP
		if v[0]>>4 == mpJoin {
			o.Set |= OptMPJoin
		}
	}
}

// sack takes the blocks of a SACK option: at least one, and no more than
// four, since a header has 40 bytes of options (RFC 2018 §3).
func (o *Options) sack(v []byte) {
	if len(v) == 0 || len(v)%8 != 0 || len(v) > 8*len(o.SACK) {
		return
	}
	o.SACK = [4]Block{}
	for i := 0; i < len(v); i += 8 {
		o.SACK[i/8] = Block{Seq(binary.BigEndian.Uint32(v[i:])), Seq(binary.BigEndian.Uint32(v[i+4:]))}
	}
	o.SACKBlocks = uint8(len(v) / 8)
	o.Set |= OptSACK
}

// fastOpen takes a Fast Open cookie: none, which asks for one, or 4 to 16
// bytes, an even number (RFC 7413 §4.1.1).
func (o *Options) fastOpen(cookie []byte) {
	if len(cookie) != 0 && (len(cookie) < 4 || len(cookie) > 16 || len(cookie)%2 != 0) {
		return
	}
	o.FastOpenSize = uint8(len(cookie))
	o.Set |= OptFastOpen
}
