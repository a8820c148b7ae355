package reassembly

// Caveats are what is wrong with the capture, not with the network, as far as
// one connection shows it. A finding made from a capture's own fault costs
// all trust, so rules declare which of these silence them.
type Caveats uint16

// The caveats.
const (
	MidConnection  Caveats = 1 << iota // the start is not in the capture
	OneDirection                       // one side's packets are not in the capture
	SnaplenCut                         // packets are cut short
	CaptureDrops                       // the receiver acknowledged bytes the capture lacks; or nothing came behind a hole in it
	SuperSegments                      // segments larger than the MSS: counts of packets mean little
	LimitReached                       // a limit of this program was reached
	Duplicated                         // packets appear more than once
	ClockSteps                         // the capture's clock was set, back or forward, in its life
	CoarseClock                        // the capture's clock ticks in milliseconds or more
	NATSuspected                       // the client's address stands for several hosts
	Misordered                         // an answer stands before what it answers, as its ACK numbers prove
	AnsweredMidway                     // something on the path answered the SYN in the server's name
	Multipath                          // other connections carry parts of its stream
)

var caveatNames = [...]string{
	"capture-starts-mid-connection", "one-direction-captured", "snaplen-truncated", "capture-drops",
	"super-segments", "limit-reached", "duplicate-packets-captured",
	"clock-steps", "coarse-clock", "nat-suspected", "packets-out-of-order", "handshake-by-middlebox",
	"multipath-tcp",
}

// Names are the caveats as they stand in reports, in a fixed order.
func (c Caveats) Names() []string {
	names := []string{}
	for i, n := range caveatNames {
		if c&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return names
}

// CaveatNames lists every caveat there is, for the published schema.
func CaveatNames() []string { return append([]string(nil), caveatNames[:]...) }

// CaveatName is the name of the caveat with that bit.
func CaveatName(bit int) string { return caveatNames[bit] }
