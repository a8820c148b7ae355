package timeline

import (
	"connlint/capture"
	"connlint/reassembly"
)

// stack is what the packets of a host show of its TCP.
type stack struct {
	options         capture.OptionSet // of its SYNs; 0: none was seen
	ttlLow, ttlHigh uint8
}

func (s *stack) see(f *reassembly.Flow) {
	if f.TTL != 0 {
		if s.ttlHigh == 0 {
			s.ttlLow = f.TTL
		}
		s.ttlLow, s.ttlHigh = min(s.ttlLow, f.TTL), max(s.ttlHigh, f.TTL)
	}
	if s.options == 0 {
		s.options = f.Options
	}
}

// Stack is what a host's TCP takes for itself: how long a socket stays in
// TIME-WAIT, how many ports there are for outgoing connections.
type Stack struct {
	Name     string
	TimeWait int64 // ns
	Ports    int
}

// Stack guesses whose TCP the host has by its hop limit and the options of its
// SYN: Windows starts at 128 hops, leaves timestamps out, and has the ports
// 49152-65535 (RFC 6335 §6). Everything else is taken for Linux, whose 60 s are
// compiled in (TCP_TIMEWAIT_LEN) and whose range is 32768-60999. BSD and macOS
// keep a socket for 30 s or 60 s, but by these marks they are not to be told
// from Linux: window scales that were theirs are those of many servers.
func (h *Host) Stack() Stack {
	s := &h.stack
	if s.options != 0 && s.options&capture.OptTimestamps == 0 && s.ttlHigh > 64 && s.ttlHigh <= 128 {
		return Stack{"Windows", 120e9, 16384}
	}
	return Stack{"Linux", 60e9, 28232}
}
