package rules

import (
	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly/http1"
)

// proxyConnectionSent finds clients that send Proxy-Connection where there is
// no proxy that could heed it.
func proxyConnectionSent() *analysis.Rule {
	return &analysis.Rule{
		Name:     "proxy/proxy-connection-sent",
		Severity: analysis.Note,
		Needs:    analysis.Plaintext | analysis.NoGapBefore,
		Start: func(p *analysis.Pass) analysis.Run {
			return eachHead(p, uselessProxyConnection, func(f *analysis.Finding, heads, names string) {
				f.Message = names + " in " + heads + " that are not addressed to a proxy: nobody heeds it"
				f.Confidence = 0.8
				f.Reasons = append(f.Reasons, "a proxy that leaves no sign of itself may have passed it on")
			})
		},
	}
}

// uselessProxyConnection is the name of the field in a request that is not
// addressed to a proxy (RFC 9112 §3.2.1) and bears no sign of having come
// through one.
func uselessProxyConnection(x *timeline.Transaction, m *http1.Message) []byte {
	if m.Dir != http1.Request || x.Relayed || len(m.Start.Target) == 0 || m.Start.Target[0] != '/' {
		return nil
	}
	if m.Header.Get("proxy-connection") == nil {
		return nil
	}
	if a := x.HTTP.Response; a != nil && a.Header.Get("proxy-connection") != nil {
		return nil // somebody heeds it after all
	}
	for _, sign := range [...]string{"via", "forwarded", "x-forwarded-for", "x-real-ip"} {
		if m.Header.Get(sign) != nil {
			return nil
		}
	}
	return []byte("Proxy-Connection")
}
