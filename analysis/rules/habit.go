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
	number   int // of the habit among all, from 1
	lost     analysis.Cost
	worst    analysis.Severity
	example  string // of the first of the worst, in words
}

// habits keeps them, and by which of them a connection is known: a pair that
// was told of begins another one, with the same connections.
type habits struct {
	pairs *analysis.Slots[habit]
	known *analysis.Slots[int]
	made  *int
}

func newHabits(p *analysis.Pass) habits {
	return habits{analysis.PerPair[habit](p), analysis.PerConnection[int](p), new(int)}
}

// add counts a message of x with the fault that frame shows. example is asked
// for words only where they will be used.
func (hs habits) add(c *timeline.Connection, x *timeline.Transaction, bad analysis.Severity, frame capture.Frame, shows string, example func() string) *habit {
	h := hs.pairs.Pair(c.Pair)
	if h.n == 0 {
		h.subject = analysis.Pair(c.Pair)
		*hs.made++
		h.number = *hs.made
	}
	if known := hs.known.Connection(c); *known != h.number {
		*known = h.number
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
