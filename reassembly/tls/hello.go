package tls

// Extension types (IANA TLS ExtensionType Values).
const (
	extServerName        = 0
	extALPN              = 16
	extSessionTicket     = 35
	extPreSharedKey      = 41
	extEarlyData         = 42
	extSupportedVersions = 43
	extPSKModes          = 45
	extKeyShare          = 51
)

// helloRetryRandom marks a ServerHello as HelloRetryRequest: SHA-256 of
// "HelloRetryRequest" (RFC 8446 §4.1.3).
const helloRetryRandom = "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91" +
	"\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"

// cursor reads big-endian fields. Past the end it yields zeros and what is
// left, so a cut hello gives what it has.
type cursor []byte

func (p *cursor) take(n int) []byte {
	n = min(n, len(*p))
	b := (*p)[:n]
	*p = (*p)[n:]
	return b
}

func (p *cursor) uint(n int) int {
	v := 0
	for _, b := range p.take(n) {
		v = v<<8 | int(b)
	}
	return v
}

// vector takes a length field of n bytes and as many bytes as it says.
func (p *cursor) vector(n int) cursor { return p.take(p.uint(n)) }

// clientHello reads a ClientHello body (RFC 8446 §4.1.2). The second one,
// after a HelloRetryRequest, adds nothing: it may no longer offer early data,
// and the first says what the client wanted.
func (c *Conn) clientHello(body []byte) {
	f := &c.facts
	if !f.ClientHello.IsZero() {
		return
	}
	f.ClientHello = c.side[client].msgBegan
	p := cursor(body)
	f.MaxVersion = uint16(p.uint(2))
	p.take(32) // random
	id := p.vector(1)
	f.SessionID = uint8(len(id))
	c.sessionHash = hash(id)
	p.vector(2) // cipher suites
	p.vector(1) // compression methods
	ext := p.vector(2)
	for len(ext) >= 4 {
		kind := ext.uint(2)
		c.clientExtension(kind, ext.vector(2))
	}
}

func (c *Conn) clientExtension(kind int, p cursor) {
	f := &c.facts
	switch kind {
	case extServerName: // RFC 6066 §3: one list, in practice one name of type 0
		list := p.vector(2)
		if list.uint(1) == 0 && c.sni.n == 0 {
			c.sni = c.keep(list.vector(2))
		}
	case extALPN:
		if c.offered.n == 0 {
			c.offered = c.keep(wholeNames(p.vector(2)))
		}
	case extSessionTicket:
		f.TicketOffered = len(p) > 0
	case extPreSharedKey:
		f.PSKOffered = true
	case extEarlyData:
		f.EarlyOffered = true
	case extPSKModes:
		f.PSKModes = true
	case extKeyShare:
		f.KeyShare = true
	case extSupportedVersions:
		f.MaxVersion = maxVersion(p.vector(1), f.MaxVersion)
	}
}

// maxVersion is the highest version in a supported_versions list; drafts and
// GREASE values (RFC 8701) do not count.
func maxVersion(list cursor, legacy uint16) uint16 {
	highest := uint16(0)
	for len(list) >= 2 {
		if v := uint16(list.uint(2)); v >= 0x0300 && v <= 0x03ff {
			highest = max(highest, v)
		}
	}
	if highest == 0 {
		return legacy
	}
	return highest
}

// keep copies at most 255 bytes of b to the names kept before.
func (c *Conn) keep(b []byte) span {
	b = b[:min(len(b), 255)]
	at := len(c.names)
	c.names = append(c.names, b...)
	return span{uint16(at), uint8(len(b))}
}

// name is what lies at s, nil if that is nothing.
func (c *Conn) name(s span) []byte {
	if s.n == 0 {
		return nil
	}
	end := int(s.at) + int(s.n)
	return c.names[s.at:end:end]
}

// wholeNames cuts an ALPN list to those of its names that fit in 255 bytes.
func wholeNames(list []byte) []byte {
	n := 0
	for n < len(list) {
		next := n + 1 + int(list[n])
		if next > min(len(list), 255) {
			break
		}
		n = next
	}
	return list[:n]
}

// serverHello reads a ServerHello or a HelloRetryRequest (RFC 8446 §4.1.3).
func (c *Conn) serverHello(body []byte) {
	f := &c.facts
	if !f.ServerHello.IsZero() && !c.progress.retrying {
		return
	}
	p := cursor(body)
	version := uint16(p.uint(2))
	c.progress.retrying = string(p.take(32)) == helloRetryRandom
	if f.ServerHello.IsZero() {
		f.ServerHello = c.side[server].msgBegan
	}
	id := p.vector(1)
	f.SessionEchoed = len(id) > 0 && hash(id) == c.sessionHash
	f.Cipher = uint16(p.uint(2))
	p.uint(1) // compression method
	ext := p.vector(2)
	for len(ext) >= 4 {
		kind, value := ext.uint(2), ext.vector(2)
		switch kind {
		case extSupportedVersions:
			version = uint16(value.uint(2))
		case extPreSharedKey:
			f.PSKSelected = true
		case extALPN:
			if list := value.vector(2); c.chosen.n == 0 {
				c.chosen = c.keep(list.vector(1))
			}
		}
	}
	f.Version = version
	if c.progress.retrying {
		f.HelloRetry = true
		c.progress.earlyOver = true
	}
}

// hash is FNV-1a of 64 bits. It tells one session id from another and guards
// nothing.
func hash(b []byte) uint64 {
	if len(b) == 0 {
		return 0
	}
	h := uint64(14695981039346656037)
	for _, x := range b {
		h = (h ^ uint64(x)) * 1099511628211
	}
	return h
}

// ServerName is the name in the client's server_name extension as it was
// sent, at most 255 bytes; nil if none was seen. It belongs to c.
func (c *Conn) ServerName() []byte { return c.name(c.sni) }

// Protocols yields the ALPN names that the client offered, in its order, as
// far as they fit in 255 bytes. They belong to c.
func (c *Conn) Protocols(yield func([]byte) bool) {
	list := cursor(c.name(c.offered))
	for len(list) > 0 {
		if !yield(list.vector(1)) {
			return
		}
	}
}

// Offers reports whether the client offered the ALPN protocol.
func (c *Conn) Offers(protocol string) bool {
	for p := range c.Protocols {
		if string(p) == protocol {
			return true
		}
	}
	return false
}

// Chosen is the ALPN protocol that the server chose in plain sight, which is
// up to TLS 1.2; nil if none was seen. It belongs to c.
func (c *Conn) Chosen() []byte { return c.name(c.chosen) }
