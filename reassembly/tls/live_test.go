package tls

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	stdtls "crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"connlint/capture"
)

// tap records what both ends of connections write, in one order, a piece a
// millisecond.
type tap struct {
	mu     sync.Mutex
	pieces []piece
}

func (r *tap) add(fromClient bool, b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.pieces) + 1
	r.pieces = append(r.pieces, piece{fromClient: fromClient, b: bytes.Clone(b),
		frame: capture.NewFrame(0, uint64(n), int64(n)*1e6)})
}

// tapped is one end of a connection whose writes are recorded.
type tapped struct {
	net.Conn
	tap        *tap
	fromClient bool
}

func (c tapped) Write(b []byte) (int, error) {
	c.tap.add(c.fromClient, b)
	return c.Conn.Write(b)
}

func certificate(t testing.TB, useRSA bool) stdtls.Certificate {
	t.Helper()
	var key crypto.Signer
	var err error
	if useRSA {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"shop.test"},
		NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return stdtls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// talk makes a connection, writes the requests and answers each with its
// response, closes, and returns what was on the wire and what both ends say
// of it.
func talk(t testing.TB, cc, sc *stdtls.Config, requests, responses []string) ([]piece, stdtls.ConnectionState) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	rec := new(tap)
	done := make(chan error, 1)
	go func() {
		raw, err := l.Accept()
		if err != nil {
			done <- err
			return
		}
		s := stdtls.Server(tapped{raw, rec, false}, sc)
		defer raw.Close()
		for i := range requests {
			if _, err := io.ReadFull(s, make([]byte, len(requests[i]))); err != nil {
				done <- err
				return
			}
			io.WriteString(s, responses[i])
		}
		io.Copy(io.Discard, s)
		done <- s.Close()
	}()
	raw, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	c := stdtls.Client(tapped{raw, rec, true}, cc)
	for i := range requests {
		if _, err := io.WriteString(c, requests[i]); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, make([]byte, len(responses[i]))); err != nil {
			t.Fatal(err)
		}
	}
	state := c.ConnectionState()
	c.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return rec.pieces, state
}

// ways is how the handshakes of the tests differ.
type way struct {
	name       string
	version    uint16
	resumed    bool
	retry      bool
	clientCert bool
	noCert     bool // asked for one, the client has none
	rsa        bool
	protocols  []string
	roundTrips int
}

func ways() []way {
	h2 := []string{"h2", "http/1.1"}
	return []way{
		{name: "1.2 full", version: Version12, roundTrips: 2},
		{name: "1.2 full rsa h2", version: Version12, rsa: true, protocols: h2, roundTrips: 2},
		{name: "1.2 client certificate", version: Version12, clientCert: true, protocols: h2[1:], roundTrips: 2},
		{name: "1.2 resumed", version: Version12, resumed: true, protocols: h2, roundTrips: 1},
		{name: "1.3 full", version: Version13, roundTrips: 1},
		{name: "1.3 full rsa", version: Version13, rsa: true, roundTrips: 1},
		{name: "1.3 retry", version: Version13, retry: true, roundTrips: 2},
		{name: "1.3 client certificate", version: Version13, clientCert: true, roundTrips: 1},
		{name: "1.3 client certificate rsa", version: Version13, clientCert: true, rsa: true, roundTrips: 1},
		{name: "1.3 no client certificate", version: Version13, noCert: true, roundTrips: 1},
		{name: "1.3 resumed", version: Version13, resumed: true, roundTrips: 1},
		{name: "1.3 resumed retry", version: Version13, resumed: true, retry: true, roundTrips: 2},
	}
}

var testRequests = []string{string(make([]byte, 90)), string(make([]byte, 2000))}
var testResponses = []string{string(make([]byte, 20000)), string(make([]byte, 700))}

// perform makes the connection of w and returns its wire and the client's
// view.
func perform(t testing.TB, w way) ([]piece, stdtls.ConnectionState) {
	t.Helper()
	cert := certificate(t, w.rsa)
	sc := &stdtls.Config{Certificates: []stdtls.Certificate{cert}, NextProtos: w.protocols,
		MinVersion: w.version, MaxVersion: w.version}
	cc := &stdtls.Config{InsecureSkipVerify: true, ServerName: "shop.test", NextProtos: w.protocols,
		MaxVersion: w.version, ClientSessionCache: stdtls.NewLRUClientSessionCache(1)}
	if w.retry {
		cc.CurvePreferences = []stdtls.CurveID{stdtls.X25519, stdtls.CurveP256}
		sc.CurvePreferences = []stdtls.CurveID{stdtls.CurveP256}
	}
	if w.clientCert || w.noCert {
		sc.ClientAuth = stdtls.RequestClientCert
	}
	if w.clientCert {
		cc.Certificates = []stdtls.Certificate{cert}
	}
	if w.resumed {
		talk(t, cc, sc, testRequests, testResponses)
	}
	return talk(t, cc, sc, testRequests, testResponses)
}

// TestHandshakes holds what is seen from outside against what crypto/tls says.
func TestHandshakes(t *testing.T) {
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) {
			pieces, state := perform(t, w)
			c, records := run(pieces)
			f := c.Facts()
			if state.Version != w.version || state.DidResume != w.resumed {
				t.Fatalf("the test does not do what it says: %#x, resumed %v", state.Version, state.DidResume)
			}
			if f.Version != state.Version || f.Cipher != state.CipherSuite || f.MaxVersion != w.version {
				t.Errorf("version %#x of %#x, cipher %#x; want %#x, %#x", f.Version, f.MaxVersion, f.Cipher, state.Version, state.CipherSuite)
			}
			if c.Resumed() != state.DidResume || c.Full() == state.DidResume || !c.Completed() {
				t.Errorf("resumed %v, full %v, completed %v; want resumed %v", c.Resumed(), c.Full(), c.Completed(), state.DidResume)
			}
			if f.HelloRetry != w.retry {
				t.Errorf("retry %v", f.HelloRetry)
			}
			if n, ok := c.RoundTrips(); n != w.roundTrips || !ok {
				t.Errorf("%d round trips, %v; want %d", n, ok, w.roundTrips)
			}
			if string(c.ServerName()) != "shop.test" {
				t.Errorf("server name %q", c.ServerName())
			}
			if f.PSKOffered != (w.resumed && w.version == Version13) || f.TicketOffered != (w.resumed && w.version == Version12) {
				t.Errorf("offered: psk %v, ticket %v", f.PSKOffered, f.TicketOffered)
			}
			if f.Damaged || f.Gaps || f.EarlyOffered {
				t.Errorf("damaged %v, gaps %v, early data %v", f.Damaged, f.Gaps, f.EarlyOffered)
			}
			checkProtocols(t, c, w, state)
			checkRecords(t, c, w, records, len(pieces))
		})
	}
}

func checkProtocols(t *testing.T, c *Conn, w way, state stdtls.ConnectionState) {
	t.Helper()
	var offered []string
	for p := range c.Protocols {
		offered = append(offered, string(p))
	}
	if len(offered) != len(w.protocols) || len(offered) > 0 && offered[0] != w.protocols[0] {
		t.Errorf("offered %q, want %q", offered, w.protocols)
	}
	if w.version == Version12 && string(c.Chosen()) != state.NegotiatedProtocol {
		t.Errorf("chosen %q, want %q", c.Chosen(), state.NegotiatedProtocol)
	}
	want := No
	if w.version == Version12 && state.NegotiatedProtocol == "h2" {
		want = Yes
	}
	if got := c.HTTP2(); got != want {
		t.Errorf("http2 %v, want %v", got, want)
	}
}

// checkRecords counts the application data that the kinds single out.
func checkRecords(t *testing.T, c *Conn, w way, records []record, pieces int) {
	t.Helper()
	overhead := 8 + 16 // explicit nonce and tag of AES-GCM
	switch c.facts.Cipher {
	case stdtls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, stdtls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256:
		overhead = 16
	}
	if w.version == Version13 {
		overhead = 1 + 16
	}
	var data, alerts [2]int
	var first uint64
	for _, r := range records {
		if !r.done || r.bytes != headerLen+r.length {
			t.Errorf("record %+v is not whole", r)
		}
		switch i := index(r.fromClient); r.kind {
		case Data:
			data[i] += r.length - overhead
			if i == client && first == 0 {
				first = r.began
			}
		case Alert:
			alerts[i]++
		case Unknown:
			t.Errorf("unknown bytes: %+v", r)
		}
	}
	for i, messages := range [2][]string{testRequests, testResponses} {
		want := 0
		for _, m := range messages {
			want += len(m)
		}
		if data[i] != want || alerts[i] != 1 {
			t.Errorf("side %d: %d bytes of data and %d alerts, want %d and 1", i, data[i], alerts[i], want)
		}
	}
	f := c.Facts()
	if f.FirstData.Number() != first || f.Finished.Number() >= first || f.ClientHello.Number() != 1 {
		t.Errorf("hello %d, finished %d, first data %d, want first data %d of %d", f.ClientHello.Number(), f.Finished.Number(), f.FirstData.Number(), first, pieces)
	}
}
