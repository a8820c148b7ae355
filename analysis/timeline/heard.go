package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
)

// Heard is the latest packet of the server but for its RST, and what the client
// did since.
type Heard struct {
	Frame capture.Frame // zero: none since the connection first carried payload
	TTL   uint8         // its TTL or hop limit
	// Calls is how many segments the client sent again since, Called the last
	// of them.
	Calls  uint16
	Called capture.Frame
}

// hear notes who speaks. What a router says in the server's name is no sign of
// life: an RST is left aside.
func (h *Heard) hear(s *capture.Segment, r *reassembly.Reading) {
	switch {
	case r.Side == reassembly.Server:
		if s.Flags&capture.RST == 0 {
			*h = Heard{Frame: s.Frame, TTL: s.TTL}
		}
	case r.Events.Is(reassembly.Retransmission):
		h.Called = s.Frame
		if h.Calls++; h.Calls == 0 {
			h.Calls--
		}
	}
}
