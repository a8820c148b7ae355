package tls

import "connlint/capture"

// Conn follows one TLS connection. The zero Conn is ready. It is not safe
// for concurrent use.
type Conn struct {
	facts Facts
	side  [2]side // client, server
	// names holds the server name, the ALPN list as on the wire and the
	// protocol that was chosen, each where its span says.
	names                []byte
	sni, offered, chosen span

	sessionHash uint64 // of the client's session id; 0 if it was empty
	shape       shape
	progress    progress
}

// span is a stretch of Conn.names.
type span struct {
	at uint16
	n  uint8
}

// side is the state of one direction.
type side struct {
	began    capture.Frame // first byte of the record
	msgBegan capture.Frame // first byte of the record in which msg starts
	msg      []byte        // a hello that is not complete, header included; else nil
	skip     uint32        // bytes of a handshake message that still pass unread
	left     uint16        // bytes of the record still to come
	length   uint16        // the record's length
	header   [headerLen]byte
	have     uint8 // bytes of header
	kind     Kind
	flags    sideFlags
}

type sideFlags uint8

const (
	open       sideFlags = 1 << iota // in the body of a record
	lost                             // record boundaries unknown
	gapped                           // something was missing
	msgLost                          // message boundaries unknown until the next record
	ccs                              // has sent ChangeCipherSpec
	sealed                           // has sent an encrypted handshake record
	alerted                          // the record before was guessed to be an alert
	alertWrong                       // such a guess was wrong once
)

func (s *side) is(f sideFlags) bool { return s.flags&f != 0 }

const client, server = 0, 1

func index(fromClient bool) int {
	if fromClient {
		return client
	}
	return server
}

// Reset makes c as good as new for another connection and keeps what it has
// allocated.
func (c *Conn) Reset() { *c = Conn{names: c.names[:0]} }

// Facts is what is known so far. It belongs to c and changes with it.
func (c *Conn) Facts() *Facts { return &c.facts }

// Open says whether the given direction stands inside a record, and how many
// bytes of it are still to come; 0 and true means within its header.
func (c *Conn) Open(fromClient bool) (missing int, inside bool) {
	s := &c.side[index(fromClient)]
	if s.is(lost) {
		return 0, false
	}
	return int(s.left), s.is(open) || s.have > 0
}

// Data takes the next bytes of one direction, which frame carried. b is
// borrowed for the call. h may be nil; it must not call c's Data or Gap.
func (c *Conn) Data(fromClient bool, frame capture.Frame, b []byte, h Handler) {
	i := index(fromClient)
	s := &c.side[i]
	for len(b) > 0 {
		var st Stretch
		switch {
		case s.is(lost) && !s.resumes(b):
			st = Stretch{Began: frame, Bytes: len(b)}
			b = nil
		case s.is(open):
			b = c.body(i, frame, b, &st)
		default:
			n := copy(s.header[s.have:], b)
			if s.have == 0 {
				s.began = frame
			}
			s.have += uint8(n)
			b = b[n:]
			if s.have < headerLen {
				return
			}
			b = c.begin(i, frame, b, &st)
		}
		if h != nil {
			h.Record(fromClient, frame, st)
		}
	}
}

// Gap says that n bytes of one direction were never seen. Inside a record
// they are counted off; beyond its end the boundaries are lost until a piece
// of bytes starts with a plausible record header. The Handler is not told of
// the missing bytes, nor of a header that they cut.
func (c *Conn) Gap(fromClient bool, n uint64) {
	if n == 0 {
		return
	}
	i := index(fromClient)
	s := &c.side[i]
	s.flags |= gapped
	c.facts.Gaps = true
	if !s.is(open) || n > uint64(s.left) {
		c.cutMessage(i, n)
		s.lose()
		return
	}
	if s.kind == HandshakePlain {
		c.cutMessage(i, n)
	}
	if s.left -= uint16(n); s.left == 0 {
		c.end(i, capture.Frame{})
	}
}

// begin starts the record whose header is complete.
func (c *Conn) begin(i int, frame capture.Frame, b []byte, st *Stretch) []byte {
	s := &c.side[i]
	if !IsRecord(s.header[:]) {
		c.facts.Damaged = true
		*st = Stretch{Began: s.began, Bytes: headerLen + len(b)}
		s.lose()
		s.header = [headerLen]byte{}
		return nil
	}
	s.have = 0
	s.length = uint16(s.header[3])<<8 | uint16(s.header[4])
	s.left = s.length
	s.flags = s.flags&^msgLost | open
	var unsure bool
	s.kind, unsure = c.classify(i, s.header[0], int(s.length))
	b = c.body(i, frame, b, st)
	st.Bytes += headerLen
	st.First, st.Unsure = true, unsure
	return b
}

// body takes what b has of the open record and returns the rest of b.
func (c *Conn) body(i int, frame capture.Frame, b []byte, st *Stretch) []byte {
	s := &c.side[i]
	n := min(int(s.left), len(b))
	if s.kind == HandshakePlain {
		c.handshake(i, b[:n])
	}
	s.left -= uint16(n)
	*st = Stretch{Began: s.began, Bytes: n, Length: int(s.length), Type: s.header[0],
		Kind: s.kind, Last: s.left == 0}
	if s.left == 0 {
		c.end(i, frame)
	}
	return b[n:]
}

// end closes the record whose last byte frame carried; frame is zero if that
// byte was never seen.
func (c *Conn) end(i int, frame capture.Frame) {
	s := &c.side[i]
	s.flags &^= open
	if s.kind != HandshakeEncrypted {
		return
	}
	if c.is13() {
		// The client's flight is the last, and Finished is its last record.
		if i == client {
			c.facts.Finished = frame
		}
		return
	}
	if c.progress.over {
		return // renegotiation
	}
	s.flags |= sealed
	c.facts.Finished = frame
	c.progress.over = c.side[client].is(sealed) && c.side[server].is(sealed)
}

// lose forgets where records begin.
func (s *side) lose() {
	s.flags = s.flags&^(open|msgLost) | lost
	s.have, s.left, s.skip, s.msg = 0, 0, 0, nil
}

// resumes looks for a record at the start of b and if there is one takes up
// the thread. Chance alone passes once in a million: the type, two bytes of
// version that must be those seen before, the length, and the header behind
// if b has it.
func (s *side) resumes(b []byte) bool {
	if !IsRecord(b) {
		return false
	}
	n := int(b[3])<<8 | int(b[4])
	if n == 0 || s.header[1] == 3 && s.header[2] > 1 && s.header[2] != b[2] {
		return false
	}
	if next := b[min(len(b), headerLen+n):]; len(next) >= headerLen && !IsRecord(next) {
		return false
	}
	s.flags &^= lost
	return true
}
