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
		PartOf:   []string{"proxy/dumb-proxy-hang"},
		Needs:    analysis.Plaintext | analysis.BothDirections,
		Start: func(p *analysis.Pass) analysis.Run {
			routes := analysis.PerRoute[forwarded](p)
			return analysis.Run{
				Path: func(path *timeline.Path) {
					switch {
					case path.Up == nil:
						if w := routes.Peek(path.Route.Slot()); w != nil && hung(path, relayedBy) {
							w.stuck = true
						}
					case !webSocket(&path.Down.Header):
						if names := passedOn(path); len(names) > 0 {
							routes.Route(path.Route).add(path, names)
						}
					}
				},
				Route: func(r *timeline.Route) {
					if w := routes.Peek(r.Slot()); w != nil && w.told() {
						p.Report(w.finding(r))
					}
				},
			}
		},
	}
}

// relayedBy is when a relay of TCP has long passed on what it got, ns: it does
// so at once.
const relayedBy = 1e9

// forwarded is what the rule gathers of a route.
type forwarded struct {
	routed
	names []string // of fields, at most maxFields
	// addressed: not all of it can be a relay of TCP; sure: some path shows
	// that it is none; stuck: so does a request that was not sent on.
	addressed, sure, stuck bool
	unusual                bool // more was passed on than what a proxy may have chosen itself
}

// told reports whether it is certain enough that a proxy passed something on.
func (w *forwarded) told() bool { return w.stuck || w.unusual && (w.sure || w.addressed) }

// maxFields bounds the fields that a message names.
const maxFields = 6

func (w *forwarded) add(p *timeline.Path, names []string) {
	w.routed.add(p, "as the client sent it", "passed on")
	w.sure = w.sure || !p.Verbatim || !p.Tied
	w.addressed = w.addressed || !blindRelay(p)
	w.unusual = w.unusual || len(names) > 1 || !mayBeItsOwn(p)
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

// mayBeItsOwn reports whether an unchanged head could have been written anew by
// a proxy that keeps its own connection: every option is one of its own words.
// In HTTP/1.0 it could not, where keep-alive is an agreement of two neighbours
// that each has to make for itself.
func mayBeItsOwn(p *timeline.Path) bool {
	for option := range p.Down.Header.Elements("connection") {
		if !ownWord(option) {
			return false
		}
	}
	return p.Verbatim && p.Down.Start.AtLeast(1, 1)
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
	if !w.sure && !w.stuck {
		doubtRelay(f)
	}
	return f
}
