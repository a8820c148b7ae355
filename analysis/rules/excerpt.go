package rules

import (
	"strconv"
	"strings"

	"connlint/reassembly/http1"
)

// maxExcerpt bounds what of a field value stands in a message.
const maxExcerpt = 32

// excerpt is the beginning of a field value in quotes, with escapes for what
// is not printable.
func excerpt(b []byte) string {
	if len(b) > maxExcerpt {
		return strconv.QuoteToASCII(string(b[:maxExcerpt])) + "…"
	}
	return strconv.QuoteToASCII(string(b))
}

// valuesOf lists the first elements of a field, each once; "nothing" if there
// are none.
func valuesOf(m *http1.Message, name, between string) string {
	const most = 4
	var all []string
	known := map[string]bool{}
	for v := range m.Header.Elements(name) {
		s := excerpt(v)
		if known[s] {
			continue
		}
		if known[s] = true; len(all) == most {
			all = append(all, "…")
			break
		}
		all = append(all, s)
	}
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(all, between)
}

// titled says which message is meant: "the request", "the response", "the 204".
func titled(m *http1.Message) string {
	switch {
	case m.Dir == http1.Request:
		return "the request"
	case m.ToHEAD:
		return "the response to HEAD"
	case m.Start.Status < 200 || m.Start.Status == 204 || m.Start.Status == 304:
		return "the " + strconv.Itoa(m.Start.Status)
	}
	return "the response"
}

// messages are those of a transaction in their order, interim ones too.
func messages(x *http1.Transaction, yield func(*http1.Message)) {
	if x.Request != nil {
		yield(x.Request)
	}
	for _, m := range x.Interim {
		yield(m)
	}
	if x.Response != nil {
		yield(x.Response)
	}
}
