package tls

// Verdict is an answer with its certainty.
type Verdict uint8

// The verdicts, from none to certain.
const (
	Undecided Verdict = iota // not enough seen
	No
	Unlikely
	Likely
	Yes
)

// String is the name that reports show.
func (v Verdict) String() string {
	names := [...]string{"undecided", "no", "unlikely", "likely", "yes"}
	if int(v) < len(names) {
		return names[v]
	}
	return "invalid"
}

// shape is what the sizes of the first application data records say about
// HTTP/2. Lengths are of the plaintext if TLS 1.3 is not padded.
type shape struct {
	serverFirst              uint16
	clientCount, serverCount uint8 // records, up to 255
	serverSpokeFirst         bool
	clientAck, serverAck     bool // a record of 9 bytes: an empty frame, SETTINGS ACK
}

// Frames of HTTP/2 that start a connection (RFC 9113 §3.4, §6.5, §6.9).
const (
	frameHeader  = 9
	setting      = 6
	windowUpdate = frameHeader + 4
	// maxStart is the most that counts as a server's SETTINGS: an HTTP/1.1
	// response with nothing but a status line and Date has 64 bytes.
	maxStart = 63
	// ackWithin is how many records into a direction SETTINGS ACK still counts.
	ackWithin = 8
)

func (s *shape) note(i, plain int) {
	plain = max(plain, 0)
	if i == client {
		s.clientAck = s.clientAck || plain == frameHeader && s.serverCount > 0 &&
			s.clientCount > 0 && s.clientCount < ackWithin
		s.clientCount = bump(s.clientCount)
		return
	}
	if s.serverCount == 0 {
		s.serverFirst = uint16(plain)
		s.serverSpokeFirst = s.clientCount == 0
	}
	s.serverAck = s.serverAck || plain == frameHeader && s.serverCount < ackWithin
	s.serverCount = bump(s.serverCount)
}

func bump(n uint8) uint8 {
	if n < 255 {
		n++
	}
	return n
}

// isSettings reports whether n bytes can be what an HTTP/2 server says first:
// SETTINGS, perhaps with WINDOW_UPDATE, SETTINGS ACK or both behind.
func isSettings(n int) bool {
	for _, more := range [...]int{0, windowUpdate, frameHeader, windowUpdate + frameHeader} {
		if k := n - frameHeader - more; n <= maxStart && k >= 0 && k%setting == 0 {
			return true
		}
	}
	return false
}

// HTTP2 judges whether the connection speaks HTTP/2.
//
// Without "h2" in the client's ALPN list it does not (RFC 9113 §3.2). Up to
// TLS 1.2 the server's choice is in its hello. In TLS 1.3 the choice is
// encrypted, and the sizes of the first records decide: an HTTP/2 server
// starts with SETTINGS, often before it has a request, where an HTTP/1 server
// never speaks first and hardly ever with so few bytes; each side confirms
// the other's SETTINGS with an empty frame of 9 bytes, which HTTP/1 has no
// use for. Likely needs two of these four signs; with one the verdict is
// open for the first records. (The size of the client's preface is no sign:
// a GET can have any.) A client that offers "h2" alone makes it Likely by
// itself.
func (c *Conn) HTTP2() Verdict {
	if c.facts.ClientHello.IsZero() {
		return Undecided
	}
	if !c.Offers("h2") {
		if c.progress.helloCut {
			return Undecided
		}
		return No
	}
	switch {
	case c.facts.Version != 0 && !c.is13():
		if string(c.Chosen()) == "h2" {
			return Yes
		}
		return No
	case c.offersOnlyH2() && c.progress.over:
		return Likely
	case c.shape.clientCount == 0 || c.shape.serverCount == 0:
		return Undecided
	}
	return c.shape.verdict()
}

func (s *shape) verdict() Verdict {
	settings, signs := isSettings(int(s.serverFirst)), 0
	for _, sign := range [...]bool{settings, settings && s.serverSpokeFirst, s.clientAck, s.serverAck} {
		if sign {
			signs++
		}
	}
	switch {
	case signs >= 2:
		return Likely
	case signs == 1 && s.clientCount < ackWithin && s.serverCount < ackWithin:
		return Undecided
	}
	return Unlikely
}

func (c *Conn) offersOnlyH2() bool {
	for p := range c.Protocols {
		if string(p) != "h2" {
			return false
		}
	}
	return c.offered.n > 0
}
