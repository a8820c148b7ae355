package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// portExhaustion finds clients that have used up, or soon will, the ports that
// they have for connections to one service.
func portExhaustion() *analysis.Rule {
	return &analysis.Rule{
		Name:     "ports/port-exhaustion",
		Severity: analysis.Warning,
		Needs:    analysis.BothDirections,
		Params: append(portParams(),
			analysis.Param{Name: "warn_share", Unit: "ratio", Default: 0.5,
				Source: "Linux connects from even ports first and searches through them all once they are taken"},
			analysis.Param{Name: "error_share", Unit: "ratio", Default: 0.8,
				Source: "a quarter more connections, and connect() fails"}),
		Start: startPortExhaustion,
	}
}

func startPortExhaustion(p *analysis.Pass) analysis.Run {
	limits := newPortLimits(p)
	warn, worse := p.Param("warn_share"), p.Param("error_share")
	return analysis.Run{Host: func(h *timeline.Host) {
		if h.Role != reassembly.Client || h.Soon > 0 || h.LastOpen.IsZero() {
			return // a port that is taken out of TIME_WAIT is not used up
		}
		wait, doubt := limits.wait(h)
		peak := h.Series.Waiting(wait)
		ports := limits.of(h, peak.N)
		observed := limits.filled(h, peak.N) && ports == h.Ports()
		share := float64(peak.N) / float64(ports)
		if peak.N < limits.minRange || share < warn || h.Loopback() && !observed {
			return
		}
		f := about(h)
		f.Count = peak.N
		switch {
		case observed:
			exhausted(f, h, peak.N, wait)
		default:
			running(f, h, peak.N, ports, wait)
			if share >= worse {
				f.Severity = analysis.Error
			}
		}
		f.Measures = append(f.Measures, analysis.Measure{Name: "port_share", Value: share, Threshold: warn, Unit: "ratio"},
			analysis.Measure{Name: "ports", Value: float64(ports), Unit: "count"},
			analysis.Measure{Name: "sustainable_rate", Value: float64(ports) / (float64(wait) / 1e9), Unit: "1/s"})
		f.Evidence.Cite(h.LastOpen, "last new connection")
		citeOnce(&f.Evidence, h.FirstOpen, "first new connection")
		for _, c := range h.Closes {
			f.Evidence.Cite(c, "closes first and keeps the port")
		}
		doubts(f, h, doubt)
		p.Report(f)
	}}
}

// exhausted is what is said where every port of a range was seen in use.
func exhausted(f *analysis.Finding, h *timeline.Host, inUse int, wait int64) {
	f.Confidence = 0.6
	f.Reasons = append(f.Reasons, "a connect() that fails for lack of a port leaves no packet: that there was one is inferred")
	low, high := h.PortRange()
	f.Message = fmt.Sprintf("%s of the %s ports from %d to %d, the range that %s was seen to use, were in TIME_WAIT towards %s at one time: when none is left, connections fail until one has rested for %s",
		grouped(uint64(inUse)), grouped(uint64(h.Ports())), low, high, h.Address.Addr(), h.Service, ms(wait))
}

// running is what is said where ports run short.
func running(f *analysis.Finding, h *timeline.Host, inUse, ports int, wait int64) {
	f.Message = fmt.Sprintf("%s of the %s ports that %s has towards %s were in TIME_WAIT at one time: each rests for %s, so that %.0f new connections a second are the limit",
		grouped(uint64(inUse)), grouped(uint64(ports)), h.Address.Addr(), h.Service, ms(wait), float64(ports)/(float64(wait)/1e9))
}
