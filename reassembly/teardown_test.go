package reassembly

import "testing"

// TestHalfClosed follows one FIN: sent, acknowledged, and what it counts as
// before and after.
func TestHalfClosed(t *testing.T) {
	w := newWire(t, Config{})
	w.shake()
	w.send(ms, Server, seg{flags: psh, seq: 1, ack: 1, data: "hello"})
	w.send(0, Server, seg{flags: finack, seq: 6, ack: 1})
	c := w.log.conn
	if n := c.Flow[Server].Unacked(); n != 5 || c.FINAcked(Server) {
		t.Errorf("before the ACK: %d bytes unacknowledged, want 5; FIN acknowledged %v", n, c.FINAcked(Server))
	}
	w.send(ms, Client, seg{flags: ack, seq: 1, ack: 6})
	if n := c.Flow[Server].Unacked(); n != 0 || c.FINAcked(Server) {
		t.Errorf("the bytes acknowledged: %d left, want 0; FIN acknowledged %v", n, c.FINAcked(Server))
	}
	w.send(ms, Client, seg{flags: ack, seq: 1, ack: 7})
	if !c.FINAcked(Server) || c.FINAcked(Client) {
		t.Errorf("FIN acknowledged: server's %v, want true; client's, which sent none, %v", c.FINAcked(Server), c.FINAcked(Client))
	}
	w.send(ms, Client, seg{flags: rst, seq: 1})
	if c.Teardown.RSTTTL != 64 {
		t.Errorf("TTL of the RST: %d, want 64", c.Teardown.RSTTTL)
	}
}
