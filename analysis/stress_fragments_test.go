package analysis_test

import (
	"encoding/binary"
	"io"
	"time"

	"github.com/google/gopacket"

	"connlint/capture"
)

// pieces is a stream of IP packets as bytes: what floods the assembly of
// fragments has to come through the decoder. Called, it is at its first one;
// a packet is good until the next.
type pieces func() func(i int) []byte

func (start pieces) source(n int, atEnd func()) capture.Source {
	return capture.NewFile(&rawFlood{n: n, make: start(), atEnd: atEnd}, "flood", 0)
}

// rawFlood is a capture of n IP packets, 0.1 ms apart.
type rawFlood struct {
	n, sent int
	make    func(i int) []byte
	atEnd   func() // before the connections are finished
}

func (p *rawFlood) LinkType(int) capture.LinkType { return capture.LinkRaw }
func (p *rawFlood) Dropped() uint64               { return 0 }
func (p *rawFlood) Close() error                  { return nil }

func (p *rawFlood) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	if p.sent == p.n {
		p.atEnd()
		return nil, gopacket.CaptureInfo{}, io.EOF
	}
	b := p.make(p.sent)
	at := time.Unix(0, floodStart+int64(p.sent)*1e5)
	p.sent++
	return b, gopacket.CaptureInfo{Timestamp: at, CaptureLength: len(b), Length: len(b)}, nil
}

func fragmentsGivenUp(c *cost) uint64     { return c.counts.Source.GivenUp }
func fragmentsUnassembled(c *cost) uint64 { return c.counts.Source.Unassembled }

// fragment is where a piece belongs: packet id from a host, at bytes into it.
type fragment struct {
	host uint32
	id   uint32
	at   int
	more bool
}

const (
	protoIPIP = 4
	protoTCP  = 6
	protoGRE  = 47
)

// four writes an IPv4 fragment with body into buf.
func (f fragment) four(buf []byte, protocol byte, body []byte) []byte {
	bits := uint16(f.at / 8)
	if f.more {
		bits |= 0x2000
	}
	b := append(buf[:0], 0x45, 0, 0, 0)
	binary.BigEndian.PutUint16(b[2:], uint16(20+len(body)))
	b = binary.BigEndian.AppendUint16(b, uint16(f.id))
	b = binary.BigEndian.AppendUint16(b, bits)
	b = append(b, 64, protocol, 0, 0)
	b = binary.BigEndian.AppendUint32(b, 10<<24|f.host&0xffffff)
	b = append(b, 192, 168, 0, 1)
	return append(b, body...)
}

// six writes an IPv6 fragment with body into buf.
func (f fragment) six(buf []byte, body []byte) []byte {
	const next = 44
	bits := uint16(f.at)
	if f.more {
		bits |= 1
	}
	b := append(buf[:0], 0x60, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(body)))
	b = append(b, next, 64)
	var ends [32]byte
	ends[0], ends[16] = 0xfd, 0xfd
	binary.BigEndian.PutUint32(ends[12:], f.host)
	b = append(b, ends[:]...)
	b = append(b, protoTCP, 0)
	b = binary.BigEndian.AppendUint16(b, bits)
	b = binary.BigEndian.AppendUint32(b, f.id)
	return append(b, body...)
}

// flooding writes the packets of a flood one into the room of the other; body
// has 1,480 bytes.
func flooding(packet func(buf, body []byte, i int) []byte) pieces {
	return func() func(int) []byte {
		buf, body := make([]byte, 0, 2048), make([]byte, 1480)
		return func(i int) []byte { return packet(buf, body, i) }
	}
}

// fragmentFloods are pieces of IP packets that are never whole.
func fragmentFloods() []attack {
	number := func(i int) uint32 { return uint32(i) }
	four := func(one func(i int) (fragment, int)) pieces {
		return flooding(func(buf, body []byte, i int) []byte {
			f, size := one(i)
			body[0] = byte(i) // no piece repeats the one before
			return f.four(buf, protoTCP, body[:size])
		})
	}
	inside := func(protocol byte, head []byte) pieces {
		return flooding(func(buf, body []byte, i int) []byte {
			inner := append(body[:0], head...)
			inner = append(inner, fragment{number(i), 1, 0, true}.four(nil, protoTCP, make([]byte, 400))...)
			return fragment{host: 1, id: number(i)}.four(buf, protocol, inner)
		})
	}
	return []attack{
		{name: "fragments-first-of-many-hosts", packets: 10_000, given: fragmentsGivenUp, start: four(func(i int) (fragment, int) {
			return fragment{number(i), 1, 0, true}, 1480
		})},
		{name: "fragments-first-of-one-host", packets: 10_000, given: fragmentsGivenUp, start: four(func(i int) (fragment, int) {
			return fragment{1, number(i), 0, true}, 1480
		})},
		{name: "fragments-last-of-many-hosts", packets: 10_000, given: fragmentsGivenUp, start: four(func(i int) (fragment, int) {
			return fragment{number(i), 1, 1480, false}, 700
		})},
		{name: "fragments-tiny", packets: 20_000, given: fragmentsGivenUp, start: four(func(i int) (fragment, int) {
			return fragment{number(i), 1, 8, true}, 8
		})},
		{name: "fragments-far", packets: 10_000, given: fragmentsGivenUp, start: four(func(i int) (fragment, int) {
			return fragment{number(i), 1, 65000, true}, 8
		})},
		{name: "fragments-many-of-each", packets: 20_000, given: fragmentsGivenUp, start: four(func(i int) (fragment, int) {
			const all = 2048 // in turn, so that none gets its last piece before it is given up
			return fragment{number(i % all), number(i / all / 8), i / all % 8 * 1480, true}, 1480
		})},
		{name: "fragments-overlapping", packets: 20_000, given: fragmentsUnassembled, start: four(func(i int) (fragment, int) {
			return fragment{number(i / 4), 1, i % 4 * 8, i%4 < 3}, 64
		})},
		{name: "fragments-every-second", packets: 20_000, given: fragmentsUnassembled, start: four(func(i int) (fragment, int) {
			return fragment{number(i / 4000), 1, i % 4000 * 16, true}, 8
		})},
		{name: "fragments-backwards", packets: 20_000, given: fragmentsUnassembled, start: four(func(i int) (fragment, int) {
			return fragment{number(i / 8000), 1, (8000 - i%8000) * 8, i%8000 != 0}, 8
		})},
		{name: "fragments-six-of-many-hosts", packets: 10_000, given: fragmentsGivenUp, start: flooding(func(buf, body []byte, i int) []byte {
			return fragment{number(i), 1, 0, true}.six(buf, body[:1440])
		})},
		{name: "fragments-six-of-one-host", packets: 10_000, given: fragmentsGivenUp, start: flooding(func(buf, body []byte, i int) []byte {
			return fragment{1, number(i), 8, true}.six(buf, body[:8])
		})},
		{name: "fragments-in-ipip", packets: 10_000, given: fragmentsGivenUp, start: inside(protoIPIP, nil)},
		{name: "fragments-in-gre", packets: 10_000, given: fragmentsGivenUp, start: inside(protoGRE, []byte{0, 0, 8, 0})},
		{name: "fragments-in-fragments", packets: 20_000, given: fragmentsGivenUp, start: flooding(func(buf, body []byte, i int) []byte {
			inner := fragment{number(i / 2), 1, 0, true}.four(nil, protoTCP, body[:800])
			if i%2 == 0 {
				return fragment{1, number(i / 2), 0, true}.four(buf, protoIPIP, inner[:400])
			}
			return fragment{1, number(i / 2), 400, false}.four(buf, protoIPIP, inner[400:])
		})},
	}
}
