package timeline

import (
	"testing"

	"connlint/capture"
	"connlint/reassembly"
)

const linux = capture.OptMSS | capture.OptSACKPermitted | capture.OptTimestamps | capture.OptWindowScale

// One host has one kind of SYN, whatever its sockets and routes ask for; hosts
// that share an address differ in their distance or in what they offer.
func TestKindsOfSYN(t *testing.T) {
	for _, c := range []struct {
		name  string
		flows []reassembly.Flow
		want  uint8
	}{
		{"one host", []reassembly.Flow{{TTL: 64, Options: linux, MSS: 1460, Scale: 7}, {TTL: 64, Options: linux, MSS: 1460, Scale: 7}}, 1},
		{"a socket with Fast Open, another buffer, another route",
			[]reassembly.Flow{{TTL: 64, Options: linux, MSS: 1460, Scale: 7}, {TTL: 64, Options: linux | capture.OptFastOpen, MSS: 1380, Scale: 2}}, 1},
		{"two distances", []reassembly.Flow{{TTL: 63, Options: linux}, {TTL: 62, Options: linux}}, 2},
		{"two systems", []reassembly.Flow{{TTL: 63, Options: linux}, {TTL: 63, Options: linux &^ capture.OptTimestamps}}, 2},
		{"nothing seen of it", []reassembly.Flow{{TTL: 63, Options: linux}, {}}, 1},
	} {
		var ks kinds
		for i := range c.flows {
			ks.see(&c.flows[i], reassembly.Client)
		}
		if ks.n != c.want {
			t.Errorf("%s: %d kinds, want %d", c.name, ks.n, c.want)
		}
	}
	var many kinds
	for ttl := range uint8(40) {
		many.see(&reassembly.Flow{TTL: ttl}, reassembly.Server)
	}
	if many.n != maxKinds {
		t.Errorf("%d kinds are kept, %d at most", many.n, maxKinds)
	}
}
