package reassembly

import "connlint/capture"

// joined is the latest TCP connection that joined another as a path of
// Multipath TCP (RFC 8684 §3.2). What the hosts say to each other travels on
// both from then on, and neither carries a stream that could be read. Most
// multipath connections have one path all their life, and nothing is wrong with
// these.
type joined struct {
	capture.Frame // its first packet
	ends          [2]capture.Endpoint
}

// multipath reports whether both sides agreed on Multipath TCP.
func (c *Connection) multipath() bool {
	return c.Flow[Client].Options&c.Flow[Server].Options&capture.OptMPTCP != 0
}

// joins reports whether the connection asked to join another, and was let to.
func (c *Connection) joins() bool {
	return c.multipath() && c.Flow[Client].Options&capture.OptMPJoin != 0
}

// splits sets the caveat of a connection that may be the one that was joined:
// its keys are not known, but a path that is added leads to the same server or
// comes from the same client.
func (j *joined) splits(c *Connection) {
	if c.multipath() && (j.ends[Server].Host() == c.Ends[Server].Host() || j.ends[Client].Host() == c.Ends[Client].Host()) {
		c.Caveats |= Multipath
	}
}
