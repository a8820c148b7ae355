package trace

import (
	"fmt"
	"io"
	"math"
	"net"
	"net/netip"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"connlint/capture"
)

// fullFrame is the snap length that the file names when nothing is cut:
// tcpdump's.
const fullFrame = 262144

// Encode writes the captured packets as a pcap file of Ethernet frames with
// nanosecond times. Checksums and lengths are right, and short frames are
// padded to 60 bytes as on a wire. What a snap length cut counts as filler in
// the checksum.
func (t *Trace) Encode(w io.Writer) error {
	snapLen := fullFrame
	if t.SnapLen > 0 {
		snapLen = t.SnapLen
	}
	file := pcapgo.NewWriterNanos(w)
	if err := file.WriteFileHeader(uint32(snapLen), layers.LinkTypeEthernet); err != nil {
		return err
	}
	e := encoder{buffer: gopacket.NewSerializeBuffer()}
	for i := range t.Packets {
		p := &t.Packets[i]
		if p.Dropped {
			continue
		}
		frame, err := e.frame(&p.Segment, t.Connections[p.Connection].ISN[p.Side])
		if err != nil {
			return fmt.Errorf("%s:%d: %w", t.Name, p.Line, err)
		}
		kept := min(snapLen, len(frame))
		if len(p.Payload) < p.Len {
			kept = min(kept, headerLen(&p.Segment)+len(p.Payload))
		}
		info := gopacket.CaptureInfo{Timestamp: p.Stamp(), Length: len(frame), CaptureLength: kept}
		if err := file.WritePacket(info, frame[:kept]); err != nil {
			return err
		}
	}
	return nil
}

// encoder keeps its buffers from one frame to the next.
type encoder struct {
	buffer  gopacket.SerializeBuffer
	payload []byte
}

// frame is the whole frame of s, borrowed until the next call. isn is that of
// the sending side.
func (e *encoder) frame(s *capture.Segment, isn capture.Seq) ([]byte, error) {
	tcp := &layers.TCP{
		SrcPort: layers.TCPPort(s.Src.Port()), DstPort: layers.TCPPort(s.Dst.Port()),
		Seq: uint32(s.Seq), Ack: uint32(s.Ack), Window: s.Window,
		FIN: s.Flags.Has(capture.FIN), SYN: s.Flags.Has(capture.SYN), RST: s.Flags.Has(capture.RST),
		PSH: s.Flags.Has(capture.PSH), ACK: s.Flags.Has(capture.ACK), URG: s.Flags.Has(capture.URG),
		ECE: s.Flags.Has(capture.ECE), CWR: s.Flags.Has(capture.CWR),
		Options: tcpOptions(&s.Options),
	}
	ethernet := &layers.Ethernet{SrcMAC: mac(s.Src.Addr()), DstMAC: mac(s.Dst.Addr())}
	src, dst := net.IP(s.Src.Addr().AsSlice()), net.IP(s.Dst.Addr().AsSlice())
	var ip gopacket.SerializableLayer
	if s.Src.Addr().Is4() {
		v4 := &layers.IPv4{
			Version: 4, TTL: s.TTL, Id: s.IPID, Flags: layers.IPv4DontFragment,
			Protocol: layers.IPProtocolTCP, SrcIP: src, DstIP: dst,
		}
		ip, ethernet.EthernetType = v4, layers.EthernetTypeIPv4
		if err := tcp.SetNetworkLayerForChecksum(v4); err != nil {
			return nil, err
		}
	} else {
		v6 := &layers.IPv6{
			Version: 6, HopLimit: s.TTL, NextHeader: layers.IPProtocolTCP, SrcIP: src, DstIP: dst,
		}
		ip, ethernet.EthernetType = v6, layers.EthernetTypeIPv6
		if err := tcp.SetNetworkLayerForChecksum(v6); err != nil {
			return nil, err
		}
	}
	fix := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	payload := gopacket.Payload(e.whole(s, isn))
	if err := gopacket.SerializeLayers(e.buffer, fix, ethernet, ip, tcp, payload); err != nil {
		return nil, err
	}
	return e.buffer.Bytes(), nil
}

// whole is the payload as it was on the wire.
func (e *encoder) whole(s *capture.Segment, isn capture.Seq) []byte {
	e.payload = append(e.payload[:0], s.Payload...)
	if missing := s.Len - len(s.Payload); missing > 0 {
		e.payload = append(e.payload, make([]byte, missing)...)
		fill(e.payload[len(s.Payload):], offset(s, isn)+uint32(len(s.Payload)))
	}
	return e.payload
}

// mac is a locally administered hardware address that shows the end of the
// IP address in a dump.
func mac(ip netip.Addr) net.HardwareAddr {
	b := ip.AsSlice()
	return append(net.HardwareAddr{2, 0}, b[len(b)-4:]...)
}

// check says why s cannot be encoded, if so.
func check(s *capture.Segment) error {
	if n := optionsLen(&s.Options); n > maxOptions {
		return fmt.Errorf("the options take %d bytes; TCP has room for %d", n, maxOptions)
	}
	room := math.MaxUint16 - (headerLen(s) - 14)
	if s.Src.Addr().Is6() {
		room += 40 // its length field does not count its own header
	}
	if s.Len > room {
		return fmt.Errorf("a payload of %d bytes does not fit; an IP packet has room for %d here", s.Len, room)
	}
	if s.Time < 0 || s.Time/1e9 > math.MaxUint32 {
		return fmt.Errorf("the time %s does not fit a pcap file", s.Stamp().Format("2006-01-02T15:04:05Z"))
	}
	return nil
}
