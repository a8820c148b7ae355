package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
)

// portParams are the parameters that rules about ports share: 0 leaves it to
// what the host's packets look like.
func portParams() []analysis.Param {
	return []analysis.Param{
		{Name: "time_wait", Unit: "s", Default: 0,
			Source: "0: 60 s (Linux, TCP_TIMEWAIT_LEN), 120 s where packets look like Windows"},
		{Name: "ports", Unit: "count", Default: 0,
			Source: "0: 28,232 (Linux, net.ipv4.ip_local_port_range 32768-60999), 16,384 where packets look like Windows (49152-65535, RFC 6335 §6)"},
		{Name: "min_range", Unit: "count", Default: 16,
			Source: "a handful of ports side by side may be chance; sixteen in any but the order in which they are given out are not"},
		{Name: "min_fill", Unit: "ratio", Default: 0.95,
			Source: "ports that other programs hold are missing in a range that is used up"},
	}
}

// portLimits are the values of portParams.
type portLimits struct {
	timeWait int64 // ns; 0: as the stack has it
	ports    int   // 0: the same
	minRange int   // fewer ports are not taken for a range of their own
	minFill  float64
}

func newPortLimits(p *analysis.Pass) portLimits {
	return portLimits{int64(p.Param("time_wait") * 1e9), p.CountParam("ports"), p.CountParam("min_range"), p.Param("min_fill")}
}

// wait is how long a socket of h stays in TIME_WAIT, ns. A guess that is not
// the usual one is a reason to doubt.
func (l portLimits) wait(h *timeline.Host) (ns int64, doubt string) {
	if l.timeWait > 0 {
		return l.timeWait, ""
	}
	s := h.Stack()
	if s.Name != "Linux" {
		doubt = fmt.Sprintf("that TIME_WAIT lasts %s is a guess: the packets look like %s", ms(s.TimeWait), s.Name)
	}
	return s.TimeWait, doubt
}

// filled reports whether inUse sockets were all ports that the client has,
// from the lowest seen to the highest. Ports given out in order fill their
// span whatever the range is, so that the order must have come to an end and
// begun anew; and a stack that takes ports out of TIME_WAIT has more than
// these.
func (l portLimits) filled(h *timeline.Host, inUse int) bool {
	n := h.Ports()
	return n >= l.minRange && float64(inUse) >= l.minFill*float64(n) && h.Wrapped() && h.Soon == 0
}

// of is how many ports h has for its connections to the service: what the user
// says; else those seen, if they are all; else what its stack has, unless more
// were seen.
func (l portLimits) of(h *timeline.Host, inUse int) int {
	switch {
	case l.ports > 0:
		return max(l.ports, inUse)
	case l.filled(h, inUse):
		return h.Ports()
	}
	return max(h.Stack().Ports, h.Ports())
}

// doubts lowers the confidence of a finding about a host where its address may
// stand for several, or where TIME_WAIT is not what it is elsewhere.
func doubts(f *analysis.Finding, h *timeline.Host, guess string) {
	f.Caveats |= h.Caveats
	if h.Many() && h.Role == reassembly.Client {
		f.Caveats |= reassembly.NATSuspected
	}
	for _, why := range [...]string{guess,
		when(h.Many(), "this is per address: its packets came over paths of different lengths or offer different options: it may stand for several hosts behind NAT, each with ports of its own"),
		when(h.Loopback(), "on loopback Linux takes a port out of TIME_WAIT after a second (net.ipv4.tcp_tw_reuse = 2)"),
		when(h.Caveats&(reassembly.CaptureDrops|reassembly.LimitReached) != 0, "connections are missing in the record: the numbers are lower bounds")} {
		if why != "" {
			f.Reasons = append(f.Reasons, why)
			f.Confidence = min(f.Confidence, 0.7)
		}
	}
}

func when(is bool, text string) string {
	if is {
		return text
	}
	return ""
}

// mostRefused is what most often kept connections from being used again.
func mostRefused(refusals *[timeline.Refusals]uint32) timeline.Refusal {
	best := timeline.NotRefused
	for r, n := range refusals {
		if n > refusals[best] {
			best = timeline.Refusal(r)
		}
	}
	return best
}

// about begins a finding about a host: its subject with the connections that
// left a socket in TIME_WAIT.
func about(h *timeline.Host) *analysis.Finding {
	f := &analysis.Finding{Subject: analysis.Host(h), Culprit: role(h.Role), Confidence: 1}
	f.Subject.Connections = append([]uint64(nil), h.IDs...)
	f.Subject.Omitted = max(0, int(h.Entered)-len(h.IDs))
	return f
}

// citeOnce cites a packet that may be cited already.
func citeOnce(e *analysis.Evidence, f capture.Frame, role string) {
	for _, c := range e.Frames {
		if c.Frame == f {
			return
		}
	}
	e.Cite(f, role)
}

// rate is opens a second over at least one second.
func rate(n int, ns int64) float64 { return float64(n) / max(1, float64(ns)/1e9) }
