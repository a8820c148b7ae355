package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// timeWaitBuildup finds hosts at which very many connections wait out their
// TIME_WAIT at one time.
func timeWaitBuildup() *analysis.Rule {
	return &analysis.Rule{
		Name:     "ports/time-wait-buildup",
		Severity: analysis.Warning,
		PartOf:   []string{"ports/port-exhaustion"},
		Needs:    analysis.BothDirections,
		Params: append(portParams(),
			analysis.Param{Name: "min_sockets", Unit: "count", Default: 1000,
				Source: "a thousand are 16 new connections a second for a minute, more than any pool needs; fewer cost nothing"},
			analysis.Param{Name: "narrow_share", Unit: "ratio", Default: 0.5,
				Source: "of a range of ports that is known to be smaller: at half Linux begins to search (it takes even ports first)"}),
		Start: startTimeWaitBuildup,
	}
}

func startTimeWaitBuildup(p *analysis.Pass) analysis.Run {
	limits := newPortLimits(p)
	least, share := p.CountParam("min_sockets"), p.Param("narrow_share")
	return analysis.Run{Host: func(h *timeline.Host) {
		if h.Entered == 0 {
			return
		}
		wait, doubt := limits.wait(h)
		peak := h.Series.Waiting(wait)
		narrow := h.Role == reassembly.Client && h.Soon == 0 && (limits.ports > 0 || limits.filled(h, peak.N)) &&
			peak.N >= limits.minRange && float64(peak.N) >= share*float64(limits.of(h, peak.N))
		if peak.N < least && !narrow {
			return
		}
		f := about(h)
		f.Count = int(h.Entered)
		f.Message = fmt.Sprintf("%s in TIME_WAIT at %s at one time, each for %s: %s", count(peak.N, "socket"), h.Address.Addr(), ms(wait), closes(h))
		f.Measures = []analysis.Measure{
			{Name: "time_wait_peak", Value: float64(peak.N), Threshold: float64(least), Unit: "count"},
			{Name: "peak_after", Value: float64(max(0, peak.At-h.From)) / 1e9, Unit: "s"},
			{Name: "time_wait", Value: float64(wait) / 1e9, Unit: "s"},
		}
		if h.Role == reassembly.Client {
			inRange(f, h, peak.N, limits.of(h, peak.N), wait)
		}
		f.Fix = elsewhere(h)
		for _, c := range h.Closes {
			f.Evidence.Cite(c, "closes first")
		}
		f.Evidence.Omitted += max(0, int(h.Entered)-len(h.Closes))
		doubts(f, h, doubt)
		p.Report(f)
	}}
}

// closes says who left the sockets there and why.
func closes(h *timeline.Host) string {
	s := "it closes first"
	if h.Crossed*2 > h.Entered {
		s = "both sides close at once"
	}
	if r := mostRefused(&h.Left); r != timeline.NotRefused {
		s += " (" + r.String() + ")"
	}
	return s
}

// elsewhere is the fix where the other side made h close: what is set at h does
// nothing while it is asked to. Empty if h closes by itself.
func elsewhere(h *timeline.Host) string {
	why := mostRefused(&h.Left)
	side, ok := why.Side()
	if !ok || side == h.Role {
		return ""
	}
	return fmt.Sprintf("Change the %s, not the %s: %s. One connection that carries ten requests leaves a tenth of the sockets.", side, h.Role, why)
}

// inRange holds the peak against the ports that a client has, and says how
// long these last at the rate seen.
func inRange(f *analysis.Finding, h *timeline.Host, peak, ports int, wait int64) {
	opened := h.Series.Opened(wait).N
	pace := rate(opened, min(wait, h.LastOpen.Time-h.FirstOpen.Time))
	bearable := float64(ports) / (float64(wait) / 1e9)
	f.Message += fmt.Sprintf("; these are %.0f %% of its %s ports to that service", 100*float64(peak)/float64(ports), grouped(uint64(ports)))
	if pace > bearable && peak < ports {
		f.Message += fmt.Sprintf(", which at %.0f new connections a second last for %s", pace, ms(int64(float64(ports)/pace*1e9)))
	}
	f.Measures = append(f.Measures,
		analysis.Measure{Name: "port_share", Value: float64(peak) / float64(ports), Unit: "ratio"},
		analysis.Measure{Name: "opens_per_second", Value: pace, Threshold: bearable, Unit: "1/s"})
}
