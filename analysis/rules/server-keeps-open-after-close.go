package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
)

// serverKeepsOpenAfterClose finds servers that leave a connection open, or go
// on to answer on it, though one side has said Connection: close.
func serverKeepsOpenAfterClose() *analysis.Rule {
	return &analysis.Rule{
		Name:     "keepalive/server-keeps-open-after-close",
		Severity: analysis.Warning,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore,
		Params: []analysis.Param{
			{Name: "max_open", Unit: "ms", Default: 2000,
				Source: "a server that closes does so behind its response; Apache and nginx linger up to 2 s and more, but behind a FIN of their own"},
		},
		Start: startServerKeepsOpen,
	}
}

// kept is what the rule gathers of a pair.
type kept struct {
	gathered
	answers int // later requests that were answered
	silent  int // connections left open without one
	open    stretch
	asked   int // connections on which the client had said close
}

// answered counts the answers behind the word that there would be none.
type answered struct {
	n     int
	first capture.Frame
}

func startServerKeepsOpen(p *analysis.Pass) analysis.Run {
	conns, pairs := analysis.PerConnection[answered](p), analysis.PerPair[kept](p)
	limit := int64(p.Param("max_open") * 1e6)
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			if behindClose(c, x) && !x.Response.IsZero() {
				conns.Connection(c).add(x)
			}
		},
		Close: func(c *timeline.Connection) {
			a := &c.Announced
			if !a.Close() || !a.Complete || c.Traits.Is(beyondHTTP1) {
				return
			}
			later, open := conns.Peek(c.Slot()), openUntil(c)-a.Over.Time
			if later != nil || open > limit+c.RTT() {
				pairs.Pair(c.Pair).add(c, later, open)
			}
		},
		Pair: func(pair *timeline.Pair) {
			if k := pairs.Peek(pair.Slot()); k != nil {
				p.Report(k.finding(limit))
			}
		},
	}
}

func (l *answered) add(x *timeline.Transaction) {
	if l.n == 0 {
		l.first = x.Response
	}
	l.n++
}

func (k *kept) add(c *timeline.Connection, later *answered, open int64) {
	a := &c.Announced
	k.take(c)
	if a.By == timeline.ClientAsksClose {
		k.asked++
	}
	k.evidence.Cite(a.Said, "close is said")
	k.evidence.Cite(a.Over, "end of the last response")
	if later != nil {
		k.answers += later.n
		k.evidence.Cite(later.first, "answer to a later request")
	} else {
		k.silent++
		k.open.add(open)
	}
	if _, f, ok := c.Teardown.First(); ok {
		k.evidence.Cite(f, "first close")
	}
}

func (k *kept) finding(limit int64) *analysis.Finding {
	who := "the server said close"
	switch {
	case k.asked == k.n:
		who = "the client said close"
	case k.asked > 0:
		who = "client or server said close"
	}
	f := &analysis.Finding{
		Subject:  k.subject,
		Culprit:  analysis.Server,
		Count:    k.n,
		Evidence: k.evidence,
		Message:  fmt.Sprintf("%s on %s and the server did not close:", who, count(k.n, "connection")),
	}
	if k.answers > 0 {
		f.Message += fmt.Sprintf(" it answered %s more", count(k.answers, "request"))
		f.Measures = append(f.Measures, analysis.Measure{Name: "answers", Value: float64(k.answers), Unit: "count"})
	}
	if k.silent > 0 {
		if k.answers > 0 {
			f.Message += ","
		}
		f.Message += fmt.Sprintf(" it left %s open for %s", count(k.silent, "connection"), k.open.String())
		f.Measures = append(f.Measures, analysis.Measure{Name: "open", Value: float64(k.open.most) / 1e6, Threshold: float64(limit) / 1e6, Unit: "ms"})
	}
	return f
}
