package analysis_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"connlint/analysis"
	"connlint/analysis/timeline"
	"connlint/capture"
)

// counts are what the oracle and we count in one capture.
type counts struct{ packets, streams, requests, responses int }

func (c counts) String() string {
	return fmt.Sprintf("packets %d streams %d requests %d responses %d", c.packets, c.streams, c.requests, c.responses)
}

// tally counts connections and the messages whose head is whole.
type tally struct{ counts }

func (t *tally) Connection(*timeline.Connection) { t.streams++ }
func (t *tally) Finding(*analysis.Finding)       {}
func (t *tally) Transaction(_ *timeline.Connection, x *timeline.Transaction) {
	if x.Opaque() {
		return
	}
	if m := x.HTTP.Request; m != nil && !m.Head.IsZero() {
		t.requests++
	}
	if m := x.HTTP.Response; m != nil && !m.Head.IsZero() {
		t.responses++
	}
	for _, m := range x.HTTP.Interim {
		if !m.Head.IsZero() && m.Start.Status != 0 {
			t.responses++
		}
	}
}

// differs lists where we and tshark 4.0.17 disagree, what we count there, and
// why. "Second scan" is that of the captures' README: a much simpler
// reassembler, a third opinion.
var differs = map[string]struct {
	ours   counts
	reason string
}{
	"PcapPlusPlus__pcapng-example.pcapng": {counts{159, 15, 0, 0},
		"a head cut by the snap length is not whole to us"},
	"gopacket__be__test202.pcapng": {counts{8, 0, 0, 0},
		"tshark counts custom blocks as packets"},
	"gopacket__le__test102.pcapng": {counts{5, 0, 0, 0},
		"tshark counts custom blocks as packets"},
	"nDPI__fuzz-2006-09-29-28586.pcap": {counts{131, 36, 4, 6},
		"fuzzed: packets whose lengths contradict each other are malformed to us"},
	"zeek__http__get-to-ssh-server.pcap": {counts{9, 1, 1, 0},
		"tshark takes the connection for SSH; the second scan sees the request too"},
	"zeek__ipv6-http-atomic-frag.pcap": {counts{38, 4, 4, 0},
		"HTTP/0.9, which tshark does not know; one request stands behind its response in the file"},
	"suricata-verify__http-evader__http-evader-410__input.pcap": {counts{8, 1, 1, 0},
		"the head ends in CR CR LF, which is no empty line"},
	"suricata-verify__http-gap-simple__input.pcap": {counts{31, 1, 3, 3},
		"a body with a hole: we count its missing bytes and go on, tshark loses the thread"},
	"zeek__http__261__variant-01-chunk_2pow64_overflow.pcap": {counts{8, 1, 2, 0},
		"a chunk size of 2^64: we look for the next start line and find the smuggled request"},
	"zeek__http__http-desync-request-response-5.pcap": {counts{53, 3, 5, 7},
		"responses that begin inside a segment, which tshark sees with desegmentation only: 7"},
	"PcapPlusPlus__example.pcap": {counts{4631, 66, 338, 338},
		"responses that begin inside a segment: tshark sees 336 with desegmentation, the second scan 338"},
	"PcapPlusPlus__many-protocols.pcap": {counts{4709, 126, 153, 155},
		"messages that begin inside a segment: tshark sees 153 requests with desegmentation, the second scan 155 responses"},
	"packets__http_espn.pcapng": {counts{956, 25, 61, 61},
		"a response that begins inside a segment: the second scan sees 61"},
	"pcap2har__sajal.pcap": {counts{3314, 26, 58, 58},
		"a response that begins inside a segment: tshark sees 58 with desegmentation"},
	"zeek__http__bro.org.pcap": {counts{751, 13, 31, 31},
		"responses that begin inside a segment: the second scan sees 31"},
	"suricata-verify__http-protocol-nodup__input.pcap": {counts{36, 1, 40, 40},
		"pipelined responses share segments: tshark sees 40 with desegmentation"},
	"PcapPlusPlus__one_tcp_stream_max_seq.pcap": {counts{36, 1, 2, 2},
		"messages behind the wrap: tshark sees 2 and 2 with desegmentation"},
	"arkime__wireshark-retrans.pcap": {counts{108, 1, 4, 4},
		"tshark counts retransmitted heads again; the second scan sees 4"},
	"zeek__http__methods.pcap": {counts{655, 49, 24, 49},
		"three request lines spoilt beyond recognition; the second scan sees 23"},
	"suricata-verify__http-connect-simple__input.pcap": {counts{16, 1, 1, 1},
		"tshark looks into the tunnel behind CONNECT"},
	"nDPI__6in4tunnel.pcap": {counts{127, 5, 1, 1},
		"tshark makes a stream of the TCP header that an ICMPv6 error quotes"},
}

// TestOracle holds packets, TCP streams, requests and responses of every
// public capture against tshark's counts. tshark is an opinion, not the truth:
// each difference is listed with its reason, and one that is listed and no
// longer there fails as well.
func TestOracle(t *testing.T) {
	folder := os.Getenv("CONNLINT_CAPTURES")
	if folder == "" {
		t.Skip("CONNLINT_CAPTURES does not name the public captures")
	}
	rows := manifest(t, filepath.Join(folder, "MANIFEST.tsv"))
	if len(rows) < 100 {
		t.Fatalf("%d captures in the manifest", len(rows))
	}
	for _, row := range rows {
		want := counts{number(row["packets"]), number(row["tcp_streams"]),
			number(row["http_requests_by_header"]), number(row["http_responses_by_header"])}
		got := count(t, filepath.Join(folder, row["file"]))
		listed, known := differs[row["file"]]
		switch {
		case known && listed.ours == want:
			t.Errorf("%s is listed as different and is not", row["file"])
		case known && got != listed.ours:
			t.Errorf("%s: %v, listed as %v (tshark %v)", row["file"], got, listed.ours, want)
		case !known && got != want:
			t.Errorf("%s: %v, tshark %v; second scan %s", row["file"], got, want, row["second_scan"])
		}
	}
	for file := range differs {
		if _, err := os.Stat(filepath.Join(folder, file)); err != nil {
			t.Errorf("%s is listed and not there", file)
		}
	}
}

// count runs a capture through the whole program. Damaged captures count as
// far as they can be read.
func count(t *testing.T, path string) counts {
	t.Helper()
	sum := &tally{}
	engine, err := analysis.New(analysis.Config{}, nil, sum)
	if err != nil {
		t.Fatal(err)
	}
	r, err := capture.Open(path, nil)
	if err != nil {
		return sum.counts
	}
	src := capture.NewFile(r, path, 0)
	defer src.Close()
	read, _ := analysis.Read(src, engine, analysis.Limits{})
	sum.packets = int(read.Source.Packets)
	return sum.counts
}

// manifest is the table of captures, a row by its column names.
func manifest(t *testing.T, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = '\t', true, -1
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			if i < len(line) {
				row[name] = line[i]
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// number reads a count; "-" is none.
func number(s string) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil {
		return 0
	}
	return n
}
