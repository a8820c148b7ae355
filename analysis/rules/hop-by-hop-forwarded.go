package rules

import (
	"bytes"
	"fmt"
	"strings"

	"connlint/analysis"
	"connlint/analysis/timeline"
)

// hopByHopForwarded finds proxies that pass on what was meant for them alone.
func hopByHopForwarded() *analysis.Rule {
	return &analysis.Rule{
		Name:     "proxy/hop-by-hop-forwarded",
		Severity: analysis.Error,
		Needs:    analysis.Plaintext | analysis.BothDirections,
		Start: func(p *analysis.Pass) analysis.Run {
			routes := analysis.PerRoute[forwarded](p)
			return analysis.Run{
				Path: func(path *timeline.Path) {
					if path.Up == nil {
						if w := routes.Peek(path.Route.Slot()); w != nil && path.Down.RequestWhole {
							w.sure = true // a relay of TCP would have passed it on
						}
						return
					}
					if webSocket(&path.Down.Header) || blindRelay(path) {
						return
					}
					if names := passedOn(path); len(names) > 0 {
						routes.Route(path.Route).add(path, names)
					}
				},
				Route: func(r *timeline.Route) {
					if w := routes.Peek(r.Slot()); w != nil {
						p.Report(w.finding(r))
					}
				},
			}
		},
	}
}

// forwarded is what the rule gathers of a route.
type forwarded struct {
	routed
	names []string // of fields, at most maxFields
	sure  bool     // some path tells the proxy from a relay of TCP
}

// maxFields bounds the fields that a message names.
const maxFields = 6

func (w *forwarded) add(p *timeline.Path, names []string) {
	w.routed.add(p, "as the client sent it", "passed on")
	w.sure = w.sure || !p.Verbatim || !p.Tied
	for _, name := range names {
		if len(w.names) < maxFields && !containsFold(w.names, name) {
			w.names = append(w.names, name)
		}
	}
}

func containsFold(names []string, name string) bool {
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// passedOn are the hop-by-hop fields that left the proxy as they had come in.
// What a proxy says for itself is not among them: its own Connection:
// keep-alive or close, its own TE that its own Connection lists.
func passedOn(p *timeline.Path) []string {
	var names []string
	down, up := &p.Down.Header, &p.Up.Header
	if connectionPassed(p) {
		names = append(names, "Connection")
	}
	for option := range down.Elements("connection") {
		value := down.Get(string(option))
		if ownWord(option) || value == nil || !up.Has(option, value) {
			continue
		}
		names = append(names, quoted(option))
	}
	if v := down.Get("keep-alive"); v != nil && up.Has([]byte("keep-alive"), v) {
		names = append(names, "Keep-Alive")
	}
	if v := down.Get("te"); v != nil && up.Has([]byte("te"), v) && (!up.HasToken("connection", "te") || len(names) > 0) {
		names = append(names, "TE")
	}
	if v := down.Get("proxy-authorization"); v != nil && p.Up.Origin() && up.Has([]byte("proxy-authorization"), v) {
		names = append(names, "Proxy-Authorization")
	}
	return names
}

// connectionPassed reports whether Connection itself went on: with an option
// that no proxy would choose, or in a head that was not touched at all.
func connectionPassed(p *timeline.Path) bool {
	if p.Verbatim {
		return p.Down.Header.Get("connection") != nil
	}
	for option := range p.Down.Header.Elements("connection") {
		if !ownWord(option) && p.Up.Header.HasToken("connection", string(option)) {
			return true
		}
	}
	return false
}

// ownWord reports whether a connection option is one that a proxy may choose
// by itself.
func ownWord(option []byte) bool {
	for _, w := range [...]string{"close", "keep-alive", "te", "upgrade"} {
		if len(option) == len(w) && bytes.EqualFold(option, []byte(w)) {
			return true
		}
	}
	return false
}

func (w *forwarded) finding(r *timeline.Route) *analysis.Finding {
	f := &analysis.Finding{
		Subject: w.subject, Evidence: w.evidence, Count: w.n, Culprit: analysis.Proxy,
		Message: fmt.Sprintf("the proxy %s passed %s on to %s in %s", r.Proxy, strings.Join(w.names, ", "), r.Server,
			count(w.n, "request")),
	}
	if !w.sure {
		doubtRelay(f)
	}
	return f
}
