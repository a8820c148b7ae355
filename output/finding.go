package output

import (
	"strconv"

	"connlint/analysis"
	"connlint/reassembly"
)

// finding is the record of a finding.
func (e *encoder) finding(source string, f *analysis.Finding) {
	e.begin("finding")
	e.text("source", source)
	e.text("rule", f.Rule.Name)
	e.text("severity", f.Severity.String())
	e.float("confidence", f.Confidence)
	e.texts("reasons", f.Reasons)
	e.text("culprit", f.Culprit.String())
	e.subject(&f.Subject)
	e.text("message", f.Message)
	e.text("fix", f.Fix)
	e.int("count", f.Count)
	e.cost("cost", &f.Lost)
	e.cost("saving", &f.Saved)
	e.measures(f.Measures)
	e.evidence(&f.Evidence)
	e.set("caveats", uint64(f.Caveats), reassembly.CaveatName)
	e.close('}')
}

func (e *encoder) subject(s *analysis.Subject) {
	e.object("subject")
	e.text("kind", s.Kind.String())
	e.array("connections")
	for _, id := range s.Connections {
		e.next()
		e.buf = strconv.AppendUint(e.buf, id, 10)
	}
	e.close(']')
	e.int("omitted", s.Omitted)
	if s.Kind == analysis.OfTransaction {
		e.int("transaction", s.Transaction)
	} else {
		e.null("transaction")
	}
	e.endpoint("client", s.Client)
	e.endpoint("server", s.Server)
	e.time("from", s.From)
	e.time("to", s.To)
	e.close('}')
}

func (e *encoder) cost(k string, c *analysis.Cost) {
	e.object(k)
	e.ms("time_ms", c.Time)
	e.int("round_trips", c.RoundTrips)
	e.int("connections", c.Connections)
	e.uint("bytes", c.Bytes)
	e.close('}')
}

func (e *encoder) measures(all []analysis.Measure) {
	e.array("measures")
	for i := range all {
		m := &all[i]
		e.object("")
		e.text("name", m.Name)
		e.float("value", m.Value)
		e.text("unit", m.Unit)
		e.float("threshold", m.Threshold)
		e.close('}')
	}
	e.close(']')
}

func (e *encoder) evidence(v *analysis.Evidence) {
	e.object("evidence")
	e.array("frames")
	for i := range v.Frames {
		c := &v.Frames[i]
		e.object("")
		at := e.where.of(c.Frame)
		e.uint("number", c.Frame.Number())
		e.text("file", e.where.name(at.file))
		e.uint("file_number", at.number)
		e.time("time", c.Frame.Time)
		e.text("role", c.Role)
		e.close('}')
	}
	e.close(']')
	e.int("omitted", v.Omitted)
	e.close('}')
}
