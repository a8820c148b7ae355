// Package output turns the facts and findings of a run into reports: text for
// people, JSON for machines. Each form is a small type behind [Writer].
//
// It decides nothing: what is a finding, what it costs and whose fault it is
// were settled before. It knows no flags and no files beyond the io.Writer
// that it is given.
//
// # What packets may write
//
// Methods, targets and whatever else came from packets is hostile. In JSON
// such a string is at most 2,048 bytes of the packet, followed by "…" if that
// was not all. A byte that is no UTF-8 stands in it as \xNN (lower case), a
// backslash as \\, so that nothing is lost; and what does not print (control
// characters, bidi controls, a terminal's escape sequences) is written as
// \uNNNN by the JSON encoding itself, so that a line can be shown raw; "<" as
// well, so that it can stand in a page of HTML. In text all that does not print
// is escaped in the manner of a Go string.
package output
