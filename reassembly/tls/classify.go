package tls

// progress is how far the handshake has come, as far as the wire shows it.
type progress struct {
	retrying    bool // HelloRetryRequest seen, the ServerHello not yet
	full        bool // up to TLS 1.2: a message that resumption leaves out
	abbreviated bool // up to TLS 1.2: the server's ChangeCipherSpec came without one
	clientKey   bool // ClientKeyExchange: no TLS 1.3
	helloCut    bool // the ClientHello was not read to its end
	inferred    bool // TLS 1.3 by its shape, the ServerHello missing
	over        bool // both sides have finished

	earlyOver      bool // no early data may come any more
	serverFinished bool // a record of Finished's size ended the server's flight
	serverData     bool // the server has sent application data
	firstFlight    bool // the tickets came before the client's Finished

	tickets      uint8  // guessed so far
	clientFlight uint8  // encrypted handshake records of the client
	serverFlight uint8  // of the server
	ticketLen    uint16 // length of the first ticket's record
	serverBytes  uint32 // length of the server's flight
}

// Sizes of TLS 1.3 records of known content, less the tag.
const (
	alertPlain    = 2 + 1     // RFC 8446 §6
	endEarlyPlain = 4 + 1     // EndOfEarlyData, §4.5
	noCertPlain   = 4 + 4 + 1 // a Certificate with no certificate in it, §4.4.2
	noCertLen     = 4 + 4     // the message alone

	// The smallest NewSessionTicket in use has an 8 byte nonce and a ticket
	// of 32 bytes (OpenSSL, sessions kept at the server): 57 bytes and the
	// record's 17. BoringSSL packs two of 250 bytes into one record, and
	// ticket contents grow with names and certificates.
	minTicket  = 74
	maxTicket  = 1300
	maxTickets = 4
	// ticketSlack is what a ticket may take beyond twice the time from
	// ClientHello to ServerHello, in ns.
	ticketSlack = 20e6

	// A server's flight longer than this means that the client's answer was
	// not captured.
	maxServerFlight = 64 << 10
	maxServerCount  = 32
)

// classify says what the record that starts in direction i holds, from its
// outer type, its length and its place.
func (c *Conn) classify(i int, kind uint8, length int) (k Kind, unsure bool) {
	s := &c.side[i]
	if s.is(alerted) {
		s.flags = s.flags&^alerted | alertWrong
	}
	switch kind {
	case typeCCS:
		c.changeCipherSpec(i)
		return ChangeCipherSpec, false
	case typeAlert:
		return Alert, false
	case typeHandshake:
		if s.is(ccs) && !c.is13() {
			return HandshakeEncrypted, false
		}
		return HandshakePlain, false
	case typeData:
		k, unsure = c.opaque(i, length)
		if k == Data {
			c.noteData(i, length)
		}
		return k, unsure
	}
	return Other, false
}

func (c *Conn) changeCipherSpec(i int) {
	s, p := &c.side[i], &c.progress
	if i == server && !s.is(ccs|gapped) && !c.facts.ServerHello.IsZero() && !c.is13() && !p.full {
		p.abbreviated = true
	}
	s.flags |= ccs
}

// noteData keeps what application data say about the handshake and HTTP/2.
func (c *Conn) noteData(i, length int) {
	f := &c.facts
	if i == server {
		c.progress.serverData = true
	} else if f.FirstData.IsZero() {
		f.FirstData = c.side[client].began
		srv := &c.side[server]
		f.FalseStart = !f.ServerHello.IsZero() && !c.is13() && !srv.is(ccs|gapped)
		f.EarlySent = c.facts.EarlyOffered && !c.progress.over && !c.progress.earlyOver
	}
	c.shape.note(i, length-1-c.tag())
}

// opaque judges a record of outer type 23.
func (c *Conn) opaque(i, length int) (k Kind, unsure bool) {
	c.infer()
	early := c.facts.EarlyOffered && c.facts.Version == 0
	if !c.is13() && !early {
		return Data, false
	}
	s := &c.side[i]
	if length == alertPlain+c.tag() {
		if s.is(alertWrong) {
			return Data, true
		}
		s.flags |= alerted
		return Alert, true
	}
	if i == client {
		return c.clientOpaque(length), false
	}
	return c.serverOpaque(length)
}

// infer takes a handshake whose ServerHello was not captured for TLS 1.3 if
// the client offered that and data come though neither side has sent what
// TLS 1.2 needs before.
func (c *Conn) infer() {
	f, p := &c.facts, &c.progress
	if f.Version != 0 || f.ClientHello.IsZero() || f.MaxVersion < Version13 || f.EarlyOffered {
		return
	}
	p.inferred = !p.clientKey && !p.full && !c.side[client].is(sealed) && !c.side[server].is(sealed)
}

// clientOpaque: early data, then the client's flight up to its Finished, then
// data.
func (c *Conn) clientOpaque(length int) Kind {
	p := &c.progress
	if p.over {
		return Data
	}
	if c.facts.EarlyOffered && !p.earlyOver {
		return c.earlyOpaque(length)
	}
	p.clientFlight++
	switch {
	case c.isFinished(length):
		p.over = true
	case c.side[client].is(gapped):
		p.over = true // it was in the gap
		return Data
	case p.clientFlight == 1:
		p.over = c.isFinished(length - noCertLen)
	case p.clientFlight == 2 && length != noCertPlain+c.tag() && c.isVerify(length):
	default:
		// No Finished where one had to come: the first record held it.
		p.over = true
		return Data
	}
	return HandshakeEncrypted
}

// earlyOpaque: what the client sends while early data may come. They end with
// EndOfEarlyData if the server accepted them, at once with Finished if not.
func (c *Conn) earlyOpaque(length int) Kind {
	p := &c.progress
	answered := !c.facts.ServerHello.IsZero()
	switch {
	case answered && length == endEarlyPlain+c.tag():
		p.earlyOver = true
		c.facts.EarlyAccepted = true
		return HandshakeEncrypted
	case answered && c.isFinished(length):
		p.earlyOver, p.over = true, true
		return HandshakeEncrypted
	}
	return Data
}

// serverOpaque: the server's flight until the client has finished, then
// tickets, then data.
func (c *Conn) serverOpaque(length int) (Kind, bool) {
	p := &c.progress
	if p.clientFlight > 0 {
		// The client speaks only after the server's Finished, and the
		// server then only after the client's.
		p.over = true
	}
	if p.over || p.serverFinished || p.serverFlight >= maxServerCount || p.serverBytes > maxServerFlight {
		return c.afterFinished(length)
	}
	// Something of Finished's size can also be EncryptedExtensions: only what
	// comes behind a certificate or, resumed, behind another record counts.
	p.serverFinished = c.isFinished(length) && p.serverFlight > 0 &&
		(c.facts.PSKSelected || p.serverBytes > 300)
	p.serverFlight++
	p.serverBytes += uint32(length)
	return HandshakeEncrypted, false
}

// afterFinished tells tickets from the server's first data.
func (c *Conn) afterFinished(length int) (Kind, bool) {
	f, p := &c.facts, &c.progress
	if p.serverData || !f.PSKModes || p.tickets >= maxTickets || p.firstFlight && p.over {
		return Data, false
	}
	if c.Offers("h2") && isSettings(length-1-c.tag()) {
		return Data, false
	}
	if p.over {
		limit := 2*f.ServerHello.Sub(f.ClientHello) + ticketSlack
		if f.Finished.IsZero() || c.side[server].began.Sub(f.Finished) > limit {
			return Data, false
		}
	}
	if length < minTicket || length > maxTicket || p.tickets > 0 && uint16(length) != p.ticketLen {
		return Data, false
	}
	p.tickets++
	p.ticketLen = uint16(length)
	p.firstFlight = !p.over
	return Ticket, !f.FirstData.IsZero()
}

// tag is the length of the cipher suite's authentication tag in bytes.
func (c *Conn) tag() int {
	if c.facts.Cipher == 0x1305 { // TLS_AES_128_CCM_8_SHA256, RFC 8446 §B.4
		return 8
	}
	return 16
}

// isFinished reports whether a record of TLS 1.3 has the length of one with a
// Finished in it, which holds a hash of the cipher suite's kind.
func (c *Conn) isFinished(length int) bool {
	sha256 := length == 4+32+1+c.tag()
	sha384 := length == 4+48+1+c.tag()
	switch c.facts.Cipher {
	case 0:
		return sha256 || sha384
	case 0x1302: // TLS_AES_256_GCM_SHA384
		return sha384
	}
	return sha256
}

// isVerify reports whether a record has the length of one with a
// CertificateVerify in it (RFC 8446 §4.4.3): header, scheme, length and a
// signature by a key of a usual size.
func (c *Conn) isVerify(length int) bool {
	switch sig := length - 4 - 4 - 1 - c.tag(); sig {
	case 64, // Ed25519
		114,           // Ed448
		256, 384, 512: // RSA
		return true
	default: // ECDSA in DER, over P-256, P-384, P-521
		return sig >= 68 && sig <= 72 || sig >= 100 && sig <= 104 || sig >= 136 && sig <= 139
	}
}
