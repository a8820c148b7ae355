package output

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"connlint/analysis"
	"connlint/reassembly"
)

// skipped says where silence means nothing: on how many connections and why,
// for how many rules of which areas, and how to capture better. It stays
// shorter than the findings: two lines for a reason, no names of rules where
// they are many. The JSON summary has the names.
func (t *textWriter) skipped(a *analysis.Summary) {
	blind := a.Traits
	var traits []string
	for _, trait := range sortedKeys(blind) {
		if words := traitWords(trait); words != "" {
			traits = append(traits, fmt.Sprintf("%s: %s", number(blind[trait], "connection"), words))
		}
	}
	gates := gatesOf(a)
	if len(gates) == 0 && len(traits) == 0 {
		return
	}
	t.head("Not judged, or not all of it")
	for _, line := range traits {
		t.block(2, line)
	}
	for _, g := range gates {
		t.blind = append(t.blind, g.reasons(a)...)
		t.block(2, fmt.Sprintf("%s: %s", number(g.most, "connection"), g.words(a)))
		remedies := g.remedies(a)
		switch {
		case g.name == "BothDirections" && oneWay(t.run.Filter):
			remedies = []string{"Leave src and dst out of -f: it takes one direction."}
		case g.name == "Handshake" && len(t.run.Sources) > 1:
			remedies = append(remedies, "If the files are parts of one capture, read them with --rotated.")
		case g.name == "NoGapBefore" && t.run.Rotation != nil:
			remedies = append(remedies, "A part of the rotated capture that is not there leaves such gaps, too.")
		}
		t.block(4, strings.Join(append([]string{t.areas(g.rules) + "."}, remedies...), " "))
	}
}

// oneWay reports whether a filter may take one direction of a connection only.
func oneWay(filter string) bool {
	words := strings.FieldsFunc(filter, func(r rune) bool { return strings.ContainsRune(" ()!", r) })
	return slices.Contains(words, "src") || slices.Contains(words, "dst")
}

// gate is one reason for which rules could not judge.
type gate struct {
	name  string
	rules []string // sorted
	most  uint64   // connections: of the rule for which there were most
}

// gatesOf are the reasons, that with most connections first.
func gatesOf(a *analysis.Summary) []*gate {
	byName := map[string]*gate{}
	for _, rule := range sortedKeys(a.Skipped) {
		for name, n := range a.Skipped[rule] {
			g := byName[name]
			if g == nil {
				g = &gate{name: name}
				byName[name] = g
			}
			g.rules = append(g.rules, rule)
			g.most = max(g.most, n)
		}
	}
	var all []*gate
	said := map[string]*gate{} // reasons that read alike are one
	for _, name := range sortedKeys(byName) {
		g := byName[name]
		first := said[g.words(a)]
		if first == nil {
			said[g.words(a)] = g
			all = append(all, g)
			continue
		}
		first.rules = append(first.rules, g.rules...)
		slices.Sort(first.rules)
		first.rules = slices.Compact(first.rules)
		first.most = max(first.most, g.most)
	}
	slices.SortStableFunc(all, func(x, y *gate) int { return cmp.Compare(y.most, x.most) })
	return all
}

// caveats are the faults of the capture that shut the gate, as far as it has
// any of them.
func (g *gate) caveats(a *analysis.Summary) []string {
	var names []string
	for _, name := range reassembly.CaveatNames() {
		if a.Caveats[name] > 0 && slices.Contains(remedyOf(name).gates, g.name) {
			names = append(names, name)
		}
	}
	return names
}

// words say what the gate means for the reader.
func (g *gate) words(a *analysis.Summary) string { return strings.Join(g.reasons(a), ", or ") }

// reasons are what shut the gate: the faults of the capture that did, where
// nothing else can.
func (g *gate) reasons(a *analysis.Summary) []string {
	var why []string
	for _, name := range g.caveats(a) {
		why = append(why, caveatWords(name))
	}
	switch {
	case len(why) == 0 || g.name != "NoGapBefore" && g.name != "Clock" && g.name != "ConnectionEnd":
		return []string{gateWords(g.name)}
	case g.name == "ConnectionEnd":
		return append([]string{gateWords(g.name)}, why...)
	}
	return why
}

// remedies say how to capture better.
func (g *gate) remedies(a *analysis.Summary) []string {
	var texts []string
	switch g.name {
	case "ConnectionEnd":
		texts = append(texts, "Capture until the connections have closed.")
	case "Plaintext":
		texts = append(texts, "Capture where the messages are in clear, such as behind the proxy that ends TLS.")
	case "Vantage":
		texts = append(texts, "Capture at the client or at the server, from before the connections open.")
	}
	for _, name := range g.caveats(a) {
		if text := remedyOf(name).text; text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// named is up to how many rules are named.
const named = 2

// areas are rules, which are sorted, in few words: the names of few, else how
// many of each area: "22 rules: framing all 20, tcp 2".
func (t *textWriter) areas(rules []string) string {
	of := number(uint64(len(rules)), "rule") + ": "
	if len(rules) <= named {
		return of + strings.Join(rules, ", ")
	}
	var parts []string
	for start := 0; start < len(rules); {
		area, _, _ := strings.Cut(rules[start], "/")
		n := 1
		for start+n < len(rules) && strings.HasPrefix(rules[start+n], area+"/") {
			n++
		}
		all := 0
		for _, name := range t.run.Rules {
			if strings.HasPrefix(name, area+"/") {
				all++
			}
		}
		if n >= all {
			area += glue + "all"
		}
		parts = append(parts, fmt.Sprintf("%s%s%d", area, glue, n))
		start += n
	}
	return of + strings.Join(parts, ", ")
}
