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
// Read hands packets on and nothing here looks into them. The package may not
// know files, formats or flags, nor any rule by name.
package analysis
