package analysis_test

import (
	"encoding/binary"
	"math/rand/v2"

	"connlint/capture"
)

// wire is where a flood writes its packets: connection number conn has a client
// and a server, and each side's next sequence number.
type wire struct {
	random  *rand.Rand
	clients func(conn int) capture.Endpoint // default: an address for each
	servers func(conn int) capture.Endpoint // default: one for all
	at      map[int]*[2]uint32              // bytes sent by connection and side
}

func newWire() *wire {
	return &wire{random: rand.New(rand.NewPCG(1, 2)), at: map[int]*[2]uint32{}, clients: manyHosts,
		servers: func(int) capture.Endpoint { return capture.Endpoint4([]byte{192, 168, 0, 1}, 80) }}
}

// manyHosts is an address of its own for each connection, oneHost a port.
func manyHosts(conn int) capture.Endpoint {
	var ip [4]byte
	binary.BigEndian.PutUint32(ip[:], uint32(conn)*2654435761)
	ip[0] = 10
	return capture.Endpoint4(ip[:], uint16(1024+conn>>24))
}

func oneHost(conn int) capture.Endpoint {
	return capture.Endpoint4([]byte{10, 0, 0, byte(conn / 60000)}, uint16(1024+conn%60000))
}

// isn is the initial sequence number of a side.
func isn(conn, side int) uint32 { return uint32(conn+1) * [2]uint32{7919, 104729}[side] }

// packet writes a packet with the numbers relative to the initial ones.
func (w *wire) packet(s *capture.Segment, conn, side int, flags capture.Flags, seq, ack uint32, payload []byte) {
	s.Src, s.Dst = w.clients(conn), w.servers(conn)
	if side == 1 {
		s.Src, s.Dst = s.Dst, s.Src
	}
	s.Flags, s.Window = flags, 65535
	s.Seq = capture.Seq(isn(conn, side) + seq)
	if flags&capture.ACK != 0 {
		s.Ack = capture.Seq(isn(conn, 1-side) + ack)
	}
	s.Payload, s.Len = payload, len(payload)
}

// dial writes a step of the handshake: 0, 1, 2.
func (w *wire) dial(s *capture.Segment, conn, step int) {
	switch step {
	case 0:
		w.packet(s, conn, 0, capture.SYN, 0, 0, nil)
	case 1:
		w.packet(s, conn, 1, capture.SYN|capture.ACK, 0, 1, nil)
	default:
		w.packet(s, conn, 0, capture.ACK, 1, 1, nil)
	}
}

// say writes the next bytes of a side in order; it acknowledges all of the
// peer's if deaf is false.
func (w *wire) say(s *capture.Segment, conn, side int, deaf bool, text []byte) {
	p := w.at[conn]
	if p == nil {
		p = &[2]uint32{1, 1}
		w.at[conn] = p
	}
	ack := p[1-side]
	if deaf {
		ack = 1
	}
	w.packet(s, conn, side, capture.ACK|capture.PSH, p[side], ack, text)
	p[side] += uint32(len(text))
}

// over forgets a connection's numbers: the flood's own memory must not count.
func (w *wire) over(conn int) { delete(w.at, conn) }
