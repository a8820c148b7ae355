package rules

import (
	"bytes"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly/http1"
)

// controlFieldNotListed finds fields that control one connection and that
// Connection does not list.
func controlFieldNotListed() *analysis.Rule {
	return &analysis.Rule{
		Name:     "proxy/control-field-not-listed",
		Severity: analysis.Note,
		Needs:    analysis.Plaintext | analysis.NoGapBefore,
		Start: func(p *analysis.Pass) analysis.Run {
			return eachHead(p, unlistedField, func(f *analysis.Finding, heads, names string) {
				f.Message = names + " in " + heads + " without being listed in Connection: a proxy that does not know it passes it on"
			})
		},
	}
}

// unlistedField is the name of a field that must be an option of Connection as
// well and is not (RFC 9110 §7.8, §10.1.4); nil if there is none. HTTP/1.0 has
// no such rule. What a proxy passed on is told by hop-by-hop-forwarded.
func unlistedField(x *timeline.Transaction, m *http1.Message) []byte {
	if !m.Start.AtLeast(1, 1) || x.Relayed {
		return nil
	}
	for i := range m.Header.Len() {
		name, _ := m.Header.Field(i)
		if control(m.Dir, name) && !m.Header.HasToken("connection", string(name)) {
			return name
		}
	}
	return nil
}

// control reports whether a field speaks of one connection and has to be
// listed. TE is of requests only.
func control(dir http1.Direction, name []byte) bool {
	switch len(name) {
	case len("upgrade"):
		return bytes.EqualFold(name, []byte("upgrade"))
	case len("te"):
		return dir == http1.Request && bytes.EqualFold(name, []byte("te"))
	case len("http2-settings"):
		return dir == http1.Request && bytes.EqualFold(name, []byte("http2-settings"))
	}
	return false
}
