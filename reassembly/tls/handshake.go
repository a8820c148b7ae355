package tls

// Handshake message types (RFC 8446 §4, RFC 5246 §7.4).
const (
	helloClient    = 1
	helloServer    = 2
	msgCertificate = 11
	msgServerKey   = 12
	msgServerDone  = 14
	msgClientKey   = 16
	msgHighest     = 25 // CompressedCertificate, RFC 8879: none above it is sent in the clear
)

const (
	messageHeaderLen = 4
	maxHello         = 16 << 10 // bytes of a hello that are kept and read
	maxMessage       = 1 << 20  // longer ones are no handshake
)

// handshake takes bytes of a plain handshake record. Messages may span
// records and records may hold several messages (RFC 8446 §5.1). A hello is
// read in place when b has all of it and gathered otherwise; of other messages
// only the type matters.
func (c *Conn) handshake(i int, b []byte) {
	s := &c.side[i]
	for len(b) > 0 && !s.is(msgLost) {
		if s.skip > 0 {
			n := min(int(s.skip), len(b))
			s.skip -= uint32(n)
			b = b[n:]
			continue
		}
		if len(s.msg) == 0 {
			s.msgBegan = s.began
			if n := c.message(i, b); n > 0 {
				b = b[n:]
				continue
			}
		}
		b = c.gather(i, b)
	}
}

// gather adds to s.msg what a message still needs from b: its header first,
// then, for a hello, its body.
func (c *Conn) gather(i int, b []byte) []byte {
	s := &c.side[i]
	want := messageHeaderLen
	if len(s.msg) >= messageHeaderLen {
		want = keptLen(s.msg)
	}
	n := min(want-len(s.msg), len(b))
	s.msg = append(s.msg, b[:n]...)
	if c.message(i, s.msg) > 0 {
		s.msg = nil
	}
	return b[n:]
}

// keptLen is how much of the message that starts with header h is read:
// hellos up to a bound, of the others the header.
func keptLen(h []byte) int {
	if h[0] != helloClient && h[0] != helloServer {
		return messageHeaderLen
	}
	return messageHeaderLen + min(messageLen(h), maxHello)
}

func messageLen(h []byte) int { return int(h[1])<<16 | int(h[2])<<8 | int(h[3]) }

// message reads the message at the start of b if all that is wanted of it is
// there and returns how much that is, else 0.
func (c *Conn) message(i int, b []byte) int {
	if len(b) < messageHeaderLen {
		return 0
	}
	s := &c.side[i]
	if b[0] > msgHighest || messageLen(b) > maxMessage {
		s.flags |= msgLost
		return len(b)
	}
	n := keptLen(b)
	if len(b) < n {
		return 0
	}
	s.skip = uint32(messageLen(b) - (n - messageHeaderLen))
	c.progress.helloCut = c.progress.helloCut || b[0] == helloClient && s.skip > 0
	c.learn(i, b[0], b[messageHeaderLen:n])
	return n
}

// learn takes one message: the body of a hello, cut if it is very long or
// bytes are missing, and of the others nothing.
func (c *Conn) learn(i int, kind uint8, body []byte) {
	f := &c.facts
	switch {
	case kind == helloClient && i == client:
		c.clientHello(body)
	case kind == helloServer && i == server:
		c.serverHello(body)
	case kind == msgCertificate && i == server:
		f.Certificate = true
		c.progress.full = true
	case (kind == msgServerKey || kind == msgServerDone) && i == server:
		c.progress.full = true
	case kind == msgClientKey && i == client:
		c.progress.clientKey = true
	}
}

// cutMessage accounts for n missing bytes in a plain handshake message. What
// has come of a hello is read as it is; a gap beyond the message's end leaves
// the boundaries unknown until the next record.
func (c *Conn) cutMessage(i int, n uint64) {
	s := &c.side[i]
	if len(s.msg) >= messageHeaderLen {
		s.skip = uint32(messageLen(s.msg) - (len(s.msg) - messageHeaderLen))
		c.progress.helloCut = c.progress.helloCut || i == client
		c.learn(i, s.msg[0], s.msg[messageHeaderLen:])
		s.msg = nil
	}
	if s.msg == nil && n <= uint64(s.skip) {
		s.skip -= uint32(n)
		return
	}
	s.skip, s.msg = 0, nil
	s.flags |= msgLost
}
