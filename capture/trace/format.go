package trace

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"connlint/capture"
)

// Format writes the trace as text that Parse reads back to the same packets:
// encoded, the two traces have the same bytes. What follows by itself is left
// out, so numbers stand only where something happened.
func (t *Trace) Format(w io.Writer) error {
	f := formatter{trace: t, file: bufio.NewWriter(w)}
	f.head()
	marks, connections := t.Marks, t.Connections
	for i := range t.Packets {
		p := &t.Packets[i]
		for len(connections) > 0 && connections[0].Line < p.Line {
			marks = f.remarks(marks, connections[0].Line+1)
			f.connection(&connections[0])
			connections = connections[1:]
		}
		marks = f.remarks(marks, p.Line)
		f.packet(i, p)
		if len(marks) > 0 && marks[0].Line == p.Line {
			fmt.Fprintf(&f.out, "  # %s", marks[0].Text)
			marks = marks[1:]
		}
		f.end()
	}
	for i := range connections {
		f.connection(&connections[i])
	}
	f.remarks(marks, int(^uint(0)>>1))
	return f.file.Flush()
}

// formatter is a trace on its way into text.
type formatter struct {
	trace *Trace
	file  *bufio.Writer
	out   bytes.Buffer // the line in hand
	flows []*flow
	now   int64 // time of the last line, ns since the start
}

// end writes the line in hand, without the spaces that stand for nothing.
func (f *formatter) end() {
	f.file.Write(bytes.TrimRight(f.out.Bytes(), " "))
	f.file.WriteByte('\n')
	f.out.Reset()
}

func (f *formatter) head() {
	if start := f.trace.Start.Format(time.RFC3339Nano); start != DefaultStart {
		fmt.Fprintf(&f.out, "start %s", start)
		f.end()
	}
	if f.trace.SnapLen > 0 {
		fmt.Fprintf(&f.out, "snaplen %d", f.trace.SnapLen)
		f.end()
	}
}

// remarks writes the comments of the lines before line, and returns the rest.
func (f *formatter) remarks(marks []Mark, line int) []Mark {
	for len(marks) > 0 && marks[0].Line < line {
		fmt.Fprintf(&f.out, "# %s", marks[0].Text)
		f.end()
		marks = marks[1:]
	}
	return marks
}

func (f *formatter) connection(c *Connection) {
	f.out.WriteString("conn ")
	if c.Label != "" {
		f.out.WriteString(c.Label + " ")
	}
	fmt.Fprintf(&f.out, "%v > %v", c.Client, c.Server)
	if c.ISN != defaultISN(len(f.flows)) {
		fmt.Fprintf(&f.out, " isn=%d:%d", c.ISN[Client], c.ISN[Server])
	}
	f.end()
	f.flows = append(f.flows, newFlow(c))
}

func (f *formatter) packet(i int, p *Packet) {
	ns := p.Time - f.trace.Start.UnixNano()
	flow := f.flows[p.Connection]
	direction := f.trace.Connections[p.Connection].Label + string("><"[p.Side])
	fmt.Fprintf(&f.out, "%-6s %s ", since(ns-f.now), direction)
	f.now = ns
	f.segment(flow, p, ns)
	if p.Dropped {
		f.out.WriteString(" drop")
	}
	if p.Lost {
		f.out.WriteString(" lost")
	}
	flow.advance(i, p, ns)
}

// segment writes p from the flags on: as a repetition, if it is one.
func (f *formatter) segment(flow *flow, p *Packet, ns int64) {
	me := &flow.ends[p.Side]
	// The IPv4 identification tells a copy from a retransmission; 0 does not
	// (RFC 6864 §4.1).
	if me.last >= 0 && p.IPID != 0 && same(&p.Segment, &f.trace.Packets[me.last].Segment) {
		f.out.WriteString("dup")
		return
	}
	if n := f.repeats(flow, p, ns); n > 0 {
		f.out.WriteString("retrans")
		if n > 1 {
			fmt.Fprintf(&f.out, "=%d", n)
		}
		old := &f.trace.Packets[me.fresh[len(me.fresh)-n]].Segment
		f.header(flow, p, flow.again(p.Side, old, ns), ns)
		return
	}
	flags := p.Flags.String()
	if flags == "" {
		flags = "-"
	}
	fmt.Fprintf(&f.out, "%-2s", flags)
	f.header(flow, p, flow.expect(p.Side, p.Flags, ns), ns)
	f.payload(flow, p)
}

// repeats is which of the sender's last fresh segments p sends again, 1 the
// last; 0 is none. It looks back no further than one window usually reaches.
func (f *formatter) repeats(flow *flow, p *Packet, ns int64) int {
	const reach = 64
	me := &flow.ends[p.Side]
	for n := 1; n <= min(reach, len(me.fresh)); n++ {
		old := &f.trace.Packets[me.fresh[len(me.fresh)-n]].Segment
		if old.Seq != p.Seq || old.Len != p.Len || old.Flags != p.Flags {
			continue
		}
		again := flow.again(p.Side, old, ns)
		again.Ack, again.Window, again.TTL, again.IPID = p.Ack, p.Window, p.TTL, p.IPID
		again.Src, again.Dst = p.Src, p.Dst
		again.Options.Set = again.Options.Set&^stated | p.Options.Set&stated
		again.Options.TSVal, again.Options.TSEcr = p.Options.TSVal, p.Options.TSEcr
		again.Options.SACK, again.Options.SACKBlocks = p.Options.SACK, p.Options.SACKBlocks
		if same(&again, &p.Segment) {
			return n
		}
	}
	return 0
}

// stated are the options that a retransmission has anew.
const stated = capture.OptTimestamps | capture.OptSACK

// same reports whether two packets are copies.
func same(a, b *capture.Segment) bool {
	return a.Src == b.Src && a.Dst == b.Dst && a.Seq == b.Seq && a.Ack == b.Ack &&
		a.Flags == b.Flags && a.TTL == b.TTL && a.IPID == b.IPID && a.Window == b.Window &&
		a.Options == b.Options && a.Len == b.Len && slices.Equal(a.Payload, b.Payload)
}

// since writes a distance in time in the largest unit that it fills.
func since(ns int64) string {
	sign := byte('+')
	if ns < 0 {
		sign, ns = '-', -ns
	}
	text := []byte{sign}
	unit, name := int64(1), "ns"
	switch {
	case ns == 0:
		return "+0"
	case ns >= int64(time.Second):
		unit, name = int64(time.Second), "s"
	case ns >= int64(time.Millisecond):
		unit, name = int64(time.Millisecond), "ms"
	case ns >= int64(time.Microsecond):
		unit, name = int64(time.Microsecond), "us"
	}
	text = strconv.AppendInt(text, ns/unit, 10)
	if rest := ns % unit; rest > 0 {
		text = append(text, '.')
		for rest > 0 {
			unit /= 10
			text = append(text, '0'+byte(rest/unit))
			rest %= unit
		}
	}
	return string(append(text, name...))
}
