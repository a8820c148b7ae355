package reassembly

import "testing"

// Whose data come from another stack than the SYN-ACK did not answer the SYN;
// paths of one host that differ by some hops prove nothing.
func TestAnsweredMidway(t *testing.T) {
	for _, tt := range []struct {
		name                 string
		syn, ack, data, want uint8 // TTL of the SYN-ACK, the ACK, the data, and the flow's
		midway               bool
	}{
		{"another stack", 239, 239, 48, 48, true},
		{"one that starts at 128", 52, 52, 113, 113, true},
		{"an ACK alone", 239, 48, 239, 239, false},
		{"another path", 58, 59, 59, 58, false},
		{"the same", 64, 64, 64, 64, false},
	} {
		w := newWire(t, Config{})
		w.send(ms, Client, seg{flags: syn})
		w.send(ms, Server, seg{flags: synack, ack: 1, ttl: tt.syn})
		w.send(ms, Client, seg{flags: ack, seq: 1, ack: 1})
		w.send(ms, Client, seg{flags: psh, seq: 1, ack: 1, data: "request"})
		w.send(ms, Server, seg{flags: ack, seq: 1, ack: 8, ttl: tt.ack})
		w.send(ms, Server, seg{flags: psh, seq: 1, ack: 8, data: "response", ttl: tt.data})
		w.send(ms, Server, seg{flags: psh, seq: 9, ack: 8, data: "injected", ttl: 128})
		c := w.only().rec
		if (c.Caveats&AnsweredMidway != 0) != tt.midway || c.Flow[Server].TTL != tt.want {
			t.Errorf("%s: caveats %v, TTL %d", tt.name, c.Caveats.Names(), c.Flow[Server].TTL)
		}
	}
}
