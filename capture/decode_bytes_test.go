package capture

import (
	"bytes"
	"encoding/binary"
)

// The functions here put packets together from the inside out, byte by byte
// as the standards draw them, and know nothing of the decoder.

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func be16(v int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(v)) }

func be32(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }

// tcp is a segment 40000 -> 80, seq 1000, ack 2000, PSH and ACK.
func tcp(options []byte, payload string) []byte {
	return join(be16(40000), be16(80), be32(1000), be32(2000),
		[]byte{byte(20+len(options)) / 4 << 4, 0x18}, be16(502), be16(0), be16(0),
		options, []byte(payload))
}

// ip4 is 10.0.0.1 -> 10.0.0.2, TTL 64, id 0x1234, don't fragment.
func ip4(protocol byte, body []byte) []byte { return ip4Options(protocol, nil, body) }

func ip4Options(protocol byte, options, body []byte) []byte {
	return join([]byte{0x40 | byte(20+len(options))/4, 0}, be16(20+len(options)+len(body)),
		be16(0x1234), be16(0x4000), []byte{64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}, options, body)
}

// ip6 is 2001:db8::1 -> 2001:db8::2, hop limit 64.
func ip6(next byte, body []byte) []byte {
	host := func(last byte) []byte { return join([]byte{0x20, 1, 0x0d, 0xb8}, make([]byte, 11), []byte{last}) }
	return join([]byte{0x60, 0, 0, 0}, be16(len(body)), []byte{next, 64}, host(1), host(2), body)
}

func eth(etherType int, body []byte) []byte {
	return join([]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}, be16(etherType), body)
}

func tag(etherType int, body []byte) []byte { return join(be16(7), be16(etherType), body) }

func udp(port int, body []byte) []byte {
	return join(be16(50000), be16(port), be16(8+len(body)), be16(0), body)
}

func llcSNAP(etherType int, body []byte) []byte {
	return join([]byte{0xaa, 0xaa, 3, 0, 0, 0}, be16(etherType), body)
}

func sllHeader(protocol int, body []byte) []byte {
	return join(be16(0), be16(1), be16(6), make([]byte, 8), be16(protocol), body)
}

func sll2Header(protocol int, body []byte) []byte {
	return join(be16(protocol), be16(0), be32(2), be16(1), []byte{0, 6}, make([]byte, 8), body)
}

// dot11Data is a QoS data frame to the distribution system.
func dot11Data(body []byte) []byte {
	return join([]byte{0x88, 0x01, 0, 0}, make([]byte, 18), be16(0), be16(0), body)
}

func with(b []byte, at int, v ...byte) []byte {
	b = bytes.Clone(b)
	copy(b[at:], v)
	return b
}

var timestamps = join([]byte{1, 1, 8, 10}, be32(111), be32(222))
