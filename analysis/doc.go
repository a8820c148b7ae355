// Package analysis runs rules over the stream of facts: connections,
// transactions and their accounts of time come in from package timeline,
// findings that cite packets go out.
//
// A [Rule] is a value. Its Start makes a [Run], one rule at work, which the
// [Engine] calls with facts; it speaks through [Pass.Report]. What it may
// assume about a capture it declares as [Gates]: where one is shut, the rule
// is not called and counted as skipped, since silence must mean health and
// not blindness. A host has no gates: it is made of connections that were seen
// from end to end. What a rule wants to remember lies in slots that the engine
// owns, bounds and frees ([PerConnection], [PerPair], [PerRoute]). Its
// thresholds are [Param] values, which [Config] overrides within their ranges.
//
// A run is [New], then [Read] for one source after the other; what it amounts
// to is in the [Summary]. The results go to a [Sink] as they become known.
//
// # Report intervals
//
// A run over a file tells of a pair, a host or a route when nothing more will
// come of it. A live run may never get there, so that with [Limits.Interval]
// the engine asks after each interval of capture time as well, for all of which
// a rule has gathered something. A rule that reports begins anew with that
// pair; one that does not goes on to gather, so that its thresholds count since
// it last spoke and not within an interval. What it tells covers the stretch
// since then and counts only what is new. What is left below a threshold when
// the pair ends is not told: the sum of the intervals may lack that much, and a
// rule that looks for runs (concurrency/serial-connections) has them ended by an
// interval in which it speaks. A verdict of an interval is that of a capture
// which ends there: what comes later may put it into another light.
//
// Rules that gather over a single connection take part through [Run.SoFar],
// those about Nagle's algorithm and about pipelines among them. Those that
// judge single exchanges speak at once anyway; the others judge how a
// connection ends, or what may still be doubted until then, and wait for it. A
// host begins anew when something of it was told, and after an hour. Intervals
// change nothing in transactions and connections.
//
// Read hands packets on and nothing here looks into them. The package may not
// know files, formats or flags, nor any rule by name.
package analysis
