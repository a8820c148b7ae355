// Package ruletest runs rules over captures and holds what they find against
// what is expected. Expectations stand in the capture itself, as comments of a
// trace (package trace). Only tests import this package.
//
// # To add a rule
//
// Four things, and no test code:
//
//	analysis/rules/ID.go              the rule; its Doc is the embedded page
//	analysis/rules/ID.md              the page, with an example that runs
//	analysis/rules/rules.go           one line in the list
//	testdata/rules/ID/WHAT.trace      more cases, among them a near miss
//
// ID is the last part of the rule's name. The page starts with "# Title" and
// has the sections What it finds, Why it costs, Example, How to fix, When it
// is wrong, Parameters, References (each a "## " heading, in this order, none
// empty). The Example has at least one block fenced as ```trace that wants a
// finding of the rule. Parameters has a line of this form for each parameter,
// with the unit and the default of the code:
//
//   - `min_stall_ms` (ms, default 30): shorter stalls are noise.
//
// How to fix begins with one sentence that holds for all software, and may go
// on with a list by product and role, see [analysis.Remedy]: what a finding
// says of its fix is taken from there. When it is wrong ends with what the
// rule is not judged without, in the words of [analysis.Gates.Words].
//
// Every trace, on a page or in a file, is run with all rules of the list. Each
// rule must be reported by one of them and withheld by a near miss.
//
// # Marks
//
// A comment whose first word is want, near, skip or fix is a mark. Several may
// stand in one comment, with or without a semicolon between them. RULE is
// always the whole name, area/phenomenon.
//
//	want RULE `text`     the rule reports a finding whose primary evidence (its
//	                     first citation) is the packet of this line, and whose
//	                     message contains the text; the text may be left out
//	near RULE p=5        the rule is silent on this trace, and reports something
//	                     once its parameter p is 5
//	near RULE gate=NAME  the same once the gate is open
//	skip RULE NAME       the rule was not asked about some connection because
//	                     that gate was shut
//	fix RULE `text`      the fix of a finding of the rule contains the text;
//	                     backquotes in the fix do not count
//
// A finding that no mark wants fails the test, whatever its rule, and so does
// a mark that no finding meets. Two marks on one line want two findings. So a
// trace without marks says that every rule is silent. That keeps a false
// alarm from coming back, but a trace on which nothing happens passes it too:
// it does not count as a near miss.
//
// A near mark on the line of a packet asks the relaxed rule for a finding with
// that packet as primary evidence; on a line of its own, for any finding. It
// may relax several things at once (p=5 q=1 gate=NAME) if each is needed: the
// rule must stay silent with any one of them left out. That is what makes it
// a near miss: exactly these withhold the finding, and nothing else.
//
// Of several shut gates the lowest counts as the one skipped for (see
// [analysis.Gates] for their order).
//
// # What holds without a mark
//
// Each run is also held to what is true of any ([Result.Verify]): the spans of
// a transaction add up, and whatever is cited exists and belongs to the
// subject.
package ruletest
