package tls

import (
	"path/filepath"
	"testing"
)

// TestLab reads captures of nginx and OpenSSL, made with known truth, at both
// ends of the path. The counts and kinds were checked with the keys that lie
// beside the captures.
func TestLab(t *testing.T) {
	dir := folder(t, "CONNLINT_LAB")
	for _, tt := range []struct {
		scenario     string
		connections  int
		firstResumed int // from this connection on, sessions are resumed
		version      uint16
		full         int // round trips of a full handshake
		http2        Verdict
		tickets      [2]int // records in a full and in a resumed connection
		data         [2]int // records of data, client's and server's
		alerts       int
	}{
		{"05-tls12-full", 5, 5, Version12, 2, No, [2]int{0, 0}, [2]int{1, 1}, 2},
		{"05-tls12-resumed", 5, 1, Version12, 2, No, [2]int{0, 0}, [2]int{1, 1}, 2},
		{"05-tls13-full", 5, 5, Version13, 1, No, [2]int{2, 2}, [2]int{1, 1}, 2},
		{"05-tls13-resumed", 5, 1, Version13, 1, No, [2]int{2, 1}, [2]int{1, 1}, 2},
		{"05-tls-keepalive", 1, 1, Version12, 2, No, [2]int{0, 0}, [2]int{12, 12}, 0},
		{"11-h2-tls", 1, 1, Version12, 2, Yes, [2]int{0, 0}, [2]int{5, 26}, 1},
	} {
		for _, end := range []string{"client.pcap", "server.pcap"} {
			t.Run(tt.scenario+"/"+end, func(t *testing.T) {
				streams := readStreams(t, filepath.Join(dir, tt.scenario, end))
				if len(streams) != tt.connections {
					t.Fatalf("%d connections, want %d", len(streams), tt.connections)
				}
				for n, s := range streams {
					c, records := run(s.pieces)
					resumed, trips, tickets := n >= tt.firstResumed, tt.full, tt.tickets[0]
					if resumed {
						trips, tickets = 1, tt.tickets[1]
					}
					if c.facts.Version != tt.version || c.Resumed() != resumed || c.Full() == resumed || c.HTTP2() != tt.http2 {
						t.Errorf("connection %d: version %#x, resumed %v, full %v, http2 %v", n, c.facts.Version, c.Resumed(), c.Full(), c.HTTP2())
					}
					if got, ok := c.RoundTrips(); got != trips || !ok {
						t.Errorf("connection %d: %d round trips, want %d", n, got, trips)
					}
					count := map[Kind]int{}
					var data [2]int
					for _, r := range records {
						count[r.kind]++
						if r.kind == Data {
							data[index(r.fromClient)]++
						}
					}
					if count[Ticket] != tickets || count[Alert] != tt.alerts || data != tt.data || count[Unknown] != 0 {
						t.Errorf("connection %d: %v, data %v; want %d tickets, %d alerts, data %v", n, count, data, tickets, tt.alerts, tt.data)
					}
				}
			})
		}
	}
}

// TestSites reads connections to public servers. Where TLS 1.3 hides the
// protocol, what is wanted is what the shape of the whole connection tells a
// reader: two with SETTINGS and their acknowledgements, one without.
func TestSites(t *testing.T) {
	path := filepath.Join(folder(t, "CONNLINT_CAPTURES"), "nDPI__sites.pcapng")
	type want struct {
		version uint16
		http2   Verdict
		resumed bool
		tickets int
	}
	wants := map[string]want{
		"upload.wikimedia.org":            {Version13, Likely, false, 1},
		"s1.nordcdn.com":                  {Version13, Likely, true, 1}, // two tickets in one record
		"it-mil-v086.prod.surfshark.com":  {Version13, Unlikely, true, 1},
		"vcs-va.tiktokv.com":              {Version13, Unlikely, false, 2},
		"api.accuweather.com":             {Version13, No, false, 2},
		"www.linkedin.com":                {Version12, Yes, false, 0},
		"www.activision.com":              {Version12, No, false, 0},
		"edge-mqtt.facebook.com":          {0xfb1a, Undecided, true, 0},
		"contentcenter-dre.dbankcdn.com":  {Version13, Undecided, false, 0},
		"prod-static.disney-plus.net":     {Version13, Undecided, false, 0},
		"meet27083742.adobeconnect.com":   {Version13, Undecided, false, 0},
		"enoki.us-east.host.bsky.network": {Version13, Undecided, false, 0},
	}
	hellos := 0
	for _, s := range readStreams(t, path) {
		c, records := run(s.pieces)
		if c.facts.ClientHello.IsZero() {
			continue
		}
		hellos++
		w, ok := wants[string(c.ServerName())]
		if !ok {
			continue
		}
		delete(wants, string(c.ServerName()))
		tickets := 0
		for _, r := range records {
			if r.kind == Ticket {
				tickets++
			}
		}
		if got := (want{c.facts.Version, c.HTTP2(), c.Resumed(), tickets}); got != w {
			t.Errorf("%s: %+v, want %+v", c.ServerName(), got, w)
		}
	}
	if hellos != 55 || len(wants) != 0 {
		t.Errorf("%d ClientHellos, want 55; not found: %v", hellos, wants)
	}
}

// TestCaptures reads what other captures have, for what must hold anywhere.
func TestCaptures(t *testing.T) {
	dir := folder(t, "CONNLINT_CAPTURES")
	for _, name := range []string{"PcapPlusPlus__many-protocols.pcap", "nDPI__netflix.pcap", "nDPI__waze.pcap",
		"suricata-verify__bug-1450-04__tls_DER-incomplete-header.pcap"} {
		for _, s := range readStreams(t, filepath.Join(dir, name)) {
			c, records := run(s.pieces)
			if c.facts.ClientHello.IsZero() {
				continue
			}
			if c.Full() && c.Resumed() {
				t.Errorf("%s, port %d: both full and resumed", name, s.port)
			}
			for _, r := range records {
				if r.bytes > headerLen+r.length && r.kind != Unknown {
					t.Errorf("%s, port %d: %+v is longer than it says", name, s.port, r)
				}
			}
		}
	}
}
