package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
)

// scanEndpoints is the parameter of the rules about failed attempts that keeps
// them silent about a client that looks for services.
func scanEndpoints() analysis.Param {
	return analysis.Param{Name: "scan_endpoints", Unit: "count", Default: 5,
		Source: "who needs a service tries it again; who looks for one fails at many places, at each of them once"}
}

// scans reports whether a client failed at so many endpoints, and tried none
// of them twice on average.
func scans(c *timeline.Caller, endpoints int) bool {
	return c.Failed >= endpoints && c.Attempts < 2*c.Failed
}

// attempts is what the rules about failed attempts gather of a pair.
type attempts struct {
	subject  analysis.Subject
	evidence analysis.Evidence
	n        int   // connections
	syns     int   // sent for them
	time     int64 // ns
}

// add takes an attempt on which the client spent time ns.
func (a *attempts) add(c *timeline.Connection, time int64) {
	if a.n == 0 {
		a.subject = analysis.Pair(c.Pair)
	}
	a.n++
	a.subject.Gather(c)
	a.syns += int(c.Handshake.SYNs)
	a.time += max(0, time) // clocks step back
}

// of says how many of all the attempts of the pair these are.
func (a *attempts) of(pair *timeline.Pair) string {
	if a.n < pair.Connections {
		return fmt.Sprintf("%s of %s to connect", grouped(uint64(a.n)), count(pair.Connections, "attempt"))
	}
	return count(a.n, "attempt") + " to connect"
}

// cost is what the attempts cost.
func (a *attempts) cost() analysis.Cost {
	return analysis.Cost{Time: a.time, Connections: a.n}
}
