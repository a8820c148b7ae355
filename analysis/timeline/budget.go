package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
)

// Packets says what the packets of connections were there for. Each is counted
// once; one that carries payload is data or a retransmission, whatever else it
// says.
type Packets struct {
	Handshake      uint64 // SYN, SYN-ACK and the ACK that ends the handshake
	Teardown       uint64 // FIN and RST without payload, and the ACKs that follow one
	PureACK        uint64 // any other packet without payload: ACKs, window updates, probes
	Retransmission uint64 // payload that had been sent before
	Data           uint64 // payload
}

// Add adds o.
func (p *Packets) Add(o *Packets) {
	p.Handshake += o.Handshake
	p.Teardown += o.Teardown
	p.PureACK += o.PureACK
	p.Retransmission += o.Retransmission
	p.Data += o.Data
}

// Total is the sum of all kinds.
func (p *Packets) Total() uint64 {
	return p.Handshake + p.Teardown + p.PureACK + p.Retransmission + p.Data
}

// count takes one packet. An ACK behind a FIN that covers no new data is taken
// for the FIN's.
func (p *Packets) count(c *reassembly.Connection, s *capture.Segment, r *reassembly.Reading) {
	closing := !c.Teardown.FIN[reassembly.Client].IsZero() || !c.Teardown.FIN[reassembly.Server].IsZero()
	switch {
	case s.Len > 0 && r.Events.Is(reassembly.Retransmission):
		p.Retransmission++
	case s.Len > 0:
		p.Data++
	case s.Flags&(capture.FIN|capture.RST) != 0:
		p.Teardown++
	case s.Flags&capture.SYN != 0, r.Events.Is(reassembly.HandshakeDone):
		p.Handshake++
	case closing && r.Acked == 0:
		p.Teardown++
	default:
		p.PureACK++
	}
}
