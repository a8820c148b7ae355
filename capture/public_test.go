package capture

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// folder is one of the folders of captures that are read where they lie.
func folder(t testing.TB, variable string) string {
	t.Helper()
	dir := os.Getenv(variable)
	if dir == "" {
		t.Skipf("%s is not set: it names a folder of captures", variable)
	}
	return dir
}

// manifest is the rows of a MANIFEST.tsv by column name.
func manifest(t testing.TB, dir string) []map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "MANIFEST.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	names := strings.Split(lines[0], "\t")
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, field := range strings.Split(line, "\t") {
			row[names[i]] = field
		}
		rows = append(rows, row)
	}
	return rows
}

// customBlocks are the files in which tshark shows pcapng custom blocks as
// frames. They are no packets; tcpdump does not count them either.
func customBlocks(file string) int {
	switch file {
	case "gopacket__be__test202.pcapng", "gopacket__le__test102.pcapng":
		return 3
	}
	return 0
}

// refused are the files that are damaged, beside the group for them, and how.
func refused(row map[string]string) string {
	switch row["file"] {
	case "gopacket__le__test901.pcapng":
		return "pcapng version 2.0 is not known"
	case "PcapPlusPlus__clusterfuzz-testcase-minimized-FuzzTarget-5758569646653440":
		return "a packet of 145032960 bytes is impossible"
	case "PcapPlusPlus__crash-pcapng-epb-unbounded-length":
		return "a packet of 65536 bytes in a block of 32"
	case "packets__ppa1e__http-fault-post.pcap":
		return "the file ends inside a packet's header: 2 of its 16 bytes are there"
	case "suricata-verify__bug-1450-04__tls_DER-incomplete-header.pcap":
		return "a packet of 4325376 bytes is impossible"
	}
	if row["group"] == "corrupt" {
		return "an error that this test does not know"
	}
	return ""
}

// Every public capture yields as many packets as tshark counts, of the link
// types it found, and an error where tshark reports damage.
func TestPublicCaptures(t *testing.T) {
	dir := folder(t, "CONNLINT_CAPTURES")
	rows := manifest(t, dir)
	if len(rows) < 100 {
		t.Fatalf("only %d captures", len(rows))
	}
	for _, row := range rows {
		t.Run(row["file"], func(t *testing.T) {
			r, err := Open(filepath.Join(dir, row["file"]), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			got, err := readRaws(t, r)
			if want := atoi(t, row["packets"]) - customBlocks(row["file"]); len(got) != want {
				t.Errorf("%d packets, want %d", len(got), want)
			}
			damage := refused(row)
			if _, ok := errors.AsType[*Error](err); ok != (damage != "") || !strings.Contains(err.Error(), damage) {
				t.Errorf("ends with %v, want %q", err, damage)
			}
			if (row["tshark_exit"] == "2") != (damage != "") {
				t.Errorf("tshark exits with %s", row["tshark_exit"])
			}
			known := strings.Split(row["link_types"], "+")
			for i, p := range got {
				if !contains(known, p.link) {
					t.Fatalf("packet %d has %s, want one of %v", i+1, p.link, known)
				}
			}
		})
	}
}

func contains(known []string, link LinkType) bool {
	for _, k := range known {
		if k == strconv.Itoa(int(link)) {
			return true
		}
	}
	return false
}

func atoi(t testing.TB, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// edited are the lab's captures that were changed after they were taken: the
// truth counts what was on the wire, here is what capinfos counts.
func edited(name string) (packets int, ok bool) {
	switch name {
	case "11-capture-drops/client.pcap":
		return 120, true // 6 packets taken out
	case "11-capture-drops/server.pcap":
		return 119, true // 7 packets taken out
	case "11-span-duplicates/client.pcap", "11-span-duplicates/server.pcap":
		return 2 * 97, true // each one twice
	case "11-pcapng/client-ns.pcapng":
		return 24, true // converted
	case "11-pcapng/both.pcapng":
		return 2 * 24, true // converted, both sides in one
	}
	return 0, false
}

// Every capture of the lab has the packets and the bytes that its truth says.
func TestLabCaptures(t *testing.T) {
	dir := folder(t, "CONNLINT_LAB")
	truths, err := filepath.Glob(filepath.Join(dir, "*", "truth.json"))
	if err != nil || len(truths) < 100 {
		t.Fatalf("%d scenarios, %v", len(truths), err)
	}
	for _, path := range truths {
		scenario := filepath.Dir(path)
		for capture, truth := range labTruth(t, path) {
			name := filepath.Base(scenario) + "/" + capture
			t.Run(name, func(t *testing.T) {
				want := truth.Packets
				if n, ok := edited(name); ok {
					want = n
				}
				packets, bytes, err := readThrough(filepath.Join(scenario, truth.File))
				if err != io.EOF || packets != want || bytes != truth.Bytes {
					t.Errorf("%d packets in %d bytes (%v), want %d in %d", packets, bytes, err, want, truth.Bytes)
				}
			})
		}
	}
}

type labCapture struct {
	File    string // "client.pcap.gz" for the capture "client.pcap"
	Packets int
	Bytes   int64 `json:"bytes_uncompressed"`
}

func labTruth(t *testing.T, path string) map[string]labCapture {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var truth struct{ Captures map[string]labCapture }
	if err := json.Unmarshal(text, &truth); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return truth.Captures
}

// readThrough counts packets and the bytes of the decompressed file.
func readThrough(path string) (packets int, bytes int64, err error) {
	r, err := Open(path, nil)
	if err != nil {
		return 0, 0, err
	}
	defer r.Close()
	for ; err == nil; packets++ {
		_, _, err = r.ZeroCopyReadPacketData()
	}
	switch r := r.(type) {
	case *pcapReader:
		bytes = r.offset()
	case *pcapngReader:
		bytes = r.offset()
	}
	return packets - 1, bytes, err
}
