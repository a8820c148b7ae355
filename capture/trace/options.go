package trace

import (
	"encoding/binary"

	"github.com/google/gopacket/layers"

	"connlint/capture"
)

// The option kinds that layers has no name for.
const (
	kindFastOpen = 34 // RFC 7413 §4.1.1
	kindMPTCP    = 30 // RFC 8684 §3
)

// maxOptions is the room that the data offset field leaves (RFC 9293 §3.1).
const maxOptions = 40

// optionList is a list of options as it grows.
type optionList []layers.TCPOption

func (l *optionList) put(kind layers.TCPOptionKind, data []byte) {
	*l = append(*l, layers.TCPOption{OptionType: kind, OptionData: data})
}

func (l *optionList) pad(n int) {
	for range n {
		l.put(layers.TCPOptionKindNop, nil)
	}
}

// tcpOptions are o's options for the wire, in the order and with the padding
// of Linux (net/ipv4/tcp_output.c, tcp_options_write): the form that fast
// paths of decoders look for.
func tcpOptions(o *capture.Options) []layers.TCPOption {
	var list optionList
	if o.Has(capture.OptMSS) {
		list.put(layers.TCPOptionKindMSS, binary.BigEndian.AppendUint16(nil, o.MSS))
	}
	if o.Has(capture.OptSACKPermitted) {
		if !o.Has(capture.OptTimestamps) {
			list.pad(2)
		}
		list.put(layers.TCPOptionKindSACKPermitted, nil)
	}
	if o.Has(capture.OptTimestamps) {
		if !o.Has(capture.OptSACKPermitted) {
			list.pad(2)
		}
		data := binary.BigEndian.AppendUint32(nil, o.TSVal)
		list.put(layers.TCPOptionKindTimestamps, binary.BigEndian.AppendUint32(data, o.TSEcr))
	}
	if o.Has(capture.OptWindowScale) {
		list.pad(1)
		list.put(layers.TCPOptionKindWindowScale, []byte{o.Scale})
	}
	if o.Has(capture.OptSACK) {
		list.pad(2)
		list.put(layers.TCPOptionKindSACK, sackBlocks(o))
	}
	if o.Has(capture.OptFastOpen) {
		list.put(kindFastOpen, make([]byte, o.FastOpenSize))
	}
	switch {
	case o.Has(capture.OptMPJoin):
		list.put(kindMPTCP, []byte{0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0}) // MP_JOIN, address 1, no token, no nonce
	case o.Has(capture.OptMPTCP):
		list.put(kindMPTCP, []byte{0x01, 0x01}) // MP_CAPABLE version 1, HMAC-SHA256
	}
	return list
}

func sackBlocks(o *capture.Options) []byte {
	var data []byte
	for _, b := range o.SACK[:o.SACKBlocks] {
		data = binary.BigEndian.AppendUint32(data, uint32(b.Left))
		data = binary.BigEndian.AppendUint32(data, uint32(b.Right))
	}
	return data
}

// optionsLen is the room that the options take, padding excluded.
func optionsLen(o *capture.Options) int {
	if o.Set == 0 {
		return 0
	}
	n := 0
	for _, option := range tcpOptions(o) {
		if n++; option.OptionType != layers.TCPOptionKindNop {
			n += 1 + len(option.OptionData)
		}
	}
	return n
}

// headerLen is the length of the segment's Ethernet, IP and TCP headers.
func headerLen(s *capture.Segment) int {
	n := 14 + 40 + 20 + (optionsLen(&s.Options)+3)&^3
	if s.Src.Addr().Is4() {
		n -= 20
	}
	return n
}
