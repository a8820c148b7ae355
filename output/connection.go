package output

import (
	"connlint/analysis/timeline"
	"connlint/reassembly"
)

// connection is the record of a connection, made at its end.
func (e *encoder) connection(source string, c *timeline.Connection) {
	e.begin("connection")
	e.text("source", source)
	e.uint("connection", c.ID())
	e.endpoint("client", c.Client())
	e.endpoint("server", c.Server())
	e.time("start", c.First.Time)
	e.time("end", c.End)
	e.text("vantage", c.Vantage().String())
	e.ms("rtt_ms", c.RTT())
	e.ms("connect_ms", c.ConnectTime)
	e.ms("connect_retry_ms", c.RetryTime)
	e.ms("tls_ms", c.TLSTime)
	e.ms("idle_ms", c.Idle)
	e.ms("busy_ms", c.Busy)
	e.set("traits", uint64(c.Traits), timeline.TraitName)
	e.set("caveats", uint64(c.Caveats), reassembly.CaveatName)
	e.text("history", c.History.String())
	e.int("transactions", c.Transactions)
	e.int("complete", c.Complete)
	e.bool("encrypted", c.Encrypted)
	e.flow("from_client", &c.Flow[reassembly.Client])
	e.flow("from_server", &c.Flow[reassembly.Server])
	e.surplus(c)
	e.text("closed_by", closedBy(c))
	e.text("close", closeName(c.Why))
	e.bool("open", c.Open())
	e.close('}')
}

// flow is what one side sent.
func (e *encoder) flow(k string, f *reassembly.Flow) {
	e.object(k)
	e.uint("packets", uint64(f.Packets)+uint64(f.Duplicates))
	e.uint("segments", uint64(f.Segments))
	e.uint("pure_acks", uint64(f.PureACKs))
	e.uint("bytes", f.Bytes)
	e.uint("resent_bytes", f.Resent)
	e.uint("missing_bytes", f.Missing)
	e.uint("retransmissions", uint64(f.Retransmissions))
	e.uint("spurious", uint64(f.Spurious))
	e.uint("out_of_order", uint64(f.OutOfOrder))
	e.uint("duplicates", uint64(f.Duplicates))
	e.uint("zero_windows", uint64(f.ZeroWindows))
	e.ms("rtt_ms", f.MinRTT)
	e.close('}')
}

// surplus lists the messages behind which more came than they declared.
func (e *encoder) surplus(c *timeline.Connection) {
	e.array("surplus")
	for i := range c.Surplus {
		s := &c.Surplus[i]
		e.object("")
		e.int("index", s.Index)
		e.text("from", s.Side.String())
		e.declared("declared", s.Declared)
		e.uint("bytes", s.Bytes)
		e.frame("first", s.First)
		e.close('}')
	}
	e.close(']')
}

// closedBy is the side that closed first, as far as the capture shows it.
func closedBy(c *timeline.Connection) string {
	if side, _, ok := c.Teardown.First(); ok {
		return side.String()
	}
	return "none"
}

// closeName is the reason of a connection's end as records name it.
func closeName(why reassembly.Reason) string {
	if why == reassembly.Closed {
		return "fin"
	}
	return why.String()
}
