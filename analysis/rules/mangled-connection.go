package rules

import (
	"bytes"
	"slices"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly/http1"
)

// mangledConnection finds Connection fields whose name a balancer has made
// unreadable so that the other side does not close.
func mangledConnection() *analysis.Rule {
	return &analysis.Rule{
		Name:     "proxy/mangled-connection",
		Severity: analysis.Note,
		Needs:    analysis.Plaintext | analysis.NoGapBefore,
		Start: func(p *analysis.Pass) analysis.Run {
			return eachHead(p, mangledField, func(f *analysis.Finding, heads, names string) {
				f.Culprit, f.Confidence = analysis.Proxy, 0.8
				f.Reasons = append(f.Reasons, "a slip in the sender's own code looks the same")
				f.Message = "a balancer on the way has hidden Connection under the name " + names + " in " + heads
			})
		},
	}
}

// mangledField is the name of a field that was Connection once: its value is
// what Connection says about closing, and its name has the same letters in
// another order, or most of them in their places.
func mangledField(_ *timeline.Transaction, m *http1.Message) []byte {
	for i := range m.Header.Len() {
		name, value := m.Header.Field(i)
		if len(name) == len(hiddenName) && !bytes.EqualFold(name, []byte(hiddenName)) && persistence(value) && resembles(name) {
			return name
		}
	}
	return nil
}

// persistence reports whether a value is what Connection says about closing.
func persistence(value []byte) bool {
	return bytes.EqualFold(value, []byte("close")) || bytes.EqualFold(value, []byte("keep-alive"))
}

// hiddenName is the name that a mangled one stands for.
const hiddenName = "connection"

// lower is a letter of ASCII as a small one. What a name holds beside these
// need not be characters, and must not change its length.
func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

// resembles reports whether a name of ten bytes was made from Connection. A
// balancer changes as little as it can: packets keep their lengths.
func resembles(name []byte) bool {
	a, b := []byte(hiddenName), []byte(hiddenName)
	other := 0
	for i := range a {
		a[i] = lower(name[i])
		if a[i] != b[i] {
			other++
		}
	}
	slices.Sort(a)
	slices.Sort(b)
	return other <= maxMangled || bytes.Equal(a, b)
}

// maxMangled is how many letters a balancer overwrites: known ones write over
// the first ("Xonnection") or the last one ("Connectiox"), some over two.
const maxMangled = 2
