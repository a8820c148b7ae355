package output

import (
	"maps"
	"slices"

	"connlint/analysis"
	"connlint/analysis/timeline"
)

// listedServers is how many servers the summary lists; what the others took
// stands in one element without a name.
const listedServers = 100

// spent is where the time went: by cause, by server and by rule.
func (e *encoder) spent(a *analysis.Summary) {
	e.account("time", &a.Spent.Time)
	e.durations("durations", &a.Spent.Transactions)
	e.object("causes")
	for cause := range timeline.NumCauses {
		if d := &a.Spent.Causes[cause]; d.N > 0 {
			e.durations(cause.String(), d)
		}
	}
	e.close('}')
	e.array("servers")
	top, rest := a.Servers(listedServers)
	for _, s := range top {
		e.server(s, s.Server.String())
	}
	if rest != nil {
		e.server(rest, "")
	}
	e.close(']')
	e.object("charged")
	for _, rule := range slices.Sorted(maps.Keys(a.Charged)) {
		c := a.Charged[rule]
		e.object(rule)
		e.ms("time_ms", c.Time)
		e.durations("events", &c.Events)
		e.close('}')
	}
	e.close('}')
}

// durations are how many there were, their sum and their spread.
func (e *encoder) durations(k string, d *analysis.Durations) {
	e.object(k)
	e.uint("count", d.N)
	e.ms("total_ms", d.Sum)
	e.ms("p50_ms", d.Percentile(50))
	e.ms("p95_ms", d.Percentile(95))
	e.ms("p99_ms", d.Percentile(99))
	e.ms("max_ms", d.Max)
	e.close('}')
}

// server is one server's share; without a name it stands for the others.
func (e *encoder) server(s *analysis.SpentAt, name string) {
	e.object("")
	if name == "" {
		e.null("server")
	} else {
		e.text("server", name)
	}
	e.int("source", int(s.Source))
	e.durations("durations", &s.Transactions)
	e.account("time", &s.Time)
	e.close('}')
}
