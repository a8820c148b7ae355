package tls

import "connlint/capture"

// Versions as they stand on the wire (RFC 8446 §4.2.1).
const (
	Version10 uint16 = 0x0301
	Version11 uint16 = 0x0302
	Version12 uint16 = 0x0303
	Version13 uint16 = 0x0304
)

// Facts is what the plain part of a handshake says. A zero frame, version or
// flag means "not seen"; Gaps tells whether that may be the capture's fault.
type Facts struct {
	ClientHello capture.Frame // first byte of the (first) ClientHello's record
	ServerHello capture.Frame // first byte of the (first) ServerHello's record
	// Finished is the last byte of the handshake as the wire shows it: the
	// client's Finished in TLS 1.3; before, the later one of the two. While
	// the handshake runs it is the last encrypted record of it so far.
	Finished  capture.Frame
	FirstData capture.Frame // first byte of the client's first application data

	Version    uint16 // chosen; a draft of TLS 1.3 is 0x7fNN
	MaxVersion uint16 // the highest that the client offered, drafts and GREASE aside
	Cipher     uint16 // suite chosen
	SessionID  uint8  // bytes of the client's session id; TLS 1.3 clients make one up

	// Offered by the client.
	TicketOffered bool // session_ticket extension with a ticket (RFC 5077 §3.2)
	PSKOffered    bool // pre_shared_key
	PSKModes      bool // psk_key_exchange_modes: the client can use tickets of TLS 1.3
	KeyShare      bool
	EarlyOffered  bool // early_data: 0-RTT

	// Answered by the server.
	HelloRetry    bool // HelloRetryRequest: a round trip more
	PSKSelected   bool // pre_shared_key in the ServerHello
	SessionEchoed bool // the client's session id; TLS 1.3 servers always do
	Certificate   bool // Certificate in the clear, up to TLS 1.2

	EarlySent     bool // the client sent data before its Finished
	EarlyAccepted bool // a record of the size of EndOfEarlyData followed them
	FalseStart    bool // data ahead of the server's Finished, up to TLS 1.2 (RFC 7918)

	Damaged bool // bytes that are no TLS record where one had to begin
	Gaps    bool // bytes of either side are missing
}

// is13 reports whether the handshake is known to be of TLS 1.3. Drafts 18 to
// 28 (0x7fNN) and Facebook's own (0xfbNN) look the same from outside.
func (c *Conn) is13() bool {
	v := c.facts.Version
	return v == Version13 || v>>8 == 0x7f || v>>8 == 0xfb || c.progress.inferred
}

// Completed reports whether both sides finished the handshake, as far as the
// wire shows it.
func (c *Conn) Completed() bool { return c.progress.over }

// Resumed reports whether the server took up an earlier session: pre_shared_key
// in the ServerHello (RFC 8446 §2.2; an external PSK looks the same), before
// TLS 1.3 a ChangeCipherSpec ahead of any Certificate, ServerKeyExchange or
// ServerHelloDone (RFC 5246 §7.3, RFC 5077 §3.1). False may mean unknown: see
// Full.
func (c *Conn) Resumed() bool {
	if c.is13() {
		return c.facts.PSKSelected
	}
	return c.progress.abbreviated
}

// Full reports whether the server went through a full handshake: a TLS 1.3
// ServerHello (not only a HelloRetryRequest) without PSK, before TLS 1.3 a
// message that resumption leaves out. Neither Full nor Resumed: unknown.
func (c *Conn) Full() bool {
	f := &c.facts
	if c.is13() {
		return !f.ServerHello.IsZero() && !c.progress.retrying && !f.PSKSelected
	}
	return c.progress.full
}

// RoundTrips is how many round trips passed between ClientHello and the
// client's first application data because the protocol asks for them, TCP's
// own apart; ok is false if the handshake was not seen well enough.
//
// TLS 1.3: one, with HelloRetryRequest two, none if early data were accepted.
// Before: full two, resumed one, with False Start (RFC 7918) one.
func (c *Conn) RoundTrips() (n int, ok bool) {
	f := &c.facts
	if !c.Full() && !c.Resumed() {
		return 0, false
	}
	switch {
	case c.is13() && f.HelloRetry:
		return 2, true
	case c.is13() && f.EarlySent && f.EarlyAccepted:
		return 0, true
	case c.is13() || c.Resumed() || f.FalseStart:
		return 1, true
	}
	return 2, true
}
