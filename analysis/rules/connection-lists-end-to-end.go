package rules

import (
	"bytes"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly/http1"
)

// connectionListsEndToEnd finds messages that tell the next hop to remove
// fields which are meant for everybody.
func connectionListsEndToEnd() *analysis.Rule {
	return &analysis.Rule{
		Name:     "proxy/connection-lists-end-to-end",
		Severity: analysis.Warning,
		Needs:    analysis.Plaintext | analysis.NoGapBefore,
		Start: func(p *analysis.Pass) analysis.Run {
			return eachHead(p, endToEndOption, func(f *analysis.Finding, heads, names string) {
				f.Message = "Connection lists " + names + " in " + heads + ": a proxy that obeys removes what all were meant to see"
			})
		},
	}
}

// endToEndOption is a connection option that names a field which all
// recipients need (RFC 9110 §7.6.1); nil if there is none. Options of people's
// own are allowed, and so is every field that is not listed here.
func endToEndOption(_ *timeline.Transaction, m *http1.Message) []byte {
	for option := range m.Header.Elements("connection") {
		if ownWord(option) {
			continue // nearly always
		}
		for _, name := range [...]string{"cache-control", "host", "content-length", "content-type", "content-encoding",
			"content-range", "authorization", "www-authenticate", "cookie", "set-cookie", "date", "etag", "expires", "last-modified",
			"location", "vary", "pragma", "range", "if-match", "if-none-match", "if-modified-since", "accept", "accept-encoding",
			"accept-language", "user-agent", "referer", "origin", "server", "x-forwarded-for"} {
			if len(option) == len(name) && bytes.EqualFold(option, []byte(name)) {
				return option
			}
		}
	}
	return nil
}
