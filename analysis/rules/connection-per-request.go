package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly"
)

// connectionPerRequest finds pairs in which requests that could have shared a
// connection each had one of their own.
func connectionPerRequest() *analysis.Rule {
	return &analysis.Rule{
		Name:     "keepalive/connection-per-request",
		Severity: analysis.Warning,
		PartOf:   []string{"proxy/upstream-downgraded"},
		Needs:    analysis.Handshake | analysis.BothDirections | analysis.NoGapBefore | analysis.ConnectionEnd,
		Params: []analysis.Param{
			{Name: "min_connections", Unit: "count", Default: 3, Min: 2,
				Source: "one connection more than needed may be chance, two in a row are a habit"},
			{Name: "max_pause", Unit: "ms", Default: 60000,
				Source: "common servers keep an idle connection for 5 to 75 s; after a minute it would be gone"},
		},
		Start: startConnectionPerRequest,
	}
}

// oneShots is what the rule gathers of a pair.
type oneShots struct {
	subject  analysis.Subject
	evidence analysis.Evidence
	refusals blame
	n        int // connections that carried one request
	avoided  int // of these, those that an earlier connection could have carried
	lost     analysis.Cost
	opaque   int
}

func startConnectionPerRequest(p *analysis.Pass) analysis.Run {
	pairs := analysis.PerPair[oneShots](p)
	least, pause := p.CountParam("min_connections"), int64(p.Param("max_pause")*1e6)
	return analysis.Run{
		Close: func(c *timeline.Connection) {
			if c.Transactions == 1 && c.Complete == 1 && c.Refusal != timeline.NotRefused && !c.Traits.Is(beyondHTTP1) {
				pairs.Pair(c.Pair).add(c, pause)
			}
		},
		Pair: func(pair *timeline.Pair) {
			if o := pairs.Peek(pair.Slot()); o != nil && o.n >= least && o.avoided+1 >= least {
				f := o.finding(least)
				perAddress(f, pair, 0.7)
				p.Report(f)
			}
		},
	}
}

// add takes a connection that carried one request. An earlier connection could
// have carried it if one was free and had not been so for longer than pause, ns.
func (o *oneShots) add(c *timeline.Connection, pause int64) {
	if o.n == 0 {
		o.subject = analysis.Pair(c.Pair)
	}
	o.n++
	o.subject.Gather(c)
	o.refusals[c.Refusal]++
	if c.Encrypted {
		o.opaque++
	}
	opened := opening(c)
	if c.Predecessor.IsZero() || opened.Time-c.Predecessor.Time > pause {
		return
	}
	o.avoided++
	o.evidence.Cite(opened, "new connection")
	o.evidence.Cite(c.Predecessor, "end of the exchange before")
	lost := analysis.Cost{RoundTrips: c.SetupRoundTrips, Connections: 1}
	if c.Caveats&reassembly.ClockSteps == 0 {
		lost.Time = c.PlainSetup()
	}
	o.lost.Add(lost)
}

// opening is the packet that opened the connection.
func opening(c *timeline.Connection) capture.Frame {
	if c.Handshake.SYN.IsZero() {
		return c.First
	}
	return c.Handshake.SYN
}

// reason is what kept the connections from being used again, as far as it can
// be read.
func (o *oneShots) reason() string {
	if o.opaque > 0 {
		return "why they were closed is encrypted"
	}
	return o.refusals.words(o.n)
}

func (o *oneShots) finding(least int) *analysis.Finding {
	why := o.refusals.most()
	f := &analysis.Finding{
		Subject:  o.subject,
		Culprit:  culprit(why),
		Count:    o.n,
		Evidence: o.evidence,
		Lost:     o.lost,
		Saved:    o.lost,
		Message: fmt.Sprintf("%s carried one request each: %s; reuse would have saved %s and %s",
			count(o.n, "connection"), o.reason(), count(o.lost.RoundTrips, "round trip"), ms(o.lost.Time)),
		Measures: []analysis.Measure{
			{Name: "one_request_connections", Value: float64(o.n), Threshold: float64(least), Unit: "count"},
			{Name: "avoidable", Value: float64(o.avoided), Unit: "count"},
		},
	}
	if o.opaque > 0 {
		blameOpaque(f)
	} else if why == timeline.ClientCloses || why == timeline.ClientIdles {
		f.Confidence = 0.9
		f.Reasons = append(f.Reasons, "different users behind one address look the same")
	}
	return f
}
