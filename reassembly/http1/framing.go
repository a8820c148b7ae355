package http1

import "bytes"

// Framing is how the end of a message's body is told (RFC 9112 §6.3).
type Framing uint8

// The framings.
const (
	Undecided  Framing = iota // the head is not whole
	None                      // there is no body
	Length                    // Content-Length
	Chunked                   // chunked transfer coding
	UntilClose                // the body of a response ends with the connection
	Invalid                   // what is said cannot be followed
)

// String is the framing in lower case words.
func (f Framing) String() string {
	return [...]string{"undecided", "none", "length", "chunked", "until close", "invalid"}[f]
}

// End is how a message ended.
type End uint8

// The ends of a message. All but Complete and Open may also stand for the end
// of the wait for a response that never came.
const (
	Open         End = iota // not ended
	Complete                // as its framing says; UntilClose: with a FIN
	CutByClose              // FIN before its end
	CutByReset              // RST before its end
	CutByGap                // its end lies in a hole of the capture
	CutBySnaplen            // its end was cut off by a snap length
	CutBySwitch             // the connection went over to another protocol
	Garbled                 // its coding contradicted itself: where it ended is not known
	StillOpen               // the capture ends before it
	Evicted                 // the connection was given up because of a limit
)

// String is the end in lower case words.
func (e End) String() string {
	return [...]string{"open", "complete", "cut by close", "cut by reset", "cut by gap",
		"cut by snaplen", "cut by switch", "garbled", "still open", "evicted"}[e]
}

// decideFraming follows RFC 9112 §6.3 in its order. request is that of a
// response, nil if it was not seen: it is then taken for a GET.
func (m *Message) decideFraming(request *Message) {
	m.readLength()
	m.ToHEAD = request != nil && string(request.Start.Method) == "HEAD"
	coded, chunkedLast := m.readTransferEncoding()
	if coded && !m.Declared.IsAbsent() {
		m.Flaws |= LengthAndTransferEncoding
	}
	switch {
	case m.Dir == Response && m.bodyless(request, coded):
		m.Framing = None
	case coded && chunkedLast:
		m.Framing = Chunked
	case coded && m.Dir == Response:
		m.Framing = UntilClose
	case coded, m.Declared.IsMalformed():
		m.Framing = Invalid
	case !m.Declared.IsAbsent():
		m.Framing = Length
	case m.Dir == Response:
		m.Framing = UntilClose
	default:
		m.Framing = None
	}
	if m.Framing != None {
		m.Body = AtLeast(0)
	}
}

// bodyless covers the first two steps of RFC 9112 §6.3.
func (m *Message) bodyless(request *Message, coded bool) bool {
	status := m.Start.Status
	if status < 200 || status == 204 || m.tunnels(request) {
		// RFC 9110 §8.6, RFC 9112 §6.1: here even the field is an error.
		if coded || !m.Declared.IsAbsent() {
			m.Flaws |= BodyWhereNoneAllowed
		}
		return true
	}
	return status == 304 || m.ToHEAD
}

// tunnels reports whether m is the successful response to CONNECT.
func (m *Message) tunnels(request *Message) bool {
	return m.Start.Status >= 200 && m.Start.Status < 300 &&
		request != nil && string(request.Start.Method) == "CONNECT"
}

// readLength sets Declared from all Content-Length fields: a list of equal
// values folds, of differing ones the first counts (RFC 9110 §8.6).
func (m *Message) readLength() {
	if m.Header.lacks("content-length") {
		return
	}
	seen := false
	for i := range m.Header.fields {
		if !m.Header.named(i, "content-length") {
			continue
		}
		for rest := m.Header.value(i); ; {
			var element []byte
			element, rest = cutElement(rest)
			n, ok := parseDecimal(element)
			switch {
			case !ok:
				m.Flaws |= MalformedLength
				m.Declared = Malformed()
			case m.Declared.IsMalformed():
			case !seen:
				m.Declared = Known(n)
			case m.Declared.n != n:
				m.Flaws |= ConflictingLength
			default:
				m.Flaws |= RepeatedLength
			}
			seen = true
			if rest == nil {
				break
			}
		}
	}
}

// parseDecimal takes 1*DIGIT below 2^63: no sign, no space, no overflow.
func parseDecimal(b []byte) (uint64, bool) {
	var n uint64
	for _, c := range b {
		if c < '0' || c > '9' || n > (1<<63-1-uint64(c-'0'))/10 {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, len(b) > 0
}

// readTransferEncoding reports whether a transfer coding is applied and
// whether the last one is chunked. "identity" is what RFC 2616 §3.6 called
// no coding at all, and is still sent.
func (m *Message) readTransferEncoding() (coded, chunkedLast bool) {
	if m.Header.lacks("transfer-encoding") {
		return false, false
	}
	chunks := 0
	for i := range m.Header.fields {
		if !m.Header.named(i, "transfer-encoding") {
			continue
		}
		for rest := m.Header.value(i); rest != nil; {
			var element []byte
			element, rest = cutElement(rest)
			name, _, _ := bytes.Cut(element, []byte{';'})
			name = trimSpace(name)
			if len(name) == 0 || equalFold(name, "identity") {
				continue
			}
			coded = true
			chunkedLast = equalFold(name, "chunked")
			if chunkedLast {
				chunks++
			}
		}
	}
	if coded && (!chunkedLast || chunks > 1) {
		m.Flaws |= ChunkedNotLast
	}
	if coded && (m.Start.Major < 1 || m.Start.Major == 1 && m.Start.Minor == 0) {
		m.Flaws |= TransferEncodingInHTTP10
	}
	return coded, chunkedLast
}
