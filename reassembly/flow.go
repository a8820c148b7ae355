package reassembly

import "connlint/capture"

// Flow is what one side sent, and what is known of the path to it.
type Flow struct {
	Bytes  uint64 // payload on the wire, each byte of the stream once
	Resent uint64 // payload bytes sent again
	// Missing is how many bytes of the stream the capture lacks though the
	// receiver acknowledged them or the sender went on behind them; bytes
	// that a snap length cut off are not among them.
	Missing uint64
	// MinRTT is the smallest round trip between the capture point and this
	// host in nanoseconds (0: not known): from what passed towards it to its
	// acknowledgement. Repeated segments give no sample (Karn's rule, RFC
	// 6298 §3) unless timestamps say which transmission was meant. A side
	// that only sends gives samples by Echoed.
	MinRTT int64

	Packets, Segments uint32 // all but copies; those with payload
	PureACKs          uint32
	Retransmissions   uint32 // segments that repeat bytes
	Spurious          uint32 // of these, needless: already acknowledged, or reported by D-SACK (RFC 2883)
	OutOfOrder        uint32 // segments that fill a hole too soon to be a repair
	Duplicates        uint32 // copies of one packet, made by the network or the capture
	DupACKs           uint32
	MaxLen            uint32 // largest payload of one captured packet, bytes
	Window            uint32 // last advertised, bytes, scaled if the scale is known
	KeepAlives        uint16 // keep-alive and window probes; both of these stop at 65,535
	ZeroWindows       uint16 // times the window was shut
	MSS               uint16 // as advertised in its SYN: what it can receive; 0: not seen
	Scale             uint8
	Options           capture.OptionSet // of its SYN
	TTL               uint8             // of its first packet; of the first data, if another machine had answered the SYN

	has     has
	owed    uint16 // D-SACKs still to come for what was seen sent twice
	sent    sentList
	isn     capture.Seq
	next    capture.Seq // highest sequence number seen, + 1: SND.NXT as far as the capture knows
	acked   capture.Seq // highest the peer acknowledged: SND.UNA
	want    capture.Seq // next byte to hand on
	fin     capture.Seq // where its FIN stands, if has&hasFIN
	waiting uint32      // out-of-order store, index + 1
	last    stamp       // the last segment of this flow, to know a copy of it
	// offset is the stream offset of want: 64 bits, where want wraps.
	offset uint64
	armed  int64 // when an ACK covered bytes that were not seen; 0: not armed
}

// has are facts about a flow that need no more than a bit.
type has uint8

const (
	hasSYN     has = 1 << iota // its SYN (or SYN-ACK) was seen: isn is known
	hasSeq                     // next, acked and want mean something
	hasFIN                     // its FIN was seen
	hasEnded                   // its FIN was handed on
	hasPacket                  // at least one packet of this side was seen
	hasAcked                   // an ACK of it was seen: acked is more than the start
	hasPushed                  // its last bytes came with PSH
	hasLateACK                 // its first ACK that answers the SYN-ACK carried payload
)

// stamp is as much of a segment as tells a copy of it from a repetition.
type stamp struct {
	seq, ack capture.Seq
	tsval    uint32
	window   uint16
	ipid     uint16
}

func stampOf(s *capture.Segment) stamp {
	return stamp{s.Seq, s.Ack, s.Options.TSVal, s.Window, s.IPID}
}

// ScaleKnown reports whether both SYNs were seen, so that Window is in bytes
// (RFC 7323 §2.2: the scale counts only if both sides sent one).
func (c *Connection) ScaleKnown() bool {
	return c.Flow[Client].has&c.Flow[Server].has&hasSYN != 0
}

// InFlight is how many bytes of the side are sent and not acknowledged, as
// the capture point sees it.
func (f *Flow) InFlight() int { return max(0, f.next.Sub(f.acked)) }

// AckedOffset is how much of the stream the peer has acknowledged, as a
// [Chunk] offset.
func (f *Flow) AckedOffset() uint64 {
	acked, want := f.acked, f.want
	if f.has&hasFIN != 0 && acked.After(f.fin) {
		acked = f.fin // the FIN has a number, but no place in the stream
	}
	if f.has&hasEnded != 0 {
		want = f.fin
	}
	if n := int64(f.offset) + int64(acked.Sub(want)); n > 0 {
		return uint64(n)
	}
	return 0
}

// Seen reports whether a packet of this side is in the capture at all.
func (f *Flow) Seen() bool { return f.has&hasPacket != 0 }

// Ended reports whether the side's FIN was seen.
func (f *Flow) Ended() bool { return f.has&hasFIN != 0 }

// begin sets the sequence space to start at seq.
func (f *Flow) begin(seq capture.Seq) {
	f.next, f.acked, f.want = seq, seq, seq
	f.has |= hasSeq
}

// Echoed takes a round trip to the side, ns, that a timestamp proves: from the
// packet that carried it to one that echoes it (RFC 7323 §4.3). It may include
// any time in which the side had nothing to send, so that only the least counts.
func (f *Flow) Echoed(ns int64) { f.sampleRTT(ns) }

// sampleRTT keeps the minimum; a clock too coarse to tell counts as 1 ns,
// since 0 means unknown.
func (f *Flow) sampleRTT(ns int64) {
	if ns < 0 {
		return
	}
	if ns = max(ns, 1); f.MinRTT == 0 || ns < f.MinRTT {
		f.MinRTT = ns
	}
}
