package rules

import (
	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
)

// habit is what a rule gathers of a pair where one message after another has
// the same fault: one finding says it better than a thousand.
type habit struct {
	subject  analysis.Subject
	evidence analysis.Evidence
	n        int // messages
	lost     analysis.Cost
	worst    analysis.Severity
	example  string // of the first of the worst, in words
}

// habits keeps them, and which connections they know.
type habits struct {
	pairs *analysis.Slots[habit]
	known *analysis.Slots[bool]
}

func newHabits(p *analysis.Pass) habits {
	return habits{analysis.PerPair[habit](p), analysis.PerConnection[bool](p)}
}

// add counts a message of x with the fault that frame shows. example is asked
// for words only where they will be used.
func (hs habits) add(c *timeline.Connection, x *timeline.Transaction, bad analysis.Severity, frame capture.Frame, shows string, example func() string) *habit {
	h := hs.pairs.Pair(c.Pair)
	if h.n == 0 {
		h.subject = analysis.Pair(c.Pair)
	}
	if known := hs.known.Connection(c); !*known {
		*known = true
		h.subject.Gather(c)
	}
	h.subject.To = max(h.subject.To, x.End.Time)
	h.evidence.Cite(frame, shows)
	if h.n++; bad > h.worst {
		h.worst, h.example = bad, example()
	}
	return h
}

// finding is what the pair comes to, without a culprit; nil if it is faultless.
func (hs habits) finding(pair *timeline.Pair) (*habit, *analysis.Finding) {
	h := hs.pairs.Peek(pair.Slot())
	if h == nil || h.n == 0 {
		return nil, nil
	}
	return h, &analysis.Finding{
		Subject: h.subject, Severity: h.worst, Count: h.n,
		Lost: h.lost, Evidence: h.evidence, Message: h.example,
	}
}
