package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// handshakeOverhead finds connections whose set-up took a large share of what
// they were opened for. It is judged per connection at its end and gathered
// per pair.
func handshakeOverhead() *analysis.Rule {
	return &analysis.Rule{
		Name:     "connect/handshake-overhead",
		Severity: analysis.Warning,
		PartOf:   []string{"keepalive/connection-per-request", "concurrency/new-connection-while-idle-warm"},
		Needs:    analysis.Handshake | analysis.BothDirections | analysis.NoGapBefore | analysis.ConnectionEnd | analysis.Clock | analysis.FineClock | analysis.NotCut,
		Params: []analysis.Param{
			{Name: "min_share", Unit: "ratio", Default: 0.4,
				Source: "set-up of one round trip against one request of one round trip is 0.5; below 0.4 the exchange outweighs it"},
			{Name: "min_setup", Unit: "ms", Default: 1,
				Source: "below 1 ms a host's own wake-up time is as large as the path"},
			{Name: "min_part", Unit: "ratio", Default: 0.02,
				Source: "what befalls fewer than one in fifty of a pair's connections is chance (a host that woke up late) and no habit"},
		},
		Causes: []timeline.Cause{timeline.Connect, timeline.TLS},
		Start:  startHandshakeOverhead,
	}
}

// overhead is what the rule gathers of a pair.
type overhead struct {
	subject  analysis.Subject
	evidence analysis.Evidence
	refusals blame
	n        int
	setup    int64 // ns
	busy     int64 // ns
	trips    int
	packets  int // without payload
	all      int
	payload  uint64 // bytes
	opaque   int    // encrypted connections
}

// rarely reports whether the connections gathered are less than a part of those
// that the pair closed.
func (o *overhead) rarely(part float64, closed int) bool { return float64(o.n) < part*float64(closed) }

func startHandshakeOverhead(p *analysis.Pass) analysis.Run {
	pairs, closed := analysis.PerPair[overhead](p), analysis.PerPair[int](p)
	minPart := p.Param("min_part")
	minShare, minSetup := p.Param("min_share"), int64(p.Param("min_setup")*1e6)
	return analysis.Run{
		Close: func(c *timeline.Connection) {
			if c.Complete > 0 {
				*closed.Pair(c.Pair)++
			}
			if !judgesOverhead(c) || c.PlainSetup() < minSetup {
				return
			}
			if share(c.PlainSetup(), c.ClientBusy()) < minShare {
				return
			}
			pairs.Pair(c.Pair).add(c)
		},
		Pair: func(pair *timeline.Pair) {
			if o := pairs.Peek(pair.Slot()); o != nil && !o.rarely(minPart, *closed.Peek(pair.Slot())) {
				p.Report(o.finding(minShare))
			}
		},
	}
}

// beyondHTTP1 are the traits of connections that went over to another
// protocol: they did more than their transactions show.
const beyondHTTP1 = timeline.WebSocketUpgrade | timeline.ConnectTunnel |
	timeline.ProtocolUpgrade | timeline.HTTP2Cleartext | timeline.HTTP2TLS

// judgesOverhead reports whether anybody waited for the set-up: something was
// asked and answered, the request neither travelled with the SYN nor came long
// after a connection was opened ahead of need. Of a connection that was kept
// for more than was asked on it the advice to keep connections is idle.
func judgesOverhead(c *timeline.Connection) bool {
	return c.Complete > 0 && !longer(c) && !c.Refusal.Kept() && c.Handshake.FastOpen != reassembly.FastOpenAccepted && !c.Traits.Is(beyondHTTP1|timeline.Preconnected)
}

// longer reports whether the handshake took longer than it can have: the
// capture lacks a packet of it. Either what was lost and sent again (no answer
// but one that waited for the timer takes a second more than the path, RFC 6298
// §2.1), or the ACK, in whose place stands the request when the client had one.
func longer(c *timeline.Connection) bool {
	const timer = int64(900e6) // a little less, for the packets that the capture has may be late
	over := c.ConnectTime - c.RetryTime - c.RTT()
	return over > timer || c.ACKWithData() && over > max(c.RTT()/2, 10e6)
}

func share(setup, busy int64) float64 { return float64(setup) / float64(max(setup+busy, 1)) }

func (o *overhead) add(c *timeline.Connection) {
	if o.n == 0 {
		o.subject = analysis.Pair(c.Pair)
	}
	o.n++
	o.subject.Gather(c)
	o.evidence.Cite(c.Handshake.SYN, "SYN")
	o.evidence.Cite(c.Handshake.ACK, "end of handshake")
	o.refusals[c.Refusal]++
	o.setup += c.PlainSetup()
	o.busy += c.ClientBusy()
	o.trips += c.SetupRoundTrips
	if c.Encrypted {
		o.opaque++
	}
	for side := range c.Flow {
		f := &c.Flow[side]
		o.all += int(f.Packets)
		o.packets += int(f.Packets - f.Segments)
		o.payload += f.Bytes
	}
}

// finding is what a pair comes to. What reuse would save is said by
// keepalive/connection-per-request, which knows what could have been reused:
// the same time is not promised twice.
func (o *overhead) finding(minShare float64) *analysis.Finding {
	why := o.refusals.most()
	part := share(o.setup, o.busy)
	f := &analysis.Finding{
		Subject:  o.subject,
		Culprit:  culprit(why),
		Count:    o.n,
		Evidence: o.evidence,
		Lost:     analysis.Cost{Time: o.setup, RoundTrips: o.trips},
		Message: fmt.Sprintf("set-up took %.0f %% of the time of %s; %s of %s packets carried no payload",
			100*part, o.each(), grouped(uint64(o.packets)), grouped(uint64(o.all))),
		Measures: []analysis.Measure{
			{Name: "share", Value: part, Threshold: minShare, Unit: "ratio"},
			{Name: "setup", Value: float64(o.setup) / float64(o.n) / 1e6, Unit: "ms"},
			{Name: "packets_without_payload", Value: float64(o.packets) / float64(max(o.all, 1)), Unit: "ratio"},
			{Name: "payload", Value: float64(o.payload) / float64(o.n), Unit: "bytes"},
		},
	}
	if o.opaque > 0 {
		blameOpaque(f)
	} else if why != timeline.NotRefused {
		f.Message += "; " + o.refusals.words(o.n)
	}
	if o.n == 1 {
		// One connection for one need is no habit: worth knowing, not fixing.
		f.Severity = analysis.Note
	}
	return f
}

// each is the connections and what one of them took to open.
func (o *overhead) each() string {
	if o.n == 1 {
		return "a connection, " + ms(o.setup)
	}
	return count(o.n, "connection") + ", " + ms(o.setup/int64(o.n)) + " each"
}
