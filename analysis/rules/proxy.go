package rules

import (
	"bytes"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly/http1"
)

// maxQuoted bounds what a message quotes of a packet, bytes.
const maxQuoted = 40

// quoted is a piece of a message as a report shows it: one line, not too long.
// The output escapes what no terminal should see.
func quoted(b []byte) string {
	b = bytes.Map(func(r rune) rune {
		if r == '\r' || r == '\n' {
			return ' '
		}
		return r
	}, b)
	if len(b) > maxQuoted {
		return string(b[:maxQuoted]) + "…"
	}
	return string(b)
}

// routed is what a rule gathers of a route through a proxy.
type routed struct {
	subject  analysis.Subject
	evidence analysis.Evidence
	n        int
}

// add takes a path. Its packets are cited as long as the subject names its
// connections.
func (r *routed) add(p *timeline.Path, down, up string) {
	if r.n++; r.n == 1 {
		r.subject = analysis.Through(p.Route)
	}
	r.subject.GatherPath(p)
	if r.subject.Omitted > 0 {
		r.evidence.Omitted += 2
		return
	}
	if p.Up != nil {
		r.evidence.Cite(p.Up.HeadEnd, up)
	}
	r.evidence.Cite(p.Down.HeadEnd, down)
}

// blindRelay reports whether nothing tells the proxy from a relay of TCP, which
// knows of no fields and so cannot be blamed for any: the head went on as it
// came, and each connection has one of its own upstream. A client that speaks
// to a proxy (absolute-form) speaks to one; it may still stand behind a relay
// that connected before the request came.
func blindRelay(p *timeline.Path) bool {
	if !p.Verbatim || !p.Tied {
		return false
	}
	return !p.Down.Absolute() || p.Kept.First.Number() < p.Down.Request.Number()
}

// doubtRelay lowers the confidence of a verdict on a proxy that changes
// nothing.
func doubtRelay(f *analysis.Finding) {
	f.Confidence = 0.7
	f.Reasons = append(f.Reasons, "the proxy passes heads on unchanged: a relay of TCP before another proxy looks the same")
}

// webSocket reports whether a request asks for a WebSocket: then Upgrade and
// Connection have to go on (RFC 6455 §4.1).
func webSocket(h *http1.Header) bool { return h.HasToken("upgrade", "websocket") }
