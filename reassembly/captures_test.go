package reassembly

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"connlint/capture"
)

// follow runs a tracker over a capture file and is what came of it, and what
// the source says of it.
func follow(t *testing.T, path string, cfg Config) ([]*followed, Stats, capture.Stats) {
	t.Helper()
	r, err := capture.Open(path, nil)
	if err != nil {
		return nil, Stats{}, capture.Stats{} // a damaged head: tshark reads no packet either, which the counts show
	}
	src := capture.NewFile(r, filepath.Base(path), 0)
	defer src.Close()
	log := &journal{t: t, open: map[int]*followed{}}
	log.tr = New(cfg, log)
	for {
		p, err := src.Next()
		if err != nil {
			break // the end, or damage: what came before counts
		}
		log.tr.Segment(&p.Segment)
	}
	log.tr.Finish()
	log.settled()
	return log.closed, log.tr.Stats(), src.Stats()
}

// manifest is the table of the public captures, a row a file, by column.
func manifest(t *testing.T) (dir string, rows []map[string]string) {
	t.Helper()
	dir = os.Getenv("CONNLINT_CAPTURES")
	if dir == "" {
		t.Skip("CONNLINT_CAPTURES does not name the folder of public captures")
	}
	f, err := os.Open(filepath.Join(dir, "MANIFEST.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	var head []string
	for sc.Scan() {
		cells := strings.Split(sc.Text(), "\t")
		if head == nil {
			head = cells
			continue
		}
		row := map[string]string{}
		for i, c := range cells {
			row[head[i]] = c
		}
		rows = append(rows, row)
	}
	return dir, rows
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

// otherStreams are the captures in which tshark counts other streams than
// there are connections here, and why. All were looked at by hand.
var otherStreams = map[string]string{
	"nDPI__fuzz-2006-09-29-28586.pcap":                 "fuzzed headers: tshark counts those that cannot be",
	"PcapPlusPlus__frag_http_req.pcap":                 "IP fragments",
	"tcpdump__arcnet-rfc1201-arp-icmp-http.pcap":       "a link type that is not decoded",
	"nDPI__6in4tunnel.pcap":                            "tshark counts the TCP header quoted in an ICMP error",
	"zeek__tunnels__ayiya3.pcap":                       "a tunnel that is not decoded",
	"zeek__tunnels__gtp__gtp2_different_udp_port.pcap": "a tunnel that is not decoded",
}

// otherEvents is the same for the single events that tally counts.
var otherEvents = map[string]string{
	"PcapPlusPlus__many-protocols.pcap":      "five FINs repeated after the connection was reported",
	"nDPI__waze.pcap":                        "five ACKs in front of a FIN already seen, which tshark takes for keep-alive probes",
	"arkime__wireshark-retrans.pcap":         "the same once",
	"zeek__ipv6-http-atomic-frag.pcap":       "a request behind its response in the file, which tshark takes for a repetition",
	"packets__tcp_zerowindowrecovery.pcapng": "no payload: nobody is told of the segments, the record counts the window",
}

// tally counts a capture's events in the way tshark does.
type tally struct{ again, zero, probes, dups int }

func tallyOf(fs []*followed) (n tally) {
	for _, f := range fs {
		for _, r := range f.seen {
			switch e := r.Events; {
			case e.Is(Retransmission | SYNRepeated | FINRepeated | OutOfOrder):
				n.again++ // tshark tells the two apart by 3 ms, here IP ids and round trips do
			case e.Is(Duplicate) && !e.Is(PureACK):
				n.again++ // for tshark a copy is a retransmission
			case e.Is(KeepAliveProbe | ZeroWindowProbe):
				n.probes++
			}
			if r.Events.Is(ZeroWindow) {
				n.zero++
			}
			if r.Events.Is(DupACK) {
				n.dups++
			}
		}
	}
	return n
}

// tshark is an independent opinion on which packets belong together and what
// is repeated. Where it differs, either says why.
func TestCapturesAgainstTshark(t *testing.T) {
	dir, rows := manifest(t)
	t.Logf("%-70s %9s %9s %9s %9s %9s", "here/tshark", "streams", "again", "zero win", "probes", "dup ACKs")
	for _, row := range rows {
		name := row["file"]
		fs, st, _ := follow(t, filepath.Join(dir, name), Config{})
		n := tallyOf(fs)
		again := number(row["retransmissions"]) + number(row["out_of_order"])
		pair := func(ours, theirs int) string { return fmt.Sprintf("%d/%d", ours, theirs) }
		t.Logf("%-70.70s %9s %9s %9s %9s %9s", name, pair(int(st.Connections), number(row["tcp_streams"])), pair(n.again, again),
			pair(n.zero, number(row["zero_windows"])), pair(n.probes, number(row["tcp_keep_alives"])), pair(n.dups, number(row["dup_acks"])))
		if int(st.Connections) != number(row["tcp_streams"]) && otherStreams[name] == "" {
			t.Errorf("%s: %d connections, tshark has %s", name, st.Connections, row["tcp_streams"])
		}
		same := n.again == again && n.zero == number(row["zero_windows"]) && n.probes == number(row["tcp_keep_alives"])
		if !same && otherEvents[name] == "" && otherStreams[name] == "" {
			t.Errorf("%s: %+v, tshark has %d sent again, %s zero windows, %s probes", name, n, again, row["zero_windows"], row["tcp_keep_alives"])
		}
	}
}

// The lab's captures have a known truth: these are the facts of it that this
// package alone decides.
func TestLab(t *testing.T) {
	dir := os.Getenv("CONNLINT_LAB")
	if dir == "" {
		t.Skip("CONNLINT_LAB does not name the folder of labelled captures")
	}
	const damage = OneDirection | SnaplenCut | CaptureDrops | SuperSegments | LimitReached | Duplicated
	caveats := map[string]Caveats{
		"11-capture-drops": CaptureDrops, "11-one-direction": OneDirection, "11-pcapng": Duplicated,
		"11-snaplen-96": SnaplenCut, "11-span-duplicates": Duplicated, "11-super-segments": SuperSegments,
	}
	copies := map[string]int{"11-span-duplicates": 97, "10-network-duplicates": 8}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.pcap*"))
	if err != nil || len(files) == 0 {
		t.Fatal("no captures in CONNLINT_LAB", err)
	}
	for _, path := range files {
		scenario := filepath.Base(filepath.Dir(path))
		fs, st, _ := follow(t, path, Config{})
		var all Caveats
		var sum Flow
		for _, f := range fs {
			all |= f.rec.Caveats & damage
			for i := range f.rec.Flow {
				fl := &f.rec.Flow[i]
				sum.Retransmissions += fl.Retransmissions
				sum.OutOfOrder += fl.OutOfOrder
				sum.Duplicates += fl.Duplicates
			}
		}
		if want := caveats[scenario]; all != want && (want != Duplicated || strings.HasSuffix(path, "both.pcapng")) {
			t.Errorf("%s: caveats %v, want %v", path, all.Names(), want.Names())
		}
		if want, ok := copies[scenario]; ok && sum.Duplicates != uint32(want) && sum.Duplicates != 0 {
			t.Errorf("%s: %d copies, want %d", path, sum.Duplicates, want)
		}
		if sum.OutOfOrder > 0 != strings.HasPrefix(scenario, "10-reordering") && !strings.Contains(path, "server.pcap") {
			t.Errorf("%s: %d out of order", path, sum.OutOfOrder)
		}
		if !strings.HasPrefix(scenario, "05-") && !strings.HasPrefix(scenario, "10-") && sum.Retransmissions > 0 {
			t.Errorf("%s: %d retransmissions where nothing was lost", path, sum.Retransmissions)
		}
		if st.Late > 0 {
			t.Errorf("%s: %d segments came late", path, st.Late)
		}
	}
}
