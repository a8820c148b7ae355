package output

import (
	"math/bits"
	"strconv"

	"connlint/analysis/timeline"
	"connlint/capture"
	"connlint/reassembly/http1"
)

// transaction is the record of a transaction.
func (e *encoder) transaction(source string, c *timeline.Connection, x *timeline.Transaction) {
	e.begin("transaction")
	e.text("source", source)
	e.uint("connection", c.ID())
	e.endpoint("client", c.Client())
	e.endpoint("server", c.Server())
	e.int("index", x.Index)
	e.startLines(x)
	e.bool("opaque", x.Opaque())
	e.time("start", x.Start.Time)
	e.ms("duration_ms", x.Duration())
	e.account("time", &x.Time)
	e.bool("complete", x.Complete)
	e.bool("pipelined", x.Pipelined)
	if h := x.HTTP; h != nil {
		e.slug("end", h.End.String())
		e.message("request", h.Request)
		e.interim(h.Interim)
		e.message("response", h.Response)
	} else {
		e.text("end", opaqueEnd(x))
		e.sealed("request", x.Request, x.RequestEnd, x.RequestBytes)
		e.interim(nil)
		e.sealed("response", x.Response, x.End, x.ResponseBytes)
	}
	e.close('}')
}

// startLines is what was asked and how it was answered.
func (e *encoder) startLines(x *timeline.Transaction) {
	var method, target []byte
	status := 0
	if x.HTTP != nil && x.HTTP.Request != nil {
		method, target = x.HTTP.Request.Start.Method, x.HTTP.Request.Start.Target
	}
	if x.HTTP != nil && x.HTTP.Response != nil {
		status = x.HTTP.Response.Start.Status
	}
	e.fromPacket("method", method)
	e.fromPacket("target", target)
	e.int("status", status)
}

// account is time by cause: each one is there.
func (e *encoder) account(k string, a *timeline.Account) {
	e.object(k)
	for cause := range timeline.NumCauses {
		e.next()
		e.buf = append(e.buf, '"')
		e.buf = append(e.buf, cause.String()...)
		e.buf = append(e.buf, `_ms":`...)
		e.buf = appendMS(e.buf, a[cause])
	}
	e.close('}')
}

// message is a request or a final response; null if it was not seen.
func (e *encoder) message(k string, m *http1.Message) {
	if m == nil {
		e.null(k)
		return
	}
	e.object(k)
	e.frame("first", m.First)
	e.frame("last", m.Last)
	e.uint("bytes", m.Size())
	e.uint("head_bytes", m.HeadSize)
	e.slug("framing", m.Framing.String())
	e.declared("declared", m.Declared)
	e.count("body", m.Body)
	e.uint("missing", m.Missing)
	e.uint("surplus", m.Surplus.Least())
	e.flaws(m.Flaws)
	e.slug("end", m.End.String())
	e.close('}')
}

// sealed is one side of a turn on an encrypted connection: what cannot be
// read is null.
func (e *encoder) sealed(k string, first, last capture.Frame, size uint64) {
	if first.IsZero() {
		e.null(k)
		return
	}
	e.object(k)
	e.frame("first", first)
	e.frame("last", last)
	e.uint("bytes", size)
	e.null("head_bytes")
	e.null("framing")
	e.null("declared")
	e.null("body")
	e.uint("missing", 0)
	e.uint("surplus", 0)
	e.array("flaws")
	e.close(']')
	e.null("end")
	e.close('}')
}

// opaqueEnd is what can be said of a turn's end without its keys.
func opaqueEnd(x *timeline.Transaction) string {
	if x.Complete {
		return "complete"
	}
	return "open"
}

func (e *encoder) interim(all []*http1.Message) {
	e.array("interim")
	for _, m := range all {
		e.next()
		e.buf = strconv.AppendInt(e.buf, int64(m.Start.Status), 10)
	}
	e.close(']')
}

// declared is a Content-Length: a number, null if there was none, "malformed"
// if it was no number.
func (e *encoder) declared(k string, c http1.Count) {
	if c.IsMalformed() {
		e.text(k, "malformed")
		return
	}
	e.count(k, c)
}

// count is a number of bytes, or null if there is nothing to count.
func (e *encoder) count(k string, c http1.Count) {
	if c.IsAbsent() || c.IsMalformed() {
		e.null(k)
		return
	}
	e.uint(k, c.Least())
}

func (e *encoder) flaws(f http1.Flaws) {
	e.array("flaws")
	for ; f != 0; f &= f - 1 {
		e.next()
		e.buf = append(e.buf, '"')
		e.buf = appendSlug(e.buf, http1.Flaws(1<<bits.TrailingZeros32(uint32(f))).String())
		e.buf = append(e.buf, '"')
	}
	e.close(']')
}
