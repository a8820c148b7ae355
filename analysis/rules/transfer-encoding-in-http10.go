package rules

import (
	"bytes"
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly/http1"
)

// transferEncodingInHTTP10 finds transfer codings that the receiver cannot be
// expected to undo: in HTTP/1.0, unknown ones, and such as do not tell the end.
func transferEncodingInHTTP10() *analysis.Rule {
	return &analysis.Rule{
		Name:     "framing/transfer-encoding-in-http10",
		Severity: analysis.Error,
		PartOf:   []string{"framing/content-length-and-transfer-encoding"},
		Needs:    analysis.Plaintext | analysis.NoGapBefore,
		Start: func(p *analysis.Pass) analysis.Run {
			bad := [...]habits{http1.Request: newHabits(p), http1.Response: newHabits(p)}
			return analysis.Run{
				Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
					messages(x.HTTP, func(m *http1.Message) {
						if severity, why := miscoded(m); severity != 0 {
							bad[m.Dir].add(c, x, severity, m.Head, "Transfer-Encoding", func() string {
								return fmt.Sprintf("Transfer-Encoding: %s in %s, %s", valuesOf(m, "transfer-encoding", ", "), titled(m), why)
							})
						}
					})
				},
				Pair: func(pair *timeline.Pair) {
					for dir, who := range [...]analysis.Role{analysis.Client, analysis.Server} {
						if h, f := bad[dir].finding(pair); f != nil {
							f.Culprit = who
							f.Message = fmt.Sprintf("%s; %s with such a coding", h.example, count(h.n, "message"))
							p.Report(f)
						}
					}
				},
			}
		},
	}
}

// miscoded says what is wrong with the transfer codings of m, 0 if nothing
// is.
func miscoded(m *http1.Message) (analysis.Severity, string) {
	coded := m.Framing == http1.Chunked || m.Flaws.Has(http1.ChunkedNotLast)
	switch {
	case m.Flaws.Has(http1.BodyWhereNoneAllowed): // that is the fault
	case m.Flaws.Has(http1.TransferEncodingInHTTP10):
		return analysis.Error, "a message of HTTP/1.0, which does not know it"
	case coded && unknownCoding(m):
		return analysis.Error, "a coding that nobody has registered"
	case m.Flaws.Has(http1.ChunkedNotLast) && m.Dir == http1.Request:
		return analysis.Error, "which does not end with chunked once: the server cannot know where the body ends"
	case m.Flaws.Has(http1.ChunkedNotLast):
		return analysis.Warning, "which does not end with chunked once: the body ends with the connection"
	}
	return 0, ""
}

// unknownCoding reports whether a transfer coding is not in IANA's registry.
func unknownCoding(m *http1.Message) bool {
	for e := range m.Header.Elements("transfer-encoding") {
		name, _, _ := bytes.Cut(e, []byte{';'})
		switch string(bytes.ToLower(bytes.TrimSpace(name))) {
		case "chunked", "gzip", "x-gzip", "deflate", "compress", "x-compress", "identity":
		default:
			return true
		}
	}
	return false
}
