package reassembly

// Config sets the limits of a [Tracker]. A zero field means its default.
// Times are in nanoseconds of capture time.
type Config struct {
	// Sniff tells from payload who sent it, for connections whose handshake
	// is not in the capture; ok is false if the bytes do not tell. Nil: the
	// ports decide.
	Sniff func(payload []byte) (sender Side, ok bool)

	Connections int // records in memory, open and remembered; default 1,048,576
	// Remembered is how many closed connections are kept for Remember, so
	// that a late packet does not open a ghost; default 65,536.
	Remembered     int
	BufferedFlow   int   // bytes waiting behind holes in one flow; default 8 MiB
	Buffered       int   // and in all; default 256 MiB
	Unacknowledged int   // segments remembered until their ACK, in all; default 1,048,576
	Linger         int64 // how long a closed connection is watched before it is reported; default 2 s
	Remember       int64 // and then remembered; default 120 s
	IdleLimit      int64 // silence after which an open connection is given up; default 1 h
	EmbryonicLimit int64 // the same for one whose SYN got no answer; default 150 s, which outlasts Linux' SYN retries
}

// WithDefaults is c with the defaults in place of what is zero.
func (c Config) WithDefaults() Config {
	const second = int64(1e9)
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	setTime := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&c.Connections, 1<<20)
	set(&c.Remembered, 1<<16)
	set(&c.BufferedFlow, 8<<20)
	set(&c.Buffered, 256<<20)
	set(&c.Unacknowledged, 1<<20)
	setTime(&c.Linger, 2*second)
	setTime(&c.Remember, 120*second)
	setTime(&c.IdleLimit, 3600*second)
	setTime(&c.EmbryonicLimit, 150*second)
	return c
}

// Stats counts what a tracker has done.
type Stats struct {
	Segments    uint64
	Connections uint64 // opened
	Open        uint64 // in memory and not yet reported
	Evicted     uint64 // given up because of a limit
	Late        uint64 // segments of connections already reported
	Copies      uint64 // segments set aside: seen before, or also seen from elsewhere
	HolesGiven  uint64 // holes given up because too much waited behind them
	Unseen      uint64 // payload bytes that their receiver acknowledged and the capture lacks
}
