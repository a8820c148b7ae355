package rules

import (
	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
)

// synRetry finds connections whose opening waited until a SYN was sent again.
func synRetry() *analysis.Rule {
	return &analysis.Rule{
		Name:     "connect/syn-retry",
		Severity: analysis.Warning,
		Needs:    analysis.Handshake | analysis.BothDirections | analysis.Clock,
		Params:   []analysis.Param{minRetry()},
		Causes:   []timeline.Cause{timeline.ConnectRetry},
		Start:    startSYNRetry,
	}
}

// minRetry is the shortest wait for a packet of the handshake.
func minRetry() analysis.Param {
	return analysis.Param{Name: "min_wait", Unit: "ms", Default: 200,
		Source: "RFC 6298 §2.1 has a SYN wait 1 s; 200 ms is the least that any common stack waits for a retransmission"}
}

func startSYNRetry(p *analysis.Pass) analysis.Run {
	pairs := analysis.PerPair[retries](p)
	least := int64(p.Param("min_wait") * 1e6)
	return analysis.Run{
		Close: func(c *timeline.Connection) {
			switch c.Setback {
			case timeline.SYNLost, timeline.SYNUnanswered:
			case timeline.SYNOrSYNACKLost:
				if f := &c.Flow[reassembly.Client]; c.Caveats&reassembly.SnaplenCut != 0 && f.Options&capture.OptTimestamps == 0 {
					return // what would tell one from the other may have been cut off
				}
			default:
				return
			}
			if h := &c.Handshake; h.Retry >= least {
				g := pairs.Pair(c.Pair)
				g.add(c, int(h.SYNs)-1)
				g.evidence.Cite(c.Repeated.Last[reassembly.Client], "SYN sent again")
				g.evidence.Cite(h.SYN, "first SYN")
				g.evidence.Cite(h.SYNACK, "SYN-ACK")
			}
		},
		Pair: func(pair *timeline.Pair) {
			if g := pairs.Peek(pair.Slot()); g != nil {
				p.Report(lateSYNs(g, least))
			}
		},
	}
}

// lateSYNs says what is known of the SYNs that had no answer. Of a loss behind
// the capture point the SYN stands for both: it is what was seen twice.
func lateSYNs(g *retries, least int64) *analysis.Finding {
	switch g.most() {
	case timeline.SYNUnanswered:
		f := g.finding("SYN", "the server, where this was captured, had left it without an answer", least)
		f.Culprit, f.Confidence = analysis.Server, 0.8
		f.Reasons = append(f.Reasons, "a packet filter of the server may have dropped it as well as a full listen queue")
		return f
	case timeline.SYNLost:
		f := g.finding("SYN", "the server answers the last one only, and had not taken the earlier", least)
		f.Confidence = 0.8
		f.Reasons = append(f.Reasons, "a server whose listen queue is full drops a SYN as the path does; some servers echo the latest timestamp whatever came before")
		return f
	}
	f := g.finding("SYN", "it or the SYN-ACK was lost, which of them cannot be told from this place", least)
	f.Confidence = 0.5
	f.Reasons = append(f.Reasons, "a lost SYN-ACK looks the same from this place")
	return f
}
