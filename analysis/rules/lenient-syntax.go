package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly/http1"
)

// lenientSyntax finds heads that only a lenient parser reads.
func lenientSyntax() *analysis.Rule {
	return &analysis.Rule{
		Name:     "framing/lenient-syntax",
		Severity: analysis.Note,
		Needs:    analysis.Plaintext | analysis.NoGapBefore,
		Start: func(p *analysis.Pass) analysis.Run {
			bad := [...]habits{http1.Request: newHabits(p), http1.Response: newHabits(p)}
			return analysis.Run{
				Transaction: func(c *timeline.Connection, x *timeline.Transaction) {
					messages(x.HTTP, func(m *http1.Message) {
						if found := m.Flaws & (oddSyntax | riskySyntax); found != 0 && m.Framing != http1.Undecided {
							severity := analysis.Note
							if found&riskySyntax != 0 {
								severity = analysis.Warning
							}
							bad[m.Dir].add(c, x, severity, m.Head, "head", found.String)
						}
					})
				},
				Pair: func(pair *timeline.Pair) {
					for dir, who := range [...]analysis.Role{analysis.Client, analysis.Server} {
						if h, f := bad[dir].finding(pair); f != nil {
							f.Culprit = who
							f.Message = fmt.Sprintf("%s with a syntax that a strict parser refuses: %s", count(h.n, http1.Direction(dir).String()), h.example)
							p.Report(f)
						}
					}
				},
			}
		},
	}
}

// oddSyntax is what RFC 9112 lets a receiver put up with; riskySyntax is what it must
// refuse, or what two parsers read differently. Line ends between messages are
// neither: everybody skips them.
const (
	oddSyntax   = http1.BareLF | http1.ObsFold
	riskySyntax = http1.WhitespaceBeforeColon | http1.MalformedField
)
