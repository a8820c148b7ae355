package timeline

import "connlint/reassembly/http1"

// Config sets the limits of a [Tracker]. A zero field means its default.
type Config struct {
	Pairs int // pairs followed at a time; default 65,536
	// Senders is how many senders' silences are explained at a time, 3.5 kB
	// each and up to 22 kB where a message stutters; default 65,536. Beyond
	// it a message's time has no finer cause than request or response.
	Senders int
	Hosts   int // hosts; default 4,096
	HTTP    http1.Limits
	Legs    int // requests under way that may be a leg of a path; default 8,192
}

// WithDefaults is c with the defaults in place of what is zero.
func (c Config) WithDefaults() Config {
	for _, x := range [...]struct {
		have  *int
		value int
	}{{&c.Pairs, 65536}, {&c.Senders, 65536}, {&c.Hosts, maxHosts}, {&c.Legs, 8192}} {
		if *x.have <= 0 {
			*x.have = x.value
		}
	}
	c.HTTP = c.HTTP.WithDefaults()
	return c
}

// Stats counts what a tracker has done.
type Stats struct {
	Transactions uint64
	PairsEvicted uint64
	Unexplained  uint64 // messages whose time has no finer cause, since a limit was reached
	HostsEvicted uint64
	Packets      Packets
	ACKs         ACKs
	LegsEvicted  uint64 // requests given up that might have been a leg of a path
	// MessagesDropped are HTTP messages left aside because their connection, or
	// all together, held too many.
	MessagesDropped uint64
}
