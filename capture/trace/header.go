package trace

import (
	"fmt"

	"connlint/capture"
)

// header writes what p has otherwise than expected.
func (f *formatter) header(flow *flow, p *Packet, expected capture.Segment, ns int64) {
	me, peer := &flow.ends[p.Side], &flow.ends[1-p.Side]
	f.options(&p.Options, &expected.Options)
	f.timestamps(p, &expected, me.clock, ns)
	if p.Seq != expected.Seq {
		fmt.Fprintf(&f.out, " seq=%+d", p.Seq.Sub(expected.Seq))
	}
	switch {
	case p.Ack == expected.Ack:
	case p.Flags.Has(capture.ACK):
		fmt.Fprintf(&f.out, " ack=%+d", p.Ack.Sub(expected.Ack))
	default: // a field that means nothing has nothing to be relative to
		fmt.Fprintf(&f.out, " ack=%d", uint32(p.Ack-peer.isn))
	}
	if p.Window != expected.Window {
		fmt.Fprintf(&f.out, " win=%d", p.Window)
	}
	f.sack(&p.Options, peer.isn)
	if p.TTL != expected.TTL {
		fmt.Fprintf(&f.out, " ttl=%d", p.TTL)
	}
	if p.HasIPID && p.IPID != expected.IPID {
		fmt.Fprintf(&f.out, " ipid=%d", p.IPID)
	}
}

// options writes the options of a handshake that expected has not.
func (f *formatter) options(o, expected *capture.Options) {
	set := o.Set &^ expected.Set
	if set&capture.OptMSS != 0 {
		fmt.Fprintf(&f.out, " mss=%d", o.MSS)
	}
	if set&capture.OptWindowScale != 0 {
		fmt.Fprintf(&f.out, " ws=%d", o.Scale)
	}
	if set&capture.OptSACKPermitted != 0 {
		f.out.WriteString(" sackok")
	}
	if set&capture.OptFastOpen != 0 {
		f.out.WriteString(" tfo")
		if o.FastOpenSize > 0 {
			fmt.Fprintf(&f.out, "=%d", o.FastOpenSize)
		}
	}
	switch {
	case set&capture.OptMPJoin != 0:
		f.out.WriteString(" mpjoin")
	case set&capture.OptMPTCP != 0:
		f.out.WriteString(" mptcp")
	}
}

func (f *formatter) timestamps(p *Packet, expected *capture.Segment, c clock, ns int64) {
	has, had := p.Options.Has(capture.OptTimestamps), expected.Options.Has(capture.OptTimestamps)
	if !has {
		if had {
			f.out.WriteString(" nots")
		}
		return
	}
	c.stamp(expected, ns)
	value := p.Options.TSVal != expected.Options.TSVal
	echo := p.Options.TSEcr != expected.Options.TSEcr
	if had && !value && !echo {
		return
	}
	f.out.WriteString(" ts")
	if value || echo {
		f.out.WriteByte('=')
	}
	if value {
		fmt.Fprintf(&f.out, "%d", p.Options.TSVal)
	}
	if echo {
		fmt.Fprintf(&f.out, ":%d", p.Options.TSEcr)
	}
}

func (f *formatter) sack(o *capture.Options, isn capture.Seq) {
	if !o.Has(capture.OptSACK) {
		return
	}
	separator := " sack="
	for _, b := range o.SACK[:o.SACKBlocks] {
		fmt.Fprintf(&f.out, "%s%d-%d", separator, uint32(b.Left-isn), uint32(b.Right-isn))
		separator = ","
	}
}

func (f *formatter) payload(flow *flow, p *Packet) {
	at := offset(&p.Segment, flow.ends[p.Side].isn)
	for _, part := range split(p.Payload, p.Len, at) {
		if part.n > 0 {
			fmt.Fprintf(&f.out, " len=%d", part.n)
		} else {
			f.out.WriteByte(' ')
			f.out.WriteString(quote(part.text))
		}
	}
	if kept, err := f.trace.kept(&p.Segment); err == nil && kept > len(p.Payload) {
		fmt.Fprintf(&f.out, " snap=%d", len(p.Payload))
	}
}
