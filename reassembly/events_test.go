package reassembly

import (
	"testing"

	"connlint/capture"
)

func stamps(val, ecr uint32) capture.Options {
	return capture.Options{Set: capture.OptTimestamps, TSVal: val, TSEcr: ecr}
}

func sacked(blocks ...int) (o capture.Options) {
	o.Set = capture.OptSACK
	for i := 0; i < len(blocks); i += 2 {
		o.SACK[o.SACKBlocks] = capture.Block{Left: capture.Seq(1000 + blocks[i]), Right: capture.Seq(1000 + blocks[i+1])}
		o.SACKBlocks++
	}
	return o
}

// Each case is what follows a handshake, and what the last segment of it is.
func TestEvents(t *testing.T) {
	const any = ^Events(0)
	c := func(w *wire, d int64, g seg) { w.send(d, Client, g) }
	s := func(w *wire, d int64, g seg) { w.send(d, Server, g) }
	for _, tt := range []struct {
		name  string
		steps func(*wire)
		want  Events
		mask  Events // the events that matter
	}{
		{"new data", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 1, ack: 1, fill: 100})
		}, Data, any},
		{"its acknowledgement", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			s(w, ms, seg{flags: ack, seq: 1, ack: 101})
		}, PureACK, any},
		{"a retransmission", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			c(w, 200*ms, seg{flags: psh, seq: 1, ack: 1, fill: 100})
		}, Data | Retransmission, any},
		{"the same packet twice", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 1, ack: 1, fill: 100, ipid: 7})
			c(w, us, seg{flags: psh, seq: 1, ack: 1, fill: 100, ipid: 7})
		}, Data | Duplicate, any},
		{"the same packet twice, another between", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 1, ack: 1, fill: 100, ipid: 7})
			c(w, us, seg{flags: psh, seq: 101, ack: 1, fill: 100, ipid: 8})
			c(w, us, seg{flags: psh, seq: 1, ack: 1, fill: 100, ipid: 7})
		}, Data | Duplicate, any},
		{"without identification, the same timestamp", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 1, ack: 1, fill: 100, ipid: -1, opt: stamps(5, 5)})
			c(w, us, seg{flags: psh, seq: 1, ack: 1, fill: 100, ipid: -1, opt: stamps(5, 5)})
		}, Data | Duplicate, any},
		{"without identification, another timestamp", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 1, ack: 1, fill: 100, ipid: -1, opt: stamps(5, 5)})
			c(w, 200*ms, seg{flags: psh, seq: 1, ack: 1, fill: 100, ipid: -1, opt: stamps(205, 5)})
		}, Data | Retransmission, any},
		{"retransmitted though acknowledged", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			s(w, ms, seg{flags: ack, seq: 1, ack: 101})
			c(w, ms, seg{flags: psh, seq: 1, ack: 1, fill: 100})
		}, Data | Retransmission | Spurious, any},
		{"data behind a hole", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 101, ack: 1, fill: 100})
		}, Data | Jump, any},
		{"overtaken by the next packet", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 101, ack: 1, fill: 100, ipid: 9})
			c(w, 6*ms, seg{flags: psh, seq: 1, ack: 1, fill: 100, ipid: 8})
		}, Data | OutOfOrder | FillsGap, any},
		{"overtaken, told by the time alone", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 101, ack: 1, fill: 100, ipid: -1})
			c(w, 6*ms, seg{flags: psh, seq: 1, ack: 1, fill: 100, ipid: -1})
		}, Data | OutOfOrder | FillsGap, any},
		{"a repair one round trip later", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 101, ack: 1, fill: 100, ipid: 8})
			c(w, 11*ms, seg{flags: psh, seq: 1, ack: 1, fill: 100, ipid: 9})
		}, Data | Retransmission | FillsGap, any},
		{"a repair that goes beyond what was seen", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 101, ack: 1, fill: 100})
			c(w, 11*ms, seg{flags: psh, seq: 1, ack: 1, fill: 300})
		}, Data | Retransmission | FillsGap, any},
		{"an ACK that runs ahead of its data in the capture", func(w *wire) {
			s(w, ms, seg{flags: ack, seq: 1, ack: 101})
			c(w, 100*us, seg{flags: psh, seq: 1, ack: 1, fill: 100})
		}, Data | FillsGap, any},
		{"an ACK of what was never seen", func(w *wire) {
			s(w, ms, seg{flags: ack, seq: 1, ack: 101})
		}, PureACK | AckUnseen, any},
		{"an ACK behind bytes that were never seen", func(w *wire) {
			c(w, ms, seg{flags: ack, seq: 101, ack: 1})
		}, PureACK | Jump, PureACK | Jump},
		{"a keep-alive probe", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			s(w, ms, seg{flags: ack, seq: 1, ack: 101})
			c(w, 45000*ms, seg{flags: ack, seq: 100, ack: 1})
		}, KeepAliveProbe, any},
		{"a keep-alive probe with a byte", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			s(w, ms, seg{flags: ack, seq: 1, ack: 101})
			c(w, 45000*ms, seg{flags: ack, seq: 100, ack: 1, fill: 1})
		}, KeepAliveProbe, any},
		{"a server that never sent anything probes", func(w *wire) {
			s(w, 45000*ms, seg{flags: ack, seq: 0, ack: 1})
		}, KeepAliveProbe, any},
		{"its answer", func(w *wire) {
			s(w, 45000*ms, seg{flags: ack, seq: 0, ack: 1})
			c(w, us, seg{flags: ack, seq: 1, ack: 1})
		}, PureACK, any},
		{"not a probe: the byte is not acknowledged", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			c(w, 200*ms, seg{flags: ack, seq: 100, ack: 1, fill: 1})
		}, Data | Retransmission, any},
		{"a window that shuts", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			s(w, ms, seg{flags: ack, seq: 1, ack: 101, win: -1})
		}, PureACK | ZeroWindow, any},
		{"a probe of it", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			s(w, ms, seg{flags: ack, seq: 1, ack: 101, win: -1})
			c(w, 200*ms, seg{flags: ack, seq: 100, ack: 1})
		}, ZeroWindowProbe, any},
		{"a probe of it with the next byte, twice", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			s(w, ms, seg{flags: ack, seq: 1, ack: 101, win: -1})
			c(w, 200*ms, seg{flags: ack, seq: 101, ack: 1, fill: 1})
			c(w, 400*ms, seg{flags: ack, seq: 101, ack: 1, fill: 1})
		}, Data | ZeroWindowProbe, any},
		{"a window that opens again", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			s(w, ms, seg{flags: ack, seq: 1, ack: 101, win: -1})
			s(w, 500*ms, seg{flags: ack, seq: 1, ack: 101})
		}, PureACK | WindowUpdate, any},
		{"a window that grows with an acknowledgement", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			s(w, ms, seg{flags: ack, seq: 1, ack: 101, win: 500})
		}, PureACK, any},
		{"a duplicate ACK", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			c(w, ms, seg{flags: psh, seq: 101, ack: 1, fill: 100})
			s(w, ms, seg{flags: ack, seq: 1, ack: 101})
			s(w, ms, seg{flags: ack, seq: 1, ack: 101})
		}, PureACK | DupACK, any},
		{"not one: another window", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			c(w, ms, seg{flags: psh, seq: 101, ack: 1, fill: 100})
			s(w, ms, seg{flags: ack, seq: 1, ack: 101})
			s(w, ms, seg{flags: ack, seq: 1, ack: 101, win: 60000})
		}, PureACK | WindowUpdate, any},
		{"not one: nothing is in flight", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			s(w, ms, seg{flags: ack, seq: 1, ack: 101})
			s(w, ms, seg{flags: ack, seq: 1, ack: 101})
		}, PureACK, any},
		{"not one: an older ACK that was overtaken", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			c(w, ms, seg{flags: psh, seq: 101, ack: 1, fill: 100})
			s(w, ms, seg{flags: ack, seq: 1, ack: 101, win: 500})
			s(w, ms, seg{flags: ack, seq: 1, ack: 51, win: 600})
		}, PureACK, any},
		{"bytes reported to have come twice", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			c(w, 200*ms, seg{flags: psh, seq: 1, ack: 1, fill: 100})
			s(w, ms, seg{flags: ack, seq: 1, ack: 101, opt: sacked(1, 101)})
		}, PureACK | DSACK, any},
		{"twice above the cumulative ACK", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 101, ack: 1, fill: 300})
			s(w, ms, seg{flags: ack, seq: 1, ack: 1, opt: sacked(201, 301, 101, 401)})
		}, PureACK | DSACK, PureACK | DSACK},
		{"selective acknowledgement, nothing twice", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 101, ack: 1, fill: 300})
			s(w, ms, seg{flags: ack, seq: 1, ack: 1, opt: sacked(201, 401, 101, 151)})
		}, PureACK, PureACK | DSACK},
		{"longer than the MSS", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 1, ack: 1, fill: 1461})
		}, Data | SuperSegment, any},
		{"as long as the MSS", func(w *wire) {
			c(w, ms, seg{flags: psh, seq: 1, ack: 1, fill: 1460})
		}, Data, any},
		{"the SYN again", func(w *wire) {
			c(w, ms, seg{flags: syn})
		}, SYNRepeated, any},
		{"a copy of an ACK", func(w *wire) {
			c(w, ms, seg{flags: ack, seq: 1, ack: 1, ipid: 9})
			c(w, us, seg{flags: ack, seq: 1, ack: 1, ipid: 9})
		}, PureACK | Duplicate, any},
		{"a copy of a FIN", func(w *wire) {
			c(w, ms, seg{flags: finack, seq: 1, ack: 1, ipid: 9})
			c(w, us, seg{flags: finack, seq: 1, ack: 1, ipid: 9})
		}, Duplicate, any},
		{"a reset beyond any window", func(w *wire) {
			s(w, ms, seg{flags: rst, seq: 1 << 20})
		}, OutOfWindowReset, any},
		{"data at the other end of the sequence space", func(w *wire) {
			s(w, ms, seg{flags: ack, seq: 1<<30 + 2, ack: 1, fill: 10})
		}, Stray, any},
		{"a SYN-ACK at another number", func(w *wire) {
			s(w, ms, seg{flags: synack, seq: 77, ack: 1})
		}, SYNRepeated | Stray, any},
		{"data behind the FIN", func(w *wire) {
			s(w, ms, seg{flags: finack, seq: 1, ack: 1})
			s(w, ms, seg{flags: ack, seq: 2, ack: 1, fill: 10})
		}, Stray, any},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(t, Config{})
			w.shake()
			tt.steps(w)
			if got := w.log.last.Events & tt.mask; got != tt.want {
				t.Errorf("events %b, want %b: too many %b, missing %b", got, tt.want, got&^tt.want, tt.want&^got)
			}
			w.only()
		})
	}
}
