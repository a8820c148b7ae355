package rules

import (
	"fmt"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// dumbProxyHang finds requests on a kept connection that a proxy never sent on,
// since it waits for the server behind it to close.
func dumbProxyHang() *analysis.Rule {
	return &analysis.Rule{
		Name:     "proxy/dumb-proxy-hang",
		Severity: analysis.Error,
		Needs:    analysis.Plaintext | analysis.BothDirections | analysis.NoGapBefore | analysis.ConnectionEnd | analysis.Clock,
		Params: []analysis.Param{
			{Name: "min_hang", Unit: "ms", Default: 1000,
				Source: "a proxy sends a request on within milliseconds; the shortest idle time-outs are of seconds"},
			{Name: "close_follows", Unit: "ms", Default: 500,
				Source: "a relay hands a close on at once; half a second leaves room for a busy machine and the path"},
		},
		Start: func(p *analysis.Pass) analysis.Run {
			least, follows := int64(p.Param("min_hang")*1e6), int64(p.Param("close_follows")*1e6)
			return analysis.Run{Path: func(path *timeline.Path) {
				if path.Up == nil && hung(path, least) {
					if f := stayed(path, least, follows); f != nil {
						p.Report(f)
					}
				}
			}}
		},
	}
}

// hung reports whether a request waited in vain for so long, while the
// connection that the one before it went over was open and carried nothing.
func hung(p *timeline.Path, least int64) bool {
	d, u := p.Down, p.Kept
	return d.RequestWhole && d.Index > 1 && d.End.Sub(d.RequestEnd) >= least &&
		u.Request.Number() < d.Request.Number() &&
		(u.Closed.IsZero() || u.Closed.Sub(d.RequestEnd) >= least)
}

// stayed makes the finding, nil if something else may have held the request up.
// The close of the server behind the proxy that at once becomes the proxy's
// own is proof: that is what it waited for. A client that lost patience before
// that leaves less to see: then the proxy must be one that passes heads on
// unchanged, and nothing may have left it meanwhile. Another proxy may have
// sent the request on where the capture does not look.
func stayed(p *timeline.Path, least, follows int64) *analysis.Finding {
	d, u := p.Down, p.Kept
	wait := d.End.Sub(d.RequestEnd)
	f := &analysis.Finding{
		Subject: analysis.Through(p.Route), Culprit: analysis.Proxy,
		Lost:  analysis.Cost{Time: wait, Connections: 1},
		Saved: analysis.Cost{Time: wait, Connections: 1},
		Measures: []analysis.Measure{
			{Name: "hang", Value: float64(wait) / 1e6, Threshold: float64(least) / 1e6, Unit: "ms"},
		},
	}
	f.Subject.Connections = []uint64{d.Connection}
	f.Subject.From, f.Subject.To = d.Request.Time, d.End.Time
	what := fmt.Sprintf("the proxy %s never passed on a request that came on a kept connection: %s %s waited %s", p.Route.Proxy,
		quoted(d.Start.Method), quoted(d.Start.Target), ms(wait))
	f.Evidence.Cite(d.RequestEnd, "request never passed on")
	f.Evidence.Cite(u.Request, "the request before, passed on")
	after := d.End.Sub(u.Closed)
	switch {
	case !u.Closed.IsZero() && u.By == reassembly.Server && after >= 0 && after <= follows && u.Closed.Number() < d.End.Number():
		f.Evidence.Cite(u.Closed, "the server behind the proxy closes")
		f.Message = what + " until the server behind it closed its connection"
	case p.Alone && p.Verbatim && (u.Closed.IsZero() || u.Closed.Number() > d.End.Number()):
		f.Confidence = 0.7
		f.Reasons = []string{"the server behind the proxy had not closed yet: why the proxy did not go on cannot be seen"}
		f.Message = what + " while its connection to the server was open and idle"
	default:
		return nil
	}
	f.Evidence.Cite(d.End, "end of the wait")
	return f
}
