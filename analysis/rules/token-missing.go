package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// tokenMissing finds connections of HTTP/1.0 that go on though a message of
// theirs lacks keep-alive.
func tokenMissing() *analysis.Rule {
	return &analysis.Rule{
		Name:     "keepalive/token-missing",
		Severity: analysis.Warning,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore,
		Params: []analysis.Param{
			{Name: "max_open", Unit: "ms", Default: 2000,
				Source: "as of server-keeps-open-after-close: a server that closes does so behind its response"},
		},
		Start: startTokenMissing,
	}
}

// withoutToken is what became of a connection behind the message that lacked
// the token.
type withoutToken struct {
	answered
	excused bool
}

// tokens is what the rule gathers of a pair.
type tokens struct {
	gathered
	used, open int // connections used again, and left open
	by         [2]int
	wait       stretch
}

func startTokenMissing(p *analysis.Pass) analysis.Run {
	conns, pairs := analysis.PerConnection[withoutToken](p), analysis.PerPair[tokens](p)
	limit := int64(p.Param("max_open") * 1e6)
	return analysis.Run{
		Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
			switch a := &c.Announced; {
			case !a.HTTP10():
			case x.Index == a.Index:
				if namesProxy(x) {
					conns.Connection(c).excused = true
				}
			case !x.Previous.IsZero() && !x.Response.IsZero():
				conns.Connection(c).add(x)
			}
		},
		Close: func(c *timeline.Connection) {
			a := &c.Announced
			if !a.HTTP10() || !a.Complete || c.Traits.Is(beyondHTTP1) {
				return
			}
			w, open := conns.Peek(c.Slot()), openUntil(c)-a.Over.Time
			if w != nil && w.excused || w == nil && open <= limit+c.RTT() {
				return
			}
			pairs.Pair(c.Pair).add(c, w, open)
		},
		Pair: func(pair *timeline.Pair) {
			if s := pairs.Peek(pair.Slot()); s != nil {
				p.Report(s.finding(limit))
			}
		},
	}
}

// namesProxy reports whether a client asks a proxy by the field that old
// clients have for it (RFC 9112 §C.2.2): some proxies go by that.
func namesProxy(x *timeline.Transaction) bool {
	return x.HTTP.Request != nil && x.HTTP.Request.Header.Get("proxy-connection") != nil
}

func (s *tokens) add(c *timeline.Connection, w *withoutToken, open int64) {
	a := &c.Announced
	s.take(c)
	s.evidence.Cite(a.Said, "message without keep-alive")
	s.evidence.Cite(a.Over, "end of the response")
	if w != nil {
		s.used++
		side, _ := a.By.Side()
		s.by[side]++
		s.evidence.Cite(w.first, "answer to a later request")
		return
	}
	// Whoever left the token out, the server was to close (RFC 9112 §9.3).
	s.by[reassembly.Server]++
	s.open++
	s.wait.add(open)
	if _, f, ok := c.Teardown.First(); ok {
		s.evidence.Cite(f, "first close")
	}
}

func (s *tokens) finding(limit int64) *analysis.Finding {
	f := &analysis.Finding{
		Subject:  s.subject,
		Culprit:  analysis.Server,
		Count:    s.n,
		Evidence: s.evidence,
	}
	if s.by[reassembly.Client] > s.by[reassembly.Server] {
		f.Culprit = analysis.Client
	}
	if s.used > 0 {
		f.Message = fmt.Sprintf("%s went on behind an HTTP/1.0 message of the %s without keep-alive, after which it ends by the standard",
			count(s.used, "connection"), f.Culprit)
	}
	if s.open > 0 {
		if s.used > 0 {
			f.Message += "; "
		}
		f.Message += fmt.Sprintf("%s of HTTP/1.0 stayed open for %s though keep-alive was not agreed on: the client waits for the close",
			count(s.open, "connection"), s.wait.String())
		f.Measures = []analysis.Measure{{Name: "open", Value: float64(s.wait.most) / 1e6, Threshold: float64(limit) / 1e6, Unit: "ms"}}
	}
	return f
}
