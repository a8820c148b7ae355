package output

import (
	"maps"
	"slices"

	"connlint/analysis"
)

// run is the record that comes first.
func (e *encoder) run(r *Run) {
	e.begin("run")
	e.text("schema", Schema)
	e.texts("sources", r.Sources)
	e.array("parts")
	if r.Rotation != nil {
		for _, p := range r.Rotation.Parts() {
			e.element(p.Path)
		}
	}
	e.close(']')
	if r.Filter != "" {
		e.text("filter", r.Filter)
	} else {
		e.null("filter")
	}
	e.texts("rules", r.Rules)
	e.object("parameters")
	for _, rule := range slices.Sorted(maps.Keys(r.Parameters)) {
		e.object(rule)
		params := r.Parameters[rule]
		for _, name := range slices.Sorted(maps.Keys(params)) {
			e.float(name, params[name])
		}
		e.close('}')
	}
	e.close('}')
	e.close('}')
}

// summary is the record that comes last.
func (e *encoder) summary(sources []string, t *Totals) {
	a := t.Analysis
	all := t.sum()
	e.begin("summary")
	e.uint("packets", all.Packets)
	e.uint("connections", a.Connections)
	e.uint("transactions", a.Transactions)
	e.uint("opaque", a.Opaque)
	e.uint("incomplete", a.Incomplete)
	e.uint("pairs", a.Pairs)
	e.uint("dropped", all.Dropped)
	e.uint("copies", t.Copies)
	e.uint("evicted", t.GivenUp.Connections)
	e.uint("pairs_evicted", t.GivenUp.Pairs)
	e.uint("hosts_evicted", t.GivenUp.Hosts)
	e.uint("legs_evicted", t.GivenUp.Legs)
	e.uint("messages_unexplained", t.GivenUp.Messages)
	e.uint("holes_given_up", t.GivenUp.Holes)
	e.uint("messages_given_up", t.GivenUp.LeftAside)
	e.counts("findings", a.Findings)
	e.counts("events", a.Events)
	e.severities(a)
	e.skipped(a.Skipped)
	e.spent(a)
	e.costs("cost", a.Lost)
	e.costs("saving", a.Saved)
	e.counts("traits", a.Traits)
	e.counts("caveats", a.Caveats)
	e.captured(t)
	e.parts(t)
	e.budget(&a.Budget)
	e.pairTable(sources, a.TopPairs(maxPairs))
	e.uint("records_dropped", t.Live.RecordsDropped)
	e.uint("ring_full", t.Live.RingFull)
	e.uint("interruptions", t.Live.Interruptions)
	e.uint("slots_refused", a.SlotsRefused)
	e.uint("findings_dropped", a.FindingsDropped)
	e.array("errors")
	for i := range t.Sources {
		for _, err := range t.Sources[i].Errs() {
			e.element(err.Error())
		}
	}
	e.close(']')
	e.close('}')
}

// counts is a number by name, names sorted.
func (e *encoder) counts(k string, m map[string]uint64) {
	e.object(k)
	for _, name := range slices.Sorted(maps.Keys(m)) {
		e.uint(name, m[name])
	}
	e.close('}')
}

func (e *encoder) costs(k string, m map[string]*analysis.Cost) {
	e.object(k)
	for _, name := range slices.Sorted(maps.Keys(m)) {
		e.cost(name, m[name])
	}
	e.close('}')
}

// severities is how many findings there are of each severity.
func (e *encoder) severities(a *analysis.Summary) {
	e.object("severities")
	worse := uint64(0)
	for s := analysis.Error; s >= analysis.Note; s-- {
		n := a.AtLeast(s)
		e.uint(s.String(), n-worse)
		worse = n
	}
	e.close('}')
}

func (e *encoder) skipped(m map[string]map[string]uint64) {
	e.object("skipped")
	for _, rule := range slices.Sorted(maps.Keys(m)) {
		e.counts(rule, m[rule])
	}
	e.close('}')
}

// parts are the files of a rotated capture.
func (e *encoder) parts(t *Totals) {
	e.array("parts")
	for i := range t.Sources {
		for _, p := range t.Sources[i].Parts {
			e.object("")
			e.text("file", p.Path)
			e.uint("before", p.Before)
			e.uint("packets", p.Packets)
			e.span(p.Packets > 0, p.First, p.Last)
			e.bool("read", p.Reached)
			e.close('}')
		}
	}
	e.close(']')
}

// span is the time of the first packet and of the last, if there are any.
func (e *encoder) span(any bool, first, last int64) {
	if !any {
		e.null("first")
		e.null("last")
		return
	}
	e.time("first", first)
	e.time("last", last)
}

// captured is what the sources say of themselves.
func (e *encoder) captured(t *Totals) {
	all := t.sum()
	e.object("capture")
	e.uint("bytes", all.Bytes)
	e.uint("segments", all.Segments)
	e.uint("filtered", all.Filtered)
	e.uint("fragments", all.Fragments)
	e.uint("fragments_unassembled", all.Unassembled)
	e.uint("fragmented_given_up", all.GivenUp)
	e.uint("tunnel_copies", all.TunnelCopies)
	e.uint("undecoded", all.Undecoded)
	e.uint("malformed", all.Malformed)
	e.uint("cut", all.Cut)
	e.uint("untimed", all.Untimed)
	e.span(all.Packets > 0, all.First, all.Last)
	e.close('}')
}
