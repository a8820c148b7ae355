package rules

import (
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// product is the software that a side says it is, as far as it is worth
// repeating: a Server or User-Agent field (RFC 9110 §10.2.4, §10.1.5), cut.
type product struct {
	text [maxProduct]byte
	n    uint8
}

const maxProduct = 40 // bytes

// note takes the name from the messages of a transaction, if it has one.
func (p *product) note(x *timeline.Transaction, side reassembly.Side) {
	if p.n > 0 || x.Opaque() {
		return
	}
	m, field := x.HTTP.Request, "user-agent"
	if side == reassembly.Server {
		m, field = x.HTTP.Response, "server"
	}
	if m != nil {
		p.n = uint8(copy(p.text[:], m.Header.Get(field)))
	}
}

// of is the side with its product behind it: server "nginx/1.24.0".
func (p *product) of(side reassembly.Side) string {
	if p.n == 0 {
		return side.String()
	}
	name := string(p.text[:p.n])
	if int(p.n) == maxProduct {
		name += "…"
	}
	return side.String() + ` "` + name + `"`
}
