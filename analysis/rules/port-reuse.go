package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
)

// portReuse finds connections opened from the addresses and ports of one that
// was still in TIME_WAIT at one of its ends.
func portReuse() *analysis.Rule {
	return &analysis.Rule{
		Name:     "ports/port-reuse",
		Severity: analysis.Note,
		Needs:    analysis.BothDirections,
		Params: []analysis.Param{
			{Name: "time_wait", Unit: "s", Default: 60,
				Source: "Linux, TCP_TIMEWAIT_LEN; twice the segment lifetime would be 240 s (RFC 9293 §3.4.2), connlint remembers 120 s"},
		},
		Start: startPortReuse,
	}
}

// reuses is what the rule gathers of a pair.
type reuses struct {
	subject  analysis.Subject
	good     analysis.Evidence
	bad      analysis.Evidence // of those that went wrong
	n, wrong int
	resets   int   // of wrong: the answer was an RST
	soonest  int64 // ns
	atClient int   // the client held the old connection in TIME_WAIT
	lost     int64 // ns
}

func startPortReuse(p *analysis.Pass) analysis.Run {
	pairs := analysis.PerPair[reuses](p)
	within := int64(p.Param("time_wait") * 1e9)
	return analysis.Run{
		Close: func(c *timeline.Connection) {
			r := &c.Reuse
			if r.Last.IsZero() || r.Waited == 0 || c.Handshake.SYN.IsZero() {
				return // an RST, or no end at all, leaves no TIME_WAIT
			}
			if after := c.Handshake.SYN.Time - r.Waited; after < within {
				pairs.Pair(c.Pair).add(c, after)
			}
		},
		Pair: func(pair *timeline.Pair) {
			if r := pairs.Peek(pair.Slot()); r != nil {
				p.Report(r.finding(within))
			}
		},
	}
}

func (r *reuses) add(c *timeline.Connection, after int64) {
	if r.n == 0 {
		r.subject, r.soonest = analysis.Pair(c.Pair), after
	}
	r.n++
	r.subject.Gather(c)
	r.soonest = min(r.soonest, max(0, after))
	if c.Reuse.Waiting[reassembly.Client] {
		r.atClient++
	}
	syn, answer, what := c.Handshake.SYN, c.Reuse.Challenge, "ACK of the old connection"
	if answer.IsZero() && c.Handshake.SYNACK.IsZero() && c.Teardown.RSTBy == reassembly.Server {
		answer, what = c.Teardown.RST, "RST instead of a SYN-ACK"
		r.resets++
	}
	if answer.IsZero() {
		citePair(&r.good, syn, "SYN from the same port", c.Reuse.Last, "end of the connection before")
		return
	}
	r.wrong++
	r.lost += c.RetryTime
	citePair(&r.bad, syn, "SYN from the same port", answer, what)
}

func citePair(e *analysis.Evidence, f capture.Frame, role string, g capture.Frame, other string) {
	e.Cite(f, role)
	e.Cite(g, other)
}

func (r *reuses) finding(within int64) *analysis.Finding {
	f := &analysis.Finding{Subject: r.subject, Culprit: analysis.Client, Count: r.n, Evidence: r.good}
	f.Message = fmt.Sprintf("%s opened from ports whose last connection was still in TIME_WAIT, the soonest after %s", count(r.n, "connection"), ms(r.soonest))
	if r.atClient == 0 {
		f.Message += ", at the server"
	}
	if r.wrong == 0 {
		f.Message += "; the server took them all"
	} else {
		f.Severity = analysis.Warning
		f.Lost.Time = r.lost
		if r.resets == r.wrong {
			f.Confidence = 0.7
			f.Reasons = append(f.Reasons, "a service that is down answers with a reset, too")
		}
		f.Message += fmt.Sprintf("; %d went wrong: the server answered out of the old connection or with a reset", r.wrong)
		f.Evidence = r.bad
		for _, c := range r.good.Frames {
			f.Evidence.Cite(c.Frame, c.Role)
		}
		f.Evidence.Omitted += r.good.Omitted
	}
	f.Measures = []analysis.Measure{
		{Name: "soonest", Value: float64(r.soonest) / 1e9, Threshold: float64(within) / 1e9, Unit: "s"},
		{Name: "reused", Value: float64(r.n), Unit: "count"},
		{Name: "refused", Value: float64(r.wrong), Unit: "count"},
	}
	return f
}
