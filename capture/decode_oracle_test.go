package capture

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// dissect is a second opinion: it takes a packet apart with gopacket alone,
// from the link layer to TCP, and makes a Segment of the innermost TCP. ok is
// false if there is none, also if gopacket gave up on it; fault says on what.
func dissect(link LinkType, data []byte) (seg Segment, ok bool, fault error) {
	if link > 255 { // gopacket would take it for link & 255
		return seg, false, fmt.Errorf("%v is beyond gopacket", link)
	}
	own := slices.Clip(slices.Clone(data)) // gopacket slices PPPoE up to the capacity
	p := gopacket.NewPacket(own, layers.LinkType(link), gopacket.NoCopy)
	if e := p.ErrorLayer(); e != nil {
		fault = e.Error()
	}
	all := p.Layers()
	last := -1
	for i, l := range all {
		if l.LayerType() == layers.LayerTypeTCP {
			last = i
		}
	}
	if last < 0 {
		return seg, false, fault
	}
	t := all[last].(*layers.TCP)
	if int(t.DataOffset)*4 != len(t.Contents) || t.DataOffset < 5 {
		return seg, false, fault
	}
	dissectTCP(t, &seg)
	return seg, dissectIP(all[:last], len(t.Contents), &seg), nil
}

// dissectIP takes what the nearest IP header below TCP says; headers between
// the two, and TCP's own, do not count as payload.
func dissectIP(below []gopacket.Layer, headers int, seg *Segment) bool {
	for _, l := range below {
		if g, isGeneve := l.(*layers.Geneve); isGeneve && len(g.Contents) != 8+int(g.Contents[0]&0x3f)*4 {
			return false // gopacket lost its way among the options
		}
	}
	for _, l := range slices.Backward(below) {
		switch ip := l.(type) {
		case *layers.IPv4:
			if ip.Contents[2] == 0 && ip.Contents[3] == 0 {
				return false // length 0: gopacket takes what was captured, in 16 bits
			}
			seg.Src, seg.Dst = Endpoint4(ip.SrcIP, seg.Src.Port()), Endpoint4(ip.DstIP, seg.Dst.Port())
			seg.TTL, seg.HasIPID, seg.IPID = ip.TTL, true, ip.Id
			seg.Len = int(ip.Length) - len(ip.Contents) - headers
			return true
		case *layers.IPv6:
			if ip.Length == 0 {
				return false // a jumbogram
			}
			seg.Src, seg.Dst = Endpoint16(ip.SrcIP, seg.Src.Port()), Endpoint16(ip.DstIP, seg.Dst.Port())
			seg.TTL = ip.HopLimit
			seg.Len = int(ip.Length) - headers
			if ip.HopByHop != nil { // gopacket takes as much padding for payload as that header has bytes
				seg.Payload = seg.Payload[:max(0, min(len(seg.Payload), seg.Len))]
			}
			return true
		}
		headers += len(l.LayerContents())
	}
	return false
}

func dissectTCP(t *layers.TCP, seg *Segment) {
	seg.Src, seg.Dst = Endpoint{port: uint16(t.SrcPort)}, Endpoint{port: uint16(t.DstPort)}
	seg.Seq, seg.Ack, seg.Window = Seq(t.Seq), Seq(t.Ack), t.Window
	for i, set := range []bool{t.FIN, t.SYN, t.RST, t.PSH, t.ACK, t.URG, t.ECE, t.CWR} {
		if set {
			seg.Flags |= 1 << i
		}
	}
	seg.Payload = t.Payload
	for _, o := range t.Options {
		if int(o.OptionLength) == len(o.OptionData)+2 { // else it ended the list
			dissectOption(o, &seg.Options)
		}
	}
}

func dissectOption(from layers.TCPOption, o *Options) {
	v := from.OptionData
	word := binary.BigEndian.Uint32
	cookie := func(v []byte) {
		if slices.Contains([]int{0, 4, 6, 8, 10, 12, 14, 16}, len(v)) {
			o.Set, o.FastOpenSize = o.Set|OptFastOpen, uint8(len(v))
		}
	}
	switch from.OptionType {
	case layers.TCPOptionKindMSS:
		if len(v) == 2 {
			o.Set, o.MSS = o.Set|OptMSS, binary.BigEndian.Uint16(v)
		}
	case layers.TCPOptionKindWindowScale:
		if len(v) == 1 {
			o.Set, o.Scale = o.Set|OptWindowScale, min(v[0], 14)
		}
	case layers.TCPOptionKindSACKPermitted:
		if len(v) == 0 {
			o.Set |= OptSACKPermitted
		}
	case layers.TCPOptionKindSACK:
		if len(v) == 8 || len(v) == 16 || len(v) == 24 || len(v) == 32 {
			o.Set, o.SACK, o.SACKBlocks = o.Set|OptSACK, [4]Block{}, 0
			for ; len(v) > 0; v = v[8:] {
				o.SACK[o.SACKBlocks] = Block{Seq(word(v)), Seq(word(v[4:]))}
				o.SACKBlocks++
			}
		}
	case layers.TCPOptionKindTimestamps:
		if len(v) == 8 {
			o.Set, o.TSVal, o.TSEcr = o.Set|OptTimestamps, word(v), word(v[4:])
		}
	case 34:
		cookie(v)
	case 254:
		if len(v) >= 2 && v[0] == 0xf9 && v[1] == 0x89 {
			cookie(v[2:])
		}
	case 30:
		if len(v) > 0 {
			o.Set |= OptMPTCP
			if v[0] >= 0x10 && v[0] < 0x20 {
				o.Set |= OptMPJoin
			}
		}
	}
}

// difference names the first field in which two segments differ; "" if none.
func difference(a, b *Segment) string {
	switch {
	case a.Src != b.Src, a.Dst != b.Dst:
		return fmt.Sprintf("endpoints %v > %v, %v > %v", a.Src, a.Dst, b.Src, b.Dst)
	case a.Seq != b.Seq, a.Ack != b.Ack, a.Flags != b.Flags, a.Window != b.Window:
		return fmt.Sprintf("header %d %d %v %d, %d %d %v %d", a.Seq, a.Ack, a.Flags, a.Window, b.Seq, b.Ack, b.Flags, b.Window)
	case a.TTL != b.TTL, a.HasIPID != b.HasIPID, a.IPID != b.IPID:
		return fmt.Sprintf("ip %d %v %d, %d %v %d", a.TTL, a.HasIPID, a.IPID, b.TTL, b.HasIPID, b.IPID)
	case a.Len != b.Len:
		return fmt.Sprintf("length %d, %d", a.Len, b.Len)
	case string(a.Payload) != string(b.Payload):
		return fmt.Sprintf("payload %q, %q", a.Payload, b.Payload)
	case a.Options != b.Options:
		return fmt.Sprintf("options %+v, %+v", a.Options, b.Options)
	}
	return ""
}

// TestOracle makes sure that the second opinion can tell: it agrees on a good
// packet, and a change of any field shows.
func TestOracle(t *testing.T) {
	data := eth(0x0800, hello)
	var d Decoder
	var seg Segment
	d.Decode(LinkEthernet, data, len(data), &seg)
	other, ok, err := dissect(LinkEthernet, data)
	if s := difference(&seg, &other); !ok || err != nil || s != "" {
		t.Fatal(ok, err, s)
	}
	for name, at := range map[string]int{"address": 26, "port": 34, "seq": 38, "flags": 47, "window": 48,
		"ttl": 22, "id": 18, "total length": 17, "timestamp": 58, "payload": 66} {
		other, _, _ := dissect(LinkEthernet, with(data, at, data[at]-1))
		if difference(&seg, &other) == "" {
			t.Errorf("a different %s does not show", name)
		}
	}
}
