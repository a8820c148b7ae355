package analysis

import (
	"fmt"
	"regexp"
	"strings"

	"connlint/analysis/timeline"
)

// Severity is how bad a finding is.
type Severity uint8

// The severities.
const (
	Note    Severity = iota + 1 // a fact worth knowing
	Warning                     // time or connections lost
	Error                       // broken protocol or data
)

// String is the severity as flags and reports have it.
func (s Severity) String() string {
	return [...]string{"never", "note", "warning", "error"}[s&3]
}

// Role is who is to blame, or where the cause lies.
type Role uint8

// The roles.
const (
	Nobody  Role = iota // it cannot be told
	Client              // the side that opened the connection
	Server              // the side that was connected to
	Proxy               // an intermediary seen as such
	Path                // the network between
	Capture             // the capture itself
)

// String is the role as it stands in reports.
func (r Role) String() string {
	return [...]string{"unknown", "client", "server", "proxy", "path", "capture"}[r]
}

// Gates are what a rule needs of the capture to judge at all.
type Gates uint16

// The gates.
const (
	BothDirections Gates = 1 << iota // packets of both sides are in the capture
	Handshake                        // SYN, SYN-ACK and ACK are
	NoGapBefore                      // no bytes are missing before what is judged
	NotCut                           // no snap length cut what is judged
	Vantage                          // where the capture was taken is known
	ConnectionEnd                    // the connection ended within the capture
	Plaintext                        // the messages can be read
	Clock                            // the capture's clock was not set in the connection's life
	FineClock                        // it ticks finely enough to tell why a packet left when it did

	numGates = iota
)

var gateNames = [numGates]string{"BothDirections", "Handshake", "NoGapBefore", "NotCut", "Vantage", "ConnectionEnd", "Plaintext", "Clock", "FineClock"}

// gateWords are the gates as rule pages name them, behind "Not judged without".
var gateWords = [numGates]string{
	"packets of both sides",
	"the handshake",
	"every byte before what is judged",
	"whole packets (no snap length)",
	"a known place of capture",
	"the end of the connection",
	"messages in clear",
	"a clock that was not set meanwhile",
	"a clock that ticks finely",
}

// Words says for people what a rule with these gates cannot judge without; ""
// if there are none.
func (g Gates) Words() string {
	var words []string
	for i, w := range gateWords {
		if g&(1<<i) != 0 {
			words = append(words, w)
		}
	}
	if len(words) == 0 {
		return ""
	}
	return "Not judged without " + strings.Join(words, ", ") + "."
}

// first is the name of the lowest gate in g.
func (g Gates) first() string {
	for i, n := range gateNames {
		if g&(1<<i) != 0 {
			return n
		}
	}
	return ""
}

// String lists the gates, parted by commas.
func (g Gates) String() string {
	var names []string
	for i, n := range gateNames {
		if g&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return strings.Join(names, ",")
}

// GateByName is the gate of that name; ok is false if there is none.
func GateByName(name string) (g Gates, ok bool) {
	for i, n := range gateNames {
		if n == name {
			return 1 << i, true
		}
	}
	return 0, false
}

// Param is a threshold of a rule: everything a verdict depends on that is a
// choice and no fact has a name, a unit, a default and a source.
type Param struct {
	Name    string // snake_case
	Unit    string // ms, ratio, count, bytes …
	Default float64
	Min     float64 // of what it may be set to; 0: what its unit allows, see Range
	Max     float64 // the same
	Source  string  // where the default comes from
}

// Rule is one thing that connlint looks for.
type Rule struct {
	// Name is area/phenomenon: the id in JSON and flags. Its last part is
	// unique over the areas and names the rule's files.
	Name     string
	Doc      string // the page; its first line is "# Title"
	Severity Severity
	Params   []Param
	Needs    Gates
	// Causes are those whose time the rule's findings explain, if their cost
	// is a part of the account. Rules that share a cause share out its spans.
	Causes []timeline.Cause
	// PartOf are rules that tell the same trouble from nearer its root: where
	// one of them speaks about the same connections, a report for people
	// tells this rule's findings there, and records stay as they are.
	PartOf []string
	Start  func(*Pass) Run
}

// Run is one rule at work. Fields that are nil are not called; arguments are
// borrowed for the call.
type Run struct {
	Transaction func(*timeline.Connection, *timeline.Transaction)
	Close       func(*timeline.Connection)
	// SoFar is called at each report interval for a connection that is open and
	// had packets in it: a rule that gathers over a connection tells what is
	// new, and forgets it. Connections may be open for weeks.
	SoFar func(*timeline.Connection)
	// Pair, Host and Route are called at the end and at each report interval.
	// If anything is reported then, the engine makes the rule begin anew with
	// the pair, the host or the route; if not, it goes on to gather.
	Pair  func(*timeline.Pair)
	Host  func(*timeline.Host)
	Path  func(*timeline.Path)  // both legs of a request through a proxy
	Route func(*timeline.Route) // a proxy and a server behind it, after its paths
}

// ID is the last part of the name.
func (r *Rule) ID() string { return r.Name[strings.LastIndexByte(r.Name, '/')+1:] }

// Title is the first line of the page.
func (r *Rule) Title() string {
	line, _, _ := strings.Cut(r.Doc, "\n")
	return strings.TrimSpace(strings.TrimLeft(line, "# "))
}

var ruleName = regexp.MustCompile(`^(connect|tcp|keepalive|proxy|concurrency|framing|close|ports)/[a-z0-9]+(-[a-z0-9]+)*$`)

// Validate reports what is wrong with a list of rules: names, pages,
// parameters. It is asked once at start-up.
func Validate(rules []*Rule) error {
	seen := map[string]bool{}
	for _, r := range rules {
		switch {
		case !ruleName.MatchString(r.Name):
			return fmt.Errorf("rule %q: a name is area/phenomenon in lower case", r.Name)
		case seen[r.ID()]:
			return fmt.Errorf("rule %q: the phenomenon %q has a rule already", r.Name, r.ID())
		case r.Severity < Note || r.Severity > Error:
			return fmt.Errorf("rule %q: no severity", r.Name)
		case !strings.HasPrefix(r.Doc, "# "):
			return fmt.Errorf("rule %q: no page", r.Name)
		case r.Start == nil:
			return fmt.Errorf("rule %q: no Start", r.Name)
		}
		seen[r.ID()] = true
		names := map[string]bool{}
		for _, p := range r.Params {
			if p.Name == "" || p.Unit == "" || p.Source == "" || names[p.Name] {
				return fmt.Errorf("rule %q: parameter %q lacks a name of its own, a unit or a source", r.Name, p.Name)
			}
			if err := p.Check(p.Default); err != nil {
				return fmt.Errorf("rule %q: the default %w", r.Name, err)
			}
			names[p.Name] = true
		}
	}
	return nil
}
