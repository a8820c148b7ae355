package capture

import "strings"

// Seq is a TCP sequence number. It wraps at 2^32 (RFC 9293 §3.4), so it is
// never compared with < but with Before and After.
type Seq uint32

// Before reports whether s comes before t in the half of the space before t.
func (s Seq) Before(t Seq) bool { return int32(s-t) < 0 }

// After reports whether s comes after t.
func (s Seq) After(t Seq) bool { return int32(s-t) > 0 }

// Sub is the distance from t to s in bytes, negative if s comes before t.
func (s Seq) Sub(t Seq) int { return int(int32(s - t)) }

// Add is s moved on by n bytes.
func (s Seq) Add(n int) Seq { return s + Seq(n) }

// Max is the later of s and t.
func (s Seq) Max(t Seq) Seq {
	if s.Before(t) {
		return t
	}
	return s
}

// Flags are the control bits of a TCP header (RFC 9293 §3.1), in the order of
// the wire: FIN is the lowest bit.
type Flags uint8

// The control bits.
const (
	FIN Flags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// Has reports whether all of the bits in want are set.
func (f Flags) Has(want Flags) bool { return f&want == want }

// Any reports whether at least one of the bits in want is set.
func (f Flags) Any(want Flags) bool { return f&want != 0 }

// String is the form of tcpdump: "S", "S.", "P.", "F.", "R", "." for ACK.
func (f Flags) String() string {
	var b strings.Builder
	for i, c := range "FSRP" {
		if f&(1<<i) != 0 {
			b.WriteRune(c)
		}
	}
	for _, x := range []struct {
		bit Flags
		c   byte
	}{{URG, 'U'}, {ECE, 'E'}, {CWR, 'W'}, {ACK, '.'}} {
		if f&x.bit != 0 {
			b.WriteByte(x.c)
		}
	}
	return b.String()
}

// OptionSet says which TCP options a segment carried.
type OptionSet uint8

// The options that are decoded.
const (
	OptMSS           OptionSet = 1 << iota // RFC 9293 §3.7.1
	OptWindowScale                         // RFC 7323 §2
	OptSACKPermitted                       // RFC 2018 §2
	OptSACK                                // RFC 2018 §3
	OptTimestamps                          // RFC 7323 §3
	OptFastOpen                            // RFC 7413 §4.1.1
	OptMPTCP                               // RFC 8684 §3
	OptMPJoin                              // the subtype of it that joins a connection, §3.2; OptMPTCP is set too
)

// Block is one SACK block: the bytes from Left up to and without Right.
type Block struct{ Left, Right Seq }

// Options are a segment's TCP options in a fixed size. An option whose length
// cannot be ends the list: those before it stand. One whose length is wrong
// for its kind is passed over.
type Options struct {
	Set          OptionSet
	Scale        uint8  // window scale shift, at most 14 (RFC 7323 §2.3)
	SACKBlocks   uint8  // how many of SACK are set
	FastOpenSize uint8  // bytes of cookie: 0 is a request for one
	MSS          uint16 // bytes
	TSVal, TSEcr uint32 // ticks of the sender's clock
	SACK         [4]Block
}

// Has reports whether the options in want are all present.
func (o *Options) Has(want OptionSet) bool { return o.Set&want == want }

// Segment is one TCP segment as it was captured. Payload is borrowed from the
// source until its next packet.
type Segment struct {
	Frame
	Src, Dst Endpoint
	Seq, Ack Seq
	Flags    Flags
	TTL      uint8  // IPv4 TTL or IPv6 hop limit
	HasIPID  bool   // IPv4; IPv6 has none outside fragments
	IPID     uint16 // IPv4 identification
	Window   uint16 // as sent, not scaled
	// Interface is the capture interface: the index in a pcapng section's
	// order over the whole file, else 0. One packet seen at two interfaces
	// is at two places.
	Interface uint16
	// Len is the payload on the wire in bytes. Under a snap length
	// len(Payload) is less, never more.
	Len     int
	Payload []byte
	Options Options
}

// End is the sequence number after the segment's last byte: SYN and FIN take
// one number each (RFC 9293 §3.4).
func (s *Segment) End() Seq {
	end := s.Seq.Add(s.Len)
	if s.Flags&SYN != 0 {
		end++
	}
	if s.Flags&FIN != 0 {
		end++
	}
	return end
}
