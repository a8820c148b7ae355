package tls

import "testing"

func TestTickets(t *testing.T) {
	ticket, other, page := wire(typeData, 250), wire(typeData, 251), wire(typeData, 5000)
	get := wire(typeData, 100)
	for _, tt := range []struct {
		name string
		play func(f *feeder)
		want []Kind
	}{
		{"two, then the response", func(f *feeder) {
			f.shake13(pskModes)
			f.feed(true, get)
			f.feed(false, join(ticket, ticket, page))
		}, []Kind{Ticket, Ticket, Data}},
		{"the second differs", func(f *feeder) {
			f.shake13(pskModes)
			f.feed(true, get)
			f.feed(false, join(ticket, other))
		}, []Kind{Ticket, Data}},
		{"client cannot use them", func(f *feeder) {
			f.shake13()
			f.feed(true, get)
			f.feed(false, ticket)
		}, []Kind{Data}},
		{"too late for one", func(f *feeder) {
			f.shake13(pskModes)
			f.feed(true, get)
			f.time += 23e6 // 1 ms from ClientHello to ServerHello: 22 ms is the limit
			f.feed(false, ticket)
		}, []Kind{Data}},
		{"just in time", func(f *feeder) {
			f.shake13(pskModes)
			f.time += 20e6
			f.feed(false, ticket)
		}, []Kind{Ticket}},
		{"in the first flight, so none later", func(f *feeder) {
			f.feed(true, hello(helloClient, offers13, pskModes))
			f.feed(false, join(hello(helloServer, chose13), wire(typeData, 811), wire(typeData, finished), ticket))
			f.feed(true, join(wire(typeData, finished), get))
			f.feed(false, ticket)
		}, []Kind{HandshakePlain, HandshakeEncrypted, HandshakeEncrypted, Ticket, Data}},
		{"request for a certificate of Finished's size", func(f *feeder) {
			f.feed(true, hello(helloClient, offers13, pskModes))
			f.feed(false, join(hello(helloServer, chose13), wire(typeData, 27), wire(typeData, finished), ticket))
		}, []Kind{HandshakePlain, HandshakeEncrypted, HandshakeEncrypted, HandshakeEncrypted}},
		{"too large for one", func(f *feeder) {
			f.shake13(pskModes)
			f.feed(false, page)
			f.feed(false, ticket)
		}, []Kind{Data, Data}},
		{"settings of an h2 server", func(f *feeder) {
			f.shake13(pskModes, alpn)
			f.feed(false, wire(typeData, 17+9+6*6+13)) // 75: as long as a ticket
			f.feed(false, ticket)
		}, []Kind{Data, Data}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := new(feeder)
			tt.play(f)
			wantKinds(t, f.kinds(false), tt.want...)
		})
	}
}

func TestTicketUnsure(t *testing.T) {
	f := new(feeder)
	f.shake13(pskModes)
	f.feed(false, wire(typeData, 250))
	f.feed(true, wire(typeData, 100))
	f.feed(false, wire(typeData, 250))
	var unsure []bool
	for _, r := range f.records {
		unsure = append(unsure, r.unsure)
	}
	if len(unsure) != 3 || unsure[0] || unsure[1] || !unsure[2] {
		t.Errorf("unsure %v, want only the ticket behind the request", unsure)
	}
}

// TestClientFlight: where the client's encrypted handshake ends.
func TestClientFlight(t *testing.T) {
	enc, data := HandshakeEncrypted, Data
	for _, tt := range []struct {
		name    string
		lengths []int
		want    []Kind
	}{
		{"finished", []int{finished, 90}, []Kind{enc, data}},
		{"finished, request of its size", []int{finished, finished}, []Kind{enc, data}},
		{"no certificate", []int{25, finished, 90}, []Kind{enc, enc, data}},
		{"certificate", []int{900, 281, finished, 90}, []Kind{enc, enc, enc, data}},
		{"packed", []int{1200, 90}, []Kind{enc, data}},
		{"packed, no certificate", []int{finished + 8, 281}, []Kind{enc, data}},
		{"packed, request like a signature", []int{1200, 96, 90, 90}, []Kind{enc, enc, data, data}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := new(feeder)
			f.feed(true, hello(helloClient, offers13))
			f.feed(false, join(hello(helloServer, chose13), wire(typeData, 1500)))
			f.records = nil
			for _, n := range tt.lengths {
				f.feed(true, wire(typeData, n))
			}
			wantKinds(t, f.kinds(true), tt.want...)
		})
	}
}

func TestEarlyData(t *testing.T) {
	for _, accepted := range []bool{true, false} {
		f := new(feeder)
		f.feed(true, hello(helloClient, offers13, pskModes, early, psk))
		f.feed(true, join(wire(typeCCS, 1), wire(typeData, 120)))
		f.feed(false, join(hello(helloServer, chose13, psk), wire(typeData, 40), wire(typeData, finished)))
		f.feed(true, wire(typeData, 300)) // still on its way when the server answered
		want, trips := []Kind{HandshakePlain, ChangeCipherSpec, Data, Data}, 1
		if accepted {
			f.feed(true, wire(typeData, 5+16))
			want, trips = append(want, HandshakeEncrypted), 0
		}
		f.feed(true, wire(typeData, finished))
		f.feed(true, wire(typeData, finished))
		wantKinds(t, f.kinds(true), append(want, HandshakeEncrypted, Data)...)
		n, ok := f.RoundTrips()
		if !f.facts.EarlySent || f.facts.EarlyAccepted != accepted || n != trips || !ok || !f.Resumed() {
			t.Errorf("accepted %v: %d round trips, %v, %+v", accepted, n, ok, f.facts)
		}
	}
}

// TestRetryEndsEarlyData: behind a HelloRetryRequest there are none (RFC 8446
// §4.2.10), so an odd first record is a packed flight.
func TestRetryEndsEarlyData(t *testing.T) {
	retry := hello(helloServer, chose13)
	copy(retry[headerLen+messageHeaderLen+2:], helloRetryRandom)
	f := new(feeder)
	f.feed(true, join(hello(helloClient, offers13, pskModes, early, psk), wire(typeData, 120)))
	f.feed(false, retry)
	if f.Full() || f.Resumed() {
		t.Errorf("full %v, resumed %v with the retry alone", f.Full(), f.Resumed())
	}
	f.feed(true, hello(helloClient, offers13, pskModes))
	f.feed(false, join(hello(helloServer, chose13), wire(typeData, 1500)))
	f.feed(true, join(wire(typeData, 1200), wire(typeData, 90)))
	wantKinds(t, f.kinds(true), HandshakePlain, Data, HandshakePlain, HandshakeEncrypted, Data)
	if n, ok := f.RoundTrips(); n != 2 || !ok || !f.Full() {
		t.Errorf("%d round trips, %v, full %v", n, ok, f.Full())
	}
}

// message makes a handshake record with one message that is not read.
func message(kind uint8, n int) []byte {
	r := wire(typeHandshake, messageHeaderLen+n)
	r[5], r[7], r[8] = kind, byte(n>>8), byte(n)
	return r
}

// TestFalseStart: the client sends data behind its own Finished.
func TestFalseStart(t *testing.T) {
	for _, early := range []bool{true, false} {
		f := new(feeder)
		f.feed(true, hello(helloClient))
		f.feed(false, join(hello(helloServer), message(msgCertificate, 900), message(msgServerDone, 0)))
		f.feed(true, join(message(msgClientKey, 66), wire(typeCCS, 1), wire(typeHandshake, 40)))
		if early {
			f.feed(true, wire(typeData, 100))
		}
		f.feed(false, join(wire(typeCCS, 1), wire(typeHandshake, 40)))
		if !early {
			f.feed(true, wire(typeData, 100))
		}
		n, ok := f.RoundTrips()
		if want := map[bool]int{true: 1, false: 2}[early]; n != want || !ok || f.facts.FalseStart != early || !f.Completed() {
			t.Errorf("early %v: %d round trips, %v, %+v", early, n, ok, f.facts)
		}
	}
}

// TestAlertGuess: a record of an alert's size in TLS 1.3 is one until the
// same side goes on; from then on the size proves nothing.
func TestAlertGuess(t *testing.T) {
	f := new(feeder)
	f.shake13()
	f.feed(true, wire(typeData, 100))
	f.feed(false, join(wire(typeData, 19), wire(typeData, 400), wire(typeData, 19)))
	f.feed(true, wire(typeData, 19))
	wantKinds(t, f.kinds(false), Alert, Data, Data)
	wantKinds(t, f.kinds(true), Data, Alert)
	for i, want := range []bool{false, true, false, true, true} {
		if f.records[i].unsure != want {
			t.Errorf("record %d: unsure %v", i, !want)
		}
	}
}

// TestOneDirection: without the server's side TLS 1.3 shows by its shape.
func TestOneDirection(t *testing.T) {
	f := new(feeder)
	f.feed(true, hello(helloClient, offers13))
	f.feed(true, join(wire(typeCCS, 1), wire(typeData, finished), wire(typeData, 90)))
	wantKinds(t, f.kinds(true), HandshakePlain, ChangeCipherSpec, HandshakeEncrypted, Data)
	if n, ok := f.RoundTrips(); ok {
		t.Errorf("%d round trips of a handshake half seen", n)
	}
	f = new(feeder)
	f.feed(true, hello(helloClient, offers13))
	f.feed(true, join(message(msgClientKey, 66), wire(typeCCS, 1), wire(typeHandshake, 40), wire(typeData, finished)))
	wantKinds(t, f.kinds(true), HandshakePlain, HandshakePlain, ChangeCipherSpec, HandshakeEncrypted, Data)
}
